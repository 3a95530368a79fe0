"""A file may hold several letters: a letter is one part of a file, with pages of its own.

Nothing here rewrites or scans a table under a lock: columns have constant defaults and no check constraints, indexes
are built concurrently, and the foreign key is validated after it is in force.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_UNIQUE = (
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS letter_part_of_file ON determinations_letter (sha256, part)",
    "ALTER TABLE determinations_letter ADD CONSTRAINT letter_part_of_file UNIQUE USING INDEX letter_part_of_file",
)
_NOT_UNIQUE = "ALTER TABLE determinations_letter DROP CONSTRAINT letter_part_of_file"
_KEPT_WITH = (
    "ALTER TABLE determinations_lettertext ADD COLUMN kept_with_id bigint",
    "ALTER TABLE determinations_lettertext ADD CONSTRAINT letter_text_kept_with_fk FOREIGN KEY (kept_with_id)"
    " REFERENCES determinations_lettertext (letter_id) DEFERRABLE INITIALLY DEFERRED NOT VALID",
    "ALTER TABLE determinations_lettertext VALIDATE CONSTRAINT letter_text_kept_with_fk",
)
_NOT_KEPT_WITH = "ALTER TABLE determinations_lettertext DROP COLUMN kept_with_id"


def _part(help_text: str = "") -> models.SmallIntegerField:
    return models.SmallIntegerField(default=1, db_default=1, help_text=help_text)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("determinations", "0025_filter_index_columns")]
    operations = [
        migrations.AddField("letter", "part", _part("which letter of the file, from 1")),
        migrations.AddField(
            "letter",
            "first_page",
            models.IntegerField(help_text="the letter's first page in its file, from 1", null=True),
        ),
        migrations.AddField(
            "letter",
            "last_page",
            models.IntegerField(help_text="the letter's last page in its file", null=True),
        ),
        migrations.AddField(
            "letter",
            "pages_set_by_hand",
            models.BooleanField(
                db_default=False, default=False, help_text="an administrator said which pages the letter has"
            ),
        ),
        migrations.AlterField("letter", "pages", models.PositiveIntegerField(help_text="of the file", null=True)),
        migrations.RunSQL(
            _UNIQUE,
            _NOT_UNIQUE,
            state_operations=[
                migrations.AddConstraint(
                    "letter", models.UniqueConstraint(fields=("sha256", "part"), name="letter_part_of_file")
                )
            ],
        ),
        migrations.AlterField("letter", "sha256", models.CharField(help_text="of the file", max_length=64)),
        migrations.RunSQL(
            _KEPT_WITH,
            _NOT_KEPT_WITH,
            state_operations=[
                migrations.AddField(
                    "lettertext",
                    "kept_with",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="other_letters",
                        to="determinations.lettertext",
                    ),
                )
            ],
        ),
        migrations.AddField(
            "lettertext",
            "start",
            models.IntegerField(help_text="where the letter itself begins in the text", null=True),
        ),
        migrations.AddField(
            "lettertext",
            "end",
            models.IntegerField(help_text="where the letter itself ends in the text", null=True),
        ),
        migrations.AlterField(
            "lettertext",
            "folded_sha256",
            models.CharField(
                db_index=True,
                help_text="of the letter's own text without white space: finds the same letter in other bytes",
                max_length=64,
            ),
        ),
        AddIndexConcurrently(
            "lettertext",
            models.Index(
                condition=models.Q(("kept_with__isnull", False)), fields=["kept_with"], name="letter_text_kept_with"
            ),
        ),
        migrations.AddField("removedletter", "part", _part()),
        migrations.AddField("correction", "letter_part", _part("which letter of the file")),
        migrations.AlterField(
            "correction", "letter_sha256", models.CharField(help_text="of the letter's file", max_length=64)
        ),
        migrations.AddField(
            "case",
            "is_copy",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="the case that supersedes this one is the same letter, received as another file",
            ),
        ),
    ]
