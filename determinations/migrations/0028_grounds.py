"""The grounds of decisions: a column of items and of their facts, and a part of the index for filters.

No table is rewritten or scanned under a lock: the columns have constant defaults, and the index that includes the new
column is built concurrently before it takes the place of the old one. Letters read by an earlier parser have no
grounds until they are read again.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

_COLUMNS = (
    "age", "body_region", "category", "claims_authority_ids", "claims_families", "grounds", "licensure", "outcome",
    "overturned", "partly_approved", "problem_codes", "reviewer_authority_ids", "reviewer_families", "same_authority",
    "sex", "specialties", "state",
)  # fmt: skip


def _sections(side: str) -> models.Func:
    return models.Func(
        models.F("item"),
        models.Value(side),
        function="determinations_item_sections",
        output_field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
    )


def _index(name: str) -> django.contrib.postgres.indexes.GinIndex:
    return django.contrib.postgres.indexes.GinIndex(
        *map(models.F, _COLUMNS),
        models.Func(
            models.F("item"),
            function="determinations_item_words",
            output_field=django.contrib.postgres.search.SearchVectorField(),
        ),
        _sections("claims"),
        _sections("reviewer"),
        name=name,
    )


def _grounds(help_text: str = "") -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=40), db_default=[], default=list, size=None, help_text=help_text
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("determinations", "0027_places_of_removed_letters")]
    operations = [
        migrations.AddField("disputeditem", "grounds", _grounds()),
        migrations.AddField("itemfact", "grounds", _grounds("codes of ``parsing.grounds.GROUNDS``")),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                AddIndexConcurrently("itemfact", _index("fact_found_by_new")),
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS fact_found_by",
                    reverse_sql=migrations.RunSQL.noop,
                ),
                migrations.RunSQL(
                    "ALTER INDEX fact_found_by_new RENAME TO fact_found_by",
                    reverse_sql="ALTER INDEX fact_found_by RENAME TO fact_found_by_new",
                ),
            ],
            state_operations=[
                migrations.RemoveIndex("itemfact", "fact_found_by"),
                migrations.AddIndex("itemfact", _index("fact_found_by")),
            ],
        ),
    ]
