"""Indexes go whose columns are the beginning of another index, and one for patterns that nothing looks for.

Each is dropped, or renamed, without making readers or writers wait.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

_FOLDED = "determinations_lettertext_folded_sha256_d24ea1e4"


def _dropped(index: str, on: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON determinations_{on}",
    )


def _without(index: str, on: str, state: Operation) -> migrations.SeparateDatabaseAndState:
    return migrations.SeparateDatabaseAndState([_dropped(index, on)], [state])


def _to(model: str, related_name: str, on_delete: object = django.db.models.deletion.CASCADE) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=on_delete, related_name=related_name, to=f"determinations.{model}"
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("determinations", "0068_reports")]
    operations = [
        _without("case_number", "case (case_number)", migrations.RemoveIndex("case", "case_number")),
        _without(
            "determinations_citation_item_id_a9f40c87", "citation (item_id)",
            migrations.AlterField("citation", "item", _to("disputeditem", "citations")),
        ),
        _without(
            "determinations_disputeditem_case_id_cf54ac2b", "disputeditem (case_id)",
            migrations.AlterField("disputeditem", "case", _to("case", "items")),
        ),
        _without(
            "determinations_itemfact_category_id_4f162a5e", "itemfact (category_id)",
            migrations.AlterField(
                "itemfact", "category", _to("category", "+", django.db.models.deletion.PROTECT)
            ),
        ),
        _without(
            "determinations_uploadedfile_upload_id_6bdeadbc", "uploadedfile (upload_id)",
            migrations.AlterField("uploadedfile", "upload", _to("upload", "files")),
        ),
        _without(
            f"{_FOLDED}_like", "lettertext (folded_sha256 varchar_pattern_ops)",
            migrations.AlterField(
                "lettertext",
                "folded_sha256",
                models.CharField(
                    help_text="of the letter's own text without white space: finds the same letter in other bytes",
                    max_length=64,
                ),
            ),
        ),
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    f"ALTER INDEX IF EXISTS {_FOLDED} RENAME TO letter_text_folded",
                    f"ALTER INDEX IF EXISTS letter_text_folded RENAME TO {_FOLDED}",
                )
            ],
            [
                migrations.AddIndex(
                    "lettertext", models.Index(fields=["folded_sha256"], name="letter_text_folded")
                )
            ],
        ),
    ]  # fmt: skip
