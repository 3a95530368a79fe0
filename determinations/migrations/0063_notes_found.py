"""Notes on cases are found by their words; items of older cases get their letter's order; actions on many cases."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

#: Items of the letters of now are looked at once; an installation without letters has none.
_FROM_NOW_ON = """
INSERT INTO determinations_storedpass (name, reached, last)
SELECT 'item_order', 0, max(id) FROM determinations_letter HAVING max(id) IS NOT NULL
"""
_STATES = [
    ("done", "Done"),
    ("running", "Being done"),
    ("undoing", "Being undone"),
    ("undone", "Undone"),
    ("failed", "Stopped"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0062_grounds_version"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredPass",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("reached", models.BigIntegerField(default=0, help_text="the last letter that was looked at")),
                ("last", models.BigIntegerField(help_text="the last letter that the earlier version stored")),
            ],
        ),
        migrations.RunSQL(_FROM_NOW_ON, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="casenote",
            name="search",
            field=django.contrib.postgres.search.SearchVectorField(null=True),
        ),
        migrations.AddField(
            model_name="casenote",
            name="words_version",
            field=models.IntegerField(default=0, help_text="the form of the search vector"),
        ),
        migrations.AddIndex(
            model_name="casenote",
            index=models.Index(fields=["words_version", "id"], name="case_note_words_version"),
        ),
        migrations.AddIndex(
            model_name="casenote",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="case_note_words"),
        ),
        *(
            migrations.AddField(model_name="rowsaction", name=name, field=field)
            for name, field in (
                ("do", models.CharField(blank=True, max_length=16)),
                ("argument", models.CharField(blank=True, max_length=1000)),
                ("message", models.CharField(blank=True, max_length=300)),
                ("stepped_at", models.DateTimeField(null=True)),
                ("total", models.IntegerField(default=0)),
                ("state", models.CharField(choices=_STATES, default="done", max_length=8)),
                (
                    "to",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "waiting",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        help_text="letters of the cases that are left",
                        size=None,
                    ),
                ),
            )
        ),
        migrations.AddIndex(
            model_name="rowsaction",
            index=models.Index(
                condition=models.Q(("state__in", ["running", "undoing"])), fields=["state"], name="rows_action_work"
            ),
        ),
    ]
