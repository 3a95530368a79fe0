"""Lists find rows by one index over all filters; cases carry what is said of their items, items their letter's state."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models

_SAID = """
UPDATE determinations_case AS c SET said_of_items = said.marks
FROM (
    SELECT item.case_id, array_agg(DISTINCT mark ORDER BY mark) AS marks
    FROM determinations_disputeditem item
    CROSS JOIN LATERAL (
        SELECT
            COALESCE(array_agg(DISTINCT 'claims_family=' || a.family) FILTER (WHERE cit.side = 'claims'),
                ARRAY['claims_family=none']) AS claims,
            COALESCE(array_agg(DISTINCT 'reviewer_family=' || a.family) FILTER (WHERE cit.side = 'reviewer'),
                ARRAY['reviewer_family=none']) AS reviewer,
            array_agg(a.id) FILTER (WHERE cit.side = 'claims')
                && array_agg(a.id) FILTER (WHERE cit.side = 'reviewer') AS same
        FROM determinations_citation cit JOIN determinations_authority a ON a.id = cit.authority_id
        WHERE cit.item_id = item.id
    ) cited
    CROSS JOIN LATERAL unnest(
        cited.claims || cited.reviewer || ARRAY[
            'decision=' || COALESCE(NULLIF(item.decision, ''), 'unknown'),
            'region=' || COALESCE(NULLIF(item.body_region, ''), 'unknown'),
            CASE WHEN item.partly_approved THEN 'partly_approved=yes' END,
            CASE WHEN cited.same THEN 'same_guideline=yes' END
        ]
    ) AS mark
    WHERE mark IS NOT NULL
    GROUP BY item.case_id
) said
WHERE said.case_id = c.letter_id
"""
_OF_LETTERS = """
UPDATE determinations_itemfact AS fact SET state = c.state, corrected = c.corrected
FROM determinations_case c WHERE c.letter_id = fact.case_id
"""
# Asks the index of words for the rows they occur in, and stops when there are too many. Left to itself PostgreSQL may
# unpack the words of every row instead. A phrase has to be looked for in each row that has its words: that many fewer.
_WITH_WORDS = """
CREATE FUNCTION determinations_{name}_with_words(words tsquery, most integer, most_unpacked integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET enable_seqscan = off AS $$
DECLARE
    ids bigint[];
BEGIN
    IF querytree(words) = 'T' THEN
        RETURN NULL;
    ELSIF words::text NOT LIKE '%<%' THEN
        RETURN ARRAY(SELECT {key} FROM {table} WHERE search @@ words LIMIT most + 1);
    ELSIF words::text LIKE '%!%' THEN
        RETURN NULL;
    END IF;
    ids := ARRAY(
        SELECT {key} FROM {table} WHERE search @@ regexp_replace(words::text, '<(-|\\d+)>', '&', 'g')::tsquery
        LIMIT most_unpacked + 1
    );
    IF cardinality(ids) > most_unpacked THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY(SELECT {key} FROM {table} WHERE {key} = ANY(ids) AND search @@ words);
END
$$
"""
_FUNCTIONS = (
    ("cases", "determinations_casetext", "case_id"),
    ("items", "determinations_itemtext", "item_id"),
)
_BEFORE = (
    ("case", ("case_categories", "case_claims_authority", "case_reviewer_authority", "case_problems",
              "case_specialties")),
    ("itemfact", ("fact_problems", "fact_specialties", "fact_claims_authority", "fact_reviewer_authority")),
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("determinations", "0018_removed_letters")]
    operations = [
        BtreeGinExtension(),
        *(migrations.RemoveIndex(model_name=model, name=name) for model, names in _BEFORE for name in names),
        migrations.AddField(
            model_name="case",
            name="said_of_items",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                default=list,
                help_text="what filters of items find of at least one item, such as region=Knee (see item_marks.py)",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="itemfact",
            name="state",
            field=models.CharField(default="", help_text="of the item's letter", max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="itemfact",
            name="corrected",
            field=models.BooleanField(default=False, help_text="an active correction stands in the item's case"),
            preserve_default=False,
        ),
        *(
            migrations.RunSQL(
                _WITH_WORDS.format(name=name, table=table, key=key),
                f"DROP FUNCTION determinations_{name}_with_words(tsquery, integer, integer)",
            )
            for name, table, key in _FUNCTIONS
        ),
        migrations.RunSQL(_SAID, migrations.RunSQL.noop),
        migrations.RunSQL(_OF_LETTERS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="case",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("superseded_by__isnull", True)),
                fields=[
                    "said_of_items",
                    "category_ids",
                    "claims_authority_ids",
                    "reviewer_authority_ids",
                    "all_problem_codes",
                    "specialties",
                    "licensure",
                    "outcome",
                    "sex",
                    "age",
                    "state",
                ],
                name="case_filters",
            ),
        ),
        migrations.AddIndex(
            model_name="itemfact",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=[
                    "category",
                    "claims_authority_ids",
                    "reviewer_authority_ids",
                    "problem_codes",
                    "specialties",
                    "licensure",
                    "body_region",
                    "claims_families",
                    "reviewer_families",
                    "overturned",
                    "partly_approved",
                    "same_authority",
                    "outcome",
                    "sex",
                    "age",
                    "state",
                ],
                name="fact_filters",
            ),
        ),
    ]
