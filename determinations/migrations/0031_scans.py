"""Scanned pages and their words; letters that had no text so far are read again, now that scans are."""

import django.db.models.deletion
from django.db import migrations, models

# They wait behind other letters. Values that staff entered by hand stay: those letters have another state.
_READ_AGAIN = """
UPDATE determinations_letter
SET state = 'received', lane = 'bulk', attempts = 0, queued_at = NULL, started_at = NULL, message = ''
WHERE state = 'no_text'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0030_contained_pairs"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScannedPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="from 0")),
                (
                    "turn",
                    models.PositiveSmallIntegerField(default=0, help_text="degrees clockwise that stand it upright"),
                ),
                ("words", models.JSONField(default=list)),
            ],
        ),
        migrations.AddField(
            model_name="letter",
            name="pages_scanned",
            field=models.PositiveIntegerField(help_text="of these, recognized so far", null=True),
        ),
        migrations.AddField(
            model_name="letter",
            name="pages_to_scan",
            field=models.PositiveIntegerField(help_text="pages that are pictures of text", null=True),
        ),
        migrations.AlterField(
            model_name="letter",
            name="lane",
            field=models.CharField(
                choices=[("interactive", "interactive"), ("bulk", "bulk"), ("scans", "scans")],
                default="interactive",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="letter",
            name="state",
            field=models.CharField(
                choices=[
                    ("received", "received"),
                    ("parsing", "parsing"),
                    ("scan_waiting", "scanned, waiting to be read"),
                    ("parsed", "parsed"),
                    ("needs_review", "needs review"),
                    ("unknown_layout", "unknown layout"),
                    ("not_determination", "not a determination letter"),
                    ("other_programme", "other type of review"),
                    ("no_text", "no text"),
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
            model_name="letter",
            name="text_method",
            field=models.CharField(blank=True, help_text="how the text was obtained: pdf, text, scan", max_length=20),
        ),
        migrations.AddField(
            model_name="scannedpage",
            name="letter",
            field=models.ForeignKey(
                help_text="the one whose row holds the text",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="scanned_pages",
                to="determinations.letter",
            ),
        ),
        migrations.AddConstraint(
            model_name="scannedpage",
            constraint=models.UniqueConstraint(fields=("letter", "number"), name="scanned_page_once"),
        ),
        migrations.RunSQL(_READ_AGAIN, migrations.RunSQL.noop),
    ]
