"""Search vectors come from the application's own normal form of text; items are found also by what their letter says.

Nothing is rewritten here: vectors of version 0 are those of before, and the functions give them as before. Workers
write cases again until every vector is of the current form (``cases.search_words``); the two indexes take the new
vectors in as the rows that they cover are written.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# As in migration 0020: restricted, and expensive enough that PostgreSQL asks the index first.
_FUNCTION = """
CREATE OR REPLACE FUNCTION determinations_{name}({arguments}) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED COST 10000 SET search_path FROM CURRENT AS $$
BEGIN
    RETURN ({query});
END
$$
"""
_ITEM, _CASE = ("item_words", "of_item bigint"), ("case_words", "of_case bigint, as_of bigint")
_BEFORE = {
    _ITEM: "SELECT search FROM determinations_itemtext WHERE item_id = of_item",
    _CASE: "SELECT search FROM determinations_casetext WHERE case_id = of_case",
}
_AFTER = {
    _ITEM: """
    SELECT CASE WHEN letter.words_version > 0 THEN item.search || letter.search ELSE item.search END
    FROM determinations_itemtext item
    JOIN determinations_disputeditem disputed ON disputed.id = item.item_id
    LEFT JOIN determinations_casetext letter ON letter.case_id = disputed.case_id
    WHERE item.item_id = of_item
    """,
    _CASE: """
    SELECT CASE WHEN letter.words_version > 0 THEN letter.search || COALESCE((
        SELECT determinations_all_words(item.search ORDER BY disputed.number)
        FROM determinations_disputeditem disputed JOIN determinations_itemtext item ON item.item_id = disputed.id
        WHERE disputed.case_id = of_case
    ), '') ELSE letter.search END
    FROM determinations_casetext letter WHERE letter.case_id = of_case
    """,
}
_ALL_WORDS = """
CREATE AGGREGATE determinations_all_words(tsvector) (SFUNC = tsvector_concat, STYPE = tsvector, INITCOND = '')
"""


def _functions(bodies: dict[tuple[str, str], str]) -> str:
    return ";".join(
        _FUNCTION.format(name=name, arguments=arguments, query=query) for (name, arguments), query in bodies.items()
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("determinations", "0036_duties")]
    operations = [
        migrations.AddField(
            "casetext",
            "words_version",
            models.SmallIntegerField(
                default=0,
                db_default=0,
                help_text="the form of the search vectors of the case and its items (see cases.search_words)",
            ),
        ),
        AddIndexConcurrently("casetext", models.Index(fields=["words_version"], name="case_words_version")),
        migrations.RunSQL(_ALL_WORDS, "DROP AGGREGATE determinations_all_words(tsvector)"),
        migrations.RunSQL(_functions(_AFTER), _functions(_BEFORE)),
    ]
