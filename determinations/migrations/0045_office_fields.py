"""The office's own fields, with six to begin with; values by case number; imports."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

ROLES = ["case manager", "supervisor", "admin"]
#: Slot, key, name, whether it is masked for outside parties, and whether statistics count by it.
FIELDS = [
    (1, "claim", "Claim number", True, False),
    (2, "employer", "Employer", True, True),
    (3, "adjuster", "Adjuster", True, True),
    (4, "client", "Client", True, True),
    (5, "provider", "Requesting provider", True, True),
    (6, "statefile", "State file number", True, False),
]


def begin(apps, schema_editor):
    """The fields, and permissions: everyone edits values, supervisors and admins import, admins set fields up."""
    config = apps.get_app_config("determinations")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="determinations")
    groups = apps.get_model("auth", "Group").objects
    for name in ROLES:
        role, _ = groups.get_or_create(name=name)
        role.permissions.add(*permissions.filter(codename="edit_office_values"))
        if name != "case manager":
            role.permissions.add(*permissions.filter(codename="import_office_values"))
    wanted = [f"{verb}_officefield" for verb in ("view", "add", "change")]
    groups.get(name="admin").permissions.add(*permissions.filter(codename__in=wanted))
    field = apps.get_model("determinations", "OfficeField").objects
    for slot, key, name, masked, counted in FIELDS:
        field.create(
            slot=slot,
            key=key,
            name=name,
            position=slot,
            masked=masked,
            in_statistics=counted,
            seen_by=ROLES,
            edited_by=ROLES,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0044_casework"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseValues",
            fields=[
                ("field_1", models.IntegerField(null=True)),
                ("field_2", models.IntegerField(null=True)),
                ("field_3", models.IntegerField(null=True)),
                ("field_4", models.IntegerField(null=True)),
                ("field_5", models.IntegerField(null=True)),
                ("field_6", models.IntegerField(null=True)),
                ("field_7", models.IntegerField(null=True)),
                ("field_8", models.IntegerField(null=True)),
                ("field_9", models.IntegerField(null=True)),
                ("field_10", models.IntegerField(null=True)),
                ("field_11", models.IntegerField(null=True)),
                ("field_12", models.IntegerField(null=True)),
                ("field_13", models.IntegerField(null=True)),
                ("field_14", models.IntegerField(null=True)),
                ("field_15", models.IntegerField(null=True)),
                ("field_16", models.IntegerField(null=True)),
                ("field_17", models.IntegerField(null=True)),
                ("field_18", models.IntegerField(null=True)),
                ("field_19", models.IntegerField(null=True)),
                ("field_20", models.IntegerField(null=True)),
                ("case_number", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("version", models.IntegerField(default=0)),
                ("pending", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="OfficeField",
            fields=[
                ("slot", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                (
                    "key",
                    models.CharField(
                        help_text="letters only; never changes: employer:acme",
                        max_length=20,
                        unique=True,
                        verbose_name="search name",
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "short text"),
                            ("number", "number"),
                            ("date", "date"),
                            ("choice", "choice from a list"),
                        ],
                        default="text",
                        max_length=8,
                    ),
                ),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), blank=True, default=list, size=None
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, help_text="fields are shown in this order")),
                ("in_lists", models.BooleanField(default=True, verbose_name="a column of lists")),
                ("in_filters", models.BooleanField(default=True, verbose_name="a filter")),
                ("in_search", models.BooleanField(default=True, verbose_name="searched")),
                ("in_statistics", models.BooleanField(default=False, verbose_name="a breakdown of statistics")),
                ("masked", models.BooleanField(default=True, verbose_name="masked for outside parties")),
                (
                    "seen_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None, verbose_name="seen by"
                    ),
                ),
                (
                    "edited_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, size=None, verbose_name="edited by"
                    ),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["position", "slot"],
                "permissions": [
                    ("edit_office_values", "Can edit the office's fields of a case"),
                    ("import_office_values", "Can import values of the office's fields"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfficeImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=200)),
                ("file", models.BinaryField(null=True)),
                ("sha256", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "being read"),
                            ("checking", "being checked"),
                            ("ready", "ready to apply"),
                            ("applying", "being applied"),
                            ("applied", "applied"),
                            ("undoing", "being undone"),
                            ("undone", "undone"),
                            ("failed", "failed"),
                            ("discarded", "discarded"),
                        ],
                        default="reading",
                        max_length=10,
                    ),
                ),
                ("message", models.CharField(blank=True, max_length=300)),
                ("heads", models.JSONField(default=list, help_text="the headings of the columns")),
                (
                    "meanings",
                    models.JSONField(default=list, help_text="of each column: case_number, a slot, or nothing"),
                ),
                ("erase_empty", models.BooleanField(default=False, help_text="empty cells erase the value")),
                ("counts", models.JSONField(default=dict, help_text="rows by outcome, and what was written")),
                ("uploaded_at", models.DateTimeField()),
                ("stepped_at", models.DateTimeField(help_text="when a worker last began to work on it", null=True)),
                ("applied_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="OfficeImportRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="in the file, as a spreadsheet counts")),
                ("cells", models.JSONField()),
                ("case_number", models.CharField(blank=True, max_length=20)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("new", "new values"),
                            ("changed", "changes values"),
                            ("same", "unchanged"),
                            ("error", "error"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "waiting",
                    models.BooleanField(default=False, help_text="no letter with this case number has arrived yet"),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="OfficeValue",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("normal", models.CharField(max_length=200)),
                ("printed", models.CharField(max_length=200)),
                ("number", models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                ("day", models.DateField(null=True)),
                ("search", django.contrib.postgres.search.SearchVectorField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ValueChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("case_number", models.CharField(max_length=20)),
                ("typed", models.CharField(blank=True, help_text="as it was entered", max_length=200)),
                ("by_id", models.IntegerField(null=True)),
                ("by_name", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                ("undoes", models.BooleanField(default=False, help_text="undoes what the import did")),
            ],
        ),
        migrations.AddField(
            model_name="case",
            name="field_1",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_10",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_11",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_12",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_13",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_14",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_15",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_16",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_17",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_18",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_19",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_2",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_20",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_3",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_4",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_5",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_6",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_7",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_8",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="field_9",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_1",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_10",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_11",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_12",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_13",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_14",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_15",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_16",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_17",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_18",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_19",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_2",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_20",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_3",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_4",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_5",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_6",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_7",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_8",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="field_9",
            field=models.IntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="casevalues",
            index=models.Index(
                condition=models.Q(("pending", True)), fields=["case_number"], name="case_values_pending"
            ),
        ),
        migrations.AddConstraint(
            model_name="officefield",
            constraint=models.CheckConstraint(
                condition=models.Q(("slot__gte", 1), ("slot__lte", 20)), name="office_field_slot"
            ),
        ),
        migrations.AddField(
            model_name="officeimport",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="officeimportrow",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rows",
                to="determinations.officeimport",
            ),
        ),
        migrations.AddField(
            model_name="officevalue",
            name="field",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="values",
                to="determinations.officefield",
            ),
        ),
        migrations.AddField(
            model_name="officevalue",
            name="merged_into",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="determinations.officevalue",
            ),
        ),
        migrations.AddField(
            model_name="valuechange",
            name="field",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="determinations.officefield",
            ),
        ),
        migrations.AddField(
            model_name="valuechange",
            name="new",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="determinations.officevalue",
            ),
        ),
        migrations.AddField(
            model_name="valuechange",
            name="old",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="determinations.officevalue",
            ),
        ),
        migrations.AddField(
            model_name="valuechange",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="determinations.officeimport",
            ),
        ),
        migrations.AddIndex(
            model_name="officeimport",
            index=models.Index(
                condition=models.Q(("state__in", ("reading", "checking", "applying", "undoing"))),
                fields=["state"],
                name="office_import_work",
            ),
        ),
        migrations.AddIndex(
            model_name="officeimportrow",
            index=models.Index(fields=["source", "outcome", "number"], name="office_import_row_outcome"),
        ),
        migrations.AddConstraint(
            model_name="officeimportrow",
            constraint=models.UniqueConstraint(fields=("source", "number"), name="office_import_row_once"),
        ),
        migrations.AddIndex(
            model_name="officevalue",
            index=models.Index(
                condition=models.Q(("number__isnull", False)), fields=["field", "number"], name="office_value_number"
            ),
        ),
        migrations.AddIndex(
            model_name="officevalue",
            index=models.Index(
                condition=models.Q(("day__isnull", False)), fields=["field", "day"], name="office_value_day"
            ),
        ),
        migrations.AddIndex(
            model_name="officevalue",
            index=models.Index(
                models.F("field"),
                django.contrib.postgres.indexes.OpClass(models.F("normal"), name="varchar_pattern_ops"),
                name="office_value_beginning",
            ),
        ),
        migrations.AddIndex(
            model_name="officevalue",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="office_value_words"),
        ),
        migrations.AddConstraint(
            model_name="officevalue",
            constraint=models.UniqueConstraint(fields=("field", "normal"), name="office_value_once"),
        ),
        migrations.AddIndex(
            model_name="valuechange",
            index=models.Index(fields=["case_number", "-id"], name="value_change_case"),
        ),
        migrations.AddIndex(
            model_name="valuechange",
            index=models.Index(
                condition=models.Q(("source__isnull", False)), fields=["source", "id"], name="value_change_import"
            ),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
