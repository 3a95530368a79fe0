"""The columns of the two filter indexes are listed in the order of the alphabet, as the table of dimensions gives them.

Only Django's record of the indexes changes: the order of columns means nothing to a GIN index, so the indexes in the
database stay as they are.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models


def _words(name: str, *columns: str) -> models.Func:
    return models.Func(
        *map(models.F, columns), function=name, output_field=django.contrib.postgres.search.SearchVectorField()
    )


def _sections(name: str, side: str, *columns: str) -> models.Func:
    return models.Func(
        *map(models.F, columns),
        models.Value(side),
        function=name,
        output_field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
    )


_CASE_COLUMNS = (
    "age", "all_problem_codes", "category_ids", "claims_authority_ids", "licensure", "outcome",
    "reviewer_authority_ids", "said_of_items", "sex", "specialties", "state",
)  # fmt: skip
_FACT_COLUMNS = (
    "age", "body_region", "category", "claims_authority_ids", "claims_families", "licensure", "outcome", "overturned",
    "partly_approved", "problem_codes", "reviewer_authority_ids", "reviewer_families", "same_authority", "sex",
    "specialties", "state",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("determinations", "0024_section_labels")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(model_name="case", name="case_found_by"),
                migrations.AddIndex(
                    model_name="case",
                    index=django.contrib.postgres.indexes.GinIndex(
                        *map(models.F, _CASE_COLUMNS),
                        _words("determinations_case_words", "letter", "searched_hash"),
                        _sections("determinations_case_sections", "claims", "letter", "searched_hash"),
                        _sections("determinations_case_sections", "reviewer", "letter", "searched_hash"),
                        name="case_found_by",
                    ),
                ),
                migrations.RemoveIndex(model_name="itemfact", name="fact_found_by"),
                migrations.AddIndex(
                    model_name="itemfact",
                    index=django.contrib.postgres.indexes.GinIndex(
                        *map(models.F, _FACT_COLUMNS),
                        _words("determinations_item_words", "item"),
                        _sections("determinations_item_sections", "claims", "item"),
                        _sections("determinations_item_sections", "reviewer", "item"),
                        name="fact_found_by",
                    ),
                ),
            ],
        ),
    ]
