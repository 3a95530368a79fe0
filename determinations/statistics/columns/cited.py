"""Each citation beside the columns of its item: what selects items selects their citations too, without a join.

What statistics group citations by is kept as JSON text, since one column is quick to group by: ``parts_key`` has side,
authority, sections and pages; ``section_key`` the same without pages, where there are sections; ``edition_key`` has
side, authority, edition, edition status, whether this is the first citation of its item and side with the status, and
the year of decision. A file is of the editions' dates that it was written with; when they change, it is written anew.
"""

from determinations.statistics.columns.layout import ITEMS, KEY

CITED = "determinations_citeditem"
#: All columns of items but the one that tells their citations.
_OF_ITEMS = tuple(
    definition for column in ITEMS.columns if column.name != "cited" for definition in column.definitions
)
_OF_CITATIONS = (
    ("side", "VARCHAR"), ("authority_id", "SMALLINT"), ("first_of_authority", "BOOLEAN"), ("edition", "VARCHAR"),
    ("sections", "VARCHAR[]"), ("pages", "VARCHAR[]"), (f"parts{KEY}", "VARCHAR"), (f"section{KEY}", "VARCHAR"),
    (f"edition{KEY}", "VARCHAR"),
)  # fmt: skip
DEFINITION = ", ".join((*_OF_ITEMS, *(f"{name} {type}" for name, type in _OF_CITATIONS)))
#: The status of an edition on the day that matters, as ``statistics.editions`` has it.
_STATUS = """
CASE WHEN validity.edition IS NULL THEN 'unjudged' WHEN cited.on_date IS NULL THEN 'undated'
    WHEN cited.on_date > validity.valid_to THEN 'superseded' WHEN cited.on_date < validity.valid_from THEN 'early'
    ELSE 'current' END
"""
#: The citations alone, from the table of this module, as filters of items look for them.
CITATIONS_ALONE = f"""
SELECT item_id AS fact_id, CASE side WHEN 'claims' THEN ur_denial_date ELSE decision_date END AS on_date,
    authority_id, overturned, first_of_authority, side, edition, sections, pages
FROM {{schema}}.{CITED}
"""  # noqa: S608 - names of our own


def cited_items(items: str, citations: str, schema: str) -> str:
    """The statement that gives the rows of the table, from tables of items, of their citations, and of reference."""
    of_items = ", ".join(f"item.{definition.partition(' ')[0]}" for definition in _OF_ITEMS)
    return f"""
        SELECT {of_items}, side, cited.authority_id, first_of_authority, cited.edition, sections, pages,
            CASE WHEN first_of_authority THEN
                '["' || side || '",' || cited.authority_id || ',' || sections{KEY} || ',' || pages{KEY} || ']' END,
            CASE WHEN first_of_authority AND len(sections) > 0 THEN
                '["' || side || '",' || cited.authority_id || ',' || sections{KEY} || ']' END,
            '["' || side || '",' || cited.authority_id || ',' || to_json(cited.edition)::VARCHAR || ',"' || status
                || '",' || ((row_number() OVER (
                    PARTITION BY fact_id, side, status ORDER BY cited.authority_id, cited.edition
                )) = 1)::VARCHAR || ',' || COALESCE(decision_year::VARCHAR, 'null') || ']'
        FROM (
            SELECT cited.*, {_STATUS} AS status FROM {citations} AS cited
            JOIN {schema}.determinations_authority AS authority ON authority.id = cited.authority_id
            LEFT JOIN {schema}.determinations_editionvalidity AS validity
                ON validity.authority_id = authority.key AND validity.edition = cited.edition
        ) AS cited JOIN {items} AS item ON item.item_id = cited.fact_id
    """  # noqa: S608 - names of our own
