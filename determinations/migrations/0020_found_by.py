"""Cases and items are found by words and sections in the same index as by everything else (see models/found_by.py)."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.functions.text
from django.db import migrations, models

# Restricted: a page that reads a bounded number of rows is over before other processes have started for it. The cost is
# that of an index entry, a row and its text unpacked; with less PostgreSQL asks row by row for words that most rows have.
_FUNCTION = """
CREATE FUNCTION determinations_{name}({arguments}) RETURNS {type}
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED COST 10000 SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ({query});
END
$$
"""
_SECTIONS = """
    SELECT COALESCE(array_agg(DISTINCT section), '{{}}')
    FROM {citations}, unnest(citation.sections) AS section
    WHERE {row} AND citation.side = of_side
"""
_FUNCTIONS = (
    (
        "item_words",
        "of_item bigint",
        "tsvector",
        "SELECT search FROM determinations_itemtext WHERE item_id = of_item",
    ),
    (
        "case_words",
        "of_case bigint, as_of bigint",
        "tsvector",
        "SELECT search FROM determinations_casetext WHERE case_id = of_case",
    ),
    (
        "item_sections",
        "of_item bigint, of_side text",
        "text[]",
        _SECTIONS.format(citations="determinations_citation AS citation", row="citation.item_id = of_item"),
    ),
    (
        "case_sections",
        "of_case bigint, as_of bigint, of_side text",
        "text[]",
        _SECTIONS.format(
            citations="determinations_citation AS citation JOIN determinations_disputeditem item "
            "ON item.id = citation.item_id",
            row="item.case_id = of_case",
        ),
    ),
)
_NAMES = """
INSERT INTO determinations_sectionname (name)
SELECT DISTINCT section FROM determinations_citation, unnest(sections) AS section
"""
_DROP_BEFORE = """
DROP FUNCTION determinations_cases_with_words(tsquery, integer, integer);
DROP FUNCTION determinations_items_with_words(tsquery, integer, integer);
DROP INDEX citation_section_words;
DROP FUNCTION determinations_section_words(text[]);
"""


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
    "said_of_items", "category_ids", "claims_authority_ids", "reviewer_authority_ids", "all_problem_codes",
    "specialties", "licensure", "outcome", "sex", "age", "state",
)  # fmt: skip
_FACT_COLUMNS = (
    "category", "claims_authority_ids", "reviewer_authority_ids", "problem_codes", "specialties", "licensure",
    "body_region", "claims_families", "reviewer_families", "overturned", "partly_approved", "same_authority",
    "outcome", "sex", "age", "state",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("determinations", "0019_filters_of_lists")]
    operations = [
        migrations.CreateModel(
            name="SectionName",
            fields=[("name", models.CharField(max_length=300, primary_key=True, serialize=False))],
        ),
        migrations.RemoveIndex(model_name="case", name="case_filters"),
        migrations.RemoveIndex(model_name="casetext", name="case_search"),
        migrations.RemoveIndex(model_name="itemfact", name="fact_filters"),
        migrations.RemoveIndex(model_name="itemtext", name="item_search"),
        migrations.AddField(
            model_name="case",
            name="searched_hash",
            field=models.BigIntegerField(
                default=0, help_text="changes with the words and sections that find the case (see found_by.py)"
            ),
        ),
        migrations.RunSQL(_DROP_BEFORE),
        *(
            migrations.RunSQL(
                _FUNCTION.format(name=name, arguments=arguments, type=type_, query=query),
                f"DROP FUNCTION determinations_{name}",
            )
            for name, arguments, type_, query in _FUNCTIONS
        ),
        migrations.RunSQL(_NAMES, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="sectionname",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("name"), name="gin_trgm_ops"
                ),
                name="section_name_parts",
            ),
        ),
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
    ]
