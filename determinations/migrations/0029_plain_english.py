"""Labels and help texts in plain English; no table changes."""

import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0028_grounds"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="editionvalidity",
            options={"ordering": ["authority", "edition"], "verbose_name_plural": "effective dates of editions"},
        ),
        migrations.AlterField(
            model_name="case",
            name="all_problem_codes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40),
                default=list,
                help_text="of the case as a whole and its items",
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="corrected",
            field=models.BooleanField(default=False, help_text="the case has an active correction"),
        ),
        migrations.AlterField(
            model_name="case",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("upheld", "Upheld"),
                    ("partly", "Partly overturned"),
                    ("overturned", "Overturned"),
                    ("unknown", "Decision not found"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="problem_count",
            field=models.PositiveSmallIntegerField(default=0, help_text="includes problems of items"),
        ),
        migrations.AlterField(
            model_name="case",
            name="said_of_items",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                default=list,
                help_text="values that at least one item has, such as region=Knee (see cases.item_marks)",
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="searched_hash",
            field=models.BigIntegerField(
                default=0, help_text="changes with the words and sections that find the case (see models.found_by)"
            ),
        ),
        migrations.AlterField(
            model_name="categoryrule",
            name="phrase",
            field=models.CharField(help_text="whole words, case-insensitive", max_length=200),
        ),
        migrations.AlterField(
            model_name="correction",
            name="evidence",
            field=models.JSONField(
                help_text="[start, end] of the evidence that the user selected in the letter's text", null=True
            ),
        ),
        migrations.AlterField(
            model_name="correction",
            name="operation",
            field=models.CharField(
                choices=[
                    ("set", "set a value"),
                    ("confirm", "confirmed a value"),
                    ("revert", "reverted"),
                    ("dismiss", "dismissed a problem"),
                    ("add_item", "added an item"),
                    ("remove_item", "removed an item"),
                    ("split_item", "split an item"),
                    ("merge_items", "merged items"),
                    ("reorder_items", "reordered items"),
                ],
                default="set",
                max_length=14,
            ),
        ),
        migrations.AlterField(
            model_name="correction",
            name="parser_value",
            field=models.JSONField(help_text="the parser's value when the correction was made", null=True),
        ),
        migrations.AlterField(
            model_name="correction",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "in force"),
                    ("confirmed", "in force, and the parser agrees"),
                    ("conflict", "in force, but the parser's value has changed"),
                    ("superseded", "superseded by a later correction"),
                    ("orphaned", "the corrected value no longer exists"),
                    ("reverted", "reverted"),
                ],
                default="active",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="correctionreason",
            name="offered",
            field=models.BooleanField(
                default=True, help_text="shown in the list; existing corrections keep their reason"
            ),
        ),
        migrations.AlterField(
            model_name="disputeditem",
            name="category_rule",
            field=models.CharField(help_text="the rule that set the category, or 'staff'", max_length=60),
        ),
        migrations.AlterField(
            model_name="export",
            name="query",
            field=models.TextField(blank=True, help_text="filters and order, as in the address"),
        ),
        migrations.AlterField(
            model_name="export",
            name="state",
            field=models.CharField(
                choices=[("waiting", "waiting"), ("writing", "in progress"), ("ready", "ready"), ("failed", "failed")],
                default="waiting",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="itemfact",
            name="case_items",
            field=models.SmallIntegerField(help_text="number of items in the case"),
        ),
        migrations.AlterField(
            model_name="itemfact",
            name="cited",
            field=models.TextField(
                db_collation="C",
                db_default="",
                help_text="all citations as one string to group by, see statistics.citation_code",
            ),
        ),
        migrations.AlterField(
            model_name="itemfact",
            name="claim_age",
            field=models.SmallIntegerField(help_text="full years from the injury to the decision", null=True),
        ),
        migrations.AlterField(
            model_name="itemfact",
            name="corrected",
            field=models.BooleanField(help_text="the case has an active correction"),
        ),
        migrations.AlterField(
            model_name="itemfact",
            name="first_of_case",
            field=models.BooleanField(help_text="the item with the lowest number in its case"),
        ),
        migrations.AlterField(
            model_name="itemfact",
            name="overturned",
            field=models.BooleanField(help_text="null if the decision was not found", null=True),
        ),
        migrations.AlterField(
            model_name="itemfact",
            name="same_authority",
            field=models.BooleanField(help_text="both sides cite at least one authority in common"),
        ),
        migrations.AlterField(
            model_name="letter",
            name="state",
            field=models.CharField(
                choices=[
                    ("received", "received"),
                    ("parsing", "parsing"),
                    ("parsed", "parsed"),
                    ("needs_review", "needs review"),
                    ("unknown_layout", "unknown layout"),
                    ("not_determination", "not a determination letter"),
                    ("other_programme", "other type of review"),
                    ("no_text", "scanned, no text"),
                    ("password_needed", "password needed"),
                    ("damaged", "damaged"),
                    ("too_large", "too large"),
                    ("too_many_pages", "too many pages"),
                    ("too_slow", "too slow to read"),
                    ("set_aside", "set aside"),
                ],
                default="received",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="letterpair",
            name="decision",
            field=models.CharField(
                choices=[("open", "undecided"), ("merged", "same letter"), ("apart", "separate letters")],
                default="open",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="letterpair",
            name="percent",
            field=models.PositiveSmallIntegerField(help_text="similarity of the wording"),
        ),
        migrations.AlterField(
            model_name="problemreport",
            name="path",
            field=models.CharField(
                blank=True, help_text="the value, such as items/2/decision; empty: the case as a whole", max_length=120
            ),
        ),
        migrations.AlterField(
            model_name="reparserun",
            name="last_letter",
            field=models.BigIntegerField(help_text="later letters are not part of the run"),
        ),
        migrations.AlterField(
            model_name="reparserun",
            name="letters",
            field=models.PositiveIntegerField(
                default=0, help_text="number of selected letters, counted by the preview"
            ),
        ),
        migrations.AlterField(
            model_name="reparserun",
            name="selection",
            field=models.JSONField(help_text="the letters: see reparsing.letters_of"),
        ),
        migrations.AlterField(
            model_name="reparserun",
            name="state",
            field=models.CharField(
                choices=[
                    ("previewing", "preview in progress"),
                    ("previewed", "previewed"),
                    ("running", "running"),
                    ("paused", "paused"),
                    ("finished", "finished"),
                    ("stopped", "stopped"),
                ],
                default="previewing",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="reviewsettings",
            name="alike_percent",
            field=models.PositiveSmallIntegerField(
                default=80, help_text="letters with at least this similarity are shown as possible duplicates"
            ),
        ),
        migrations.AlterField(
            model_name="reviewsettings",
            name="retention_years",
            field=models.PositiveSmallIntegerField(
                default=3, help_text="years to keep the file of a removed letter after the latest decision"
            ),
        ),
        migrations.AlterField(
            model_name="reviewsettings",
            name="snooze_days",
            field=models.PositiveSmallIntegerField(default=7, help_text="days that a letter is snoozed"),
        ),
        migrations.AlterField(
            model_name="savedview",
            name="is_start",
            field=models.BooleanField(default=False, help_text="opens instead of the home page"),
        ),
        migrations.AlterField(
            model_name="savedview",
            name="query",
            field=models.TextField(blank=True, help_text="filters and order, as in the address"),
        ),
        migrations.AlterField(
            model_name="statewidefigure",
            name="figure",
            field=models.CharField(
                choices=[
                    ("letters", "determination letters"),
                    ("items", "treatment requests decided"),
                    ("items_per_letter", "requests per letter"),
                    ("several_items", "percent of letters with several requests"),
                    ("overturned", "percent of requests overturned"),
                    ("share", "percent of requests"),
                    ("share_of_drugs", "percent of drug requests"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="statisticslimits",
            name="rate_needs",
            field=models.PositiveSmallIntegerField(
                default=30,
                help_text="rates based on fewer items are grayed out",
                validators=[django.core.validators.MinValueValidator(1)],
            ),
        ),
        migrations.AlterField(
            model_name="statisticslimits",
            name="small_cell",
            field=models.PositiveSmallIntegerField(
                default=5,
                help_text="counts from 1 to less than this are marked in exports",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(100),
                ],
            ),
        ),
    ]
