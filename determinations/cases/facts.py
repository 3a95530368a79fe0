"""Writes the fact rows of cases, from the normalized tables alone, in two statements."""

from collections.abc import Collection, Set

from django.db import connection

from determinations.models.any_of import array_literal
from determinations.models.office_fields import COLUMNS

#: Moving an authority to another family waits for holders of this lock and blocks later ones (see the trigger
#: ``family_moves``); otherwise facts written in the meantime would keep the old family.
_FAMILIES_STAY = "SELECT pg_advisory_xact_lock_shared(hashtext('families of authorities'))"

_DELETE_CITATIONS = """
DELETE FROM determinations_citationfact
WHERE fact_id IN (SELECT item_id FROM determinations_itemfact WHERE case_id = ANY(%(cases)s))
"""
_DELETE_ITEMS = "DELETE FROM determinations_itemfact WHERE case_id = ANY(%(cases)s)"

_COLUMNS = f"""
    item_id, case_id, decision_month, decision_date, date_of_injury, ur_denial_date, application_received,
    date_assigned, days_from_denial, days_from_application, days_from_assignment, category_id, age, injury_year,
    decision_year, claim_age, case_items, claims_families, reviewer_families, overturned, partly_approved,
    same_authority, first_of_case, sex, priority, outcome, state, office_set_id, corrected, body_region, licensure,
    specialties, claims_authority_ids, reviewer_authority_ids, problem_codes, grounds, cited, {", ".join(COLUMNS)}
"""
_ITEMS_NOW = f"""
SELECT
    item.id, c.letter_id, date_trunc('month', c.decision_date::timestamp)::date, c.decision_date, c.date_of_injury,
    c.ur_denial_date, c.application_received, c.date_assigned,
    CASE WHEN c.decision_date >= c.ur_denial_date THEN c.decision_date - c.ur_denial_date END,
    CASE WHEN c.decision_date >= c.application_received THEN c.decision_date - c.application_received END,
    CASE WHEN c.decision_date >= c.date_assigned THEN c.decision_date - c.date_assigned END,
    item.category_id, c.age, extract(year FROM c.date_of_injury), extract(year FROM c.decision_date),
    CASE WHEN c.decision_date >= c.date_of_injury
        THEN extract(year FROM age(c.decision_date::timestamp, c.date_of_injury::timestamp)) END,
    c.item_count, cited.claims_families, cited.reviewer_families,
    CASE item.decision WHEN 'overturned' THEN true WHEN 'upheld' THEN false END,
    item.partly_approved, cited.claims_ids && cited.reviewer_ids,
    rank() OVER (PARTITION BY item.case_id ORDER BY item.number) = 1,
    c.sex, c.priority, c.outcome, c.state, c.office_set_id, c.corrected, item.body_region, c.licensure, c.specialties,
    cited.claims_ids, cited.reviewer_ids,
    ARRAY(SELECT DISTINCT unnest(c.problem_codes || item.problem_codes) ORDER BY 1), item.grounds,
    cited.word COLLATE "C",
    {", ".join(f"c.{column}" for column in COLUMNS)}
FROM determinations_case c
JOIN determinations_disputeditem item ON item.case_id = c.letter_id
CROSS JOIN LATERAL (
    SELECT
        COALESCE(array_agg(DISTINCT a.id) FILTER (WHERE cit.side = 'claims'), '{{}}') AS claims_ids,
        COALESCE(array_agg(DISTINCT a.id) FILTER (WHERE cit.side = 'reviewer'), '{{}}') AS reviewer_ids,
        COALESCE(bit_or(family.bit) FILTER (WHERE cit.side = 'claims'), 0) AS claims_families,
        COALESCE(bit_or(family.bit) FILTER (WHERE cit.side = 'reviewer'), 0) AS reviewer_families,
        COALESCE(string_agg(
            CASE cit.side WHEN 'claims' THEN 'c' ELSE 'r' END || cit.authority_id || '@' || cit.edition, chr(31)
            ORDER BY cit.side, cit.authority_id, cit.edition COLLATE "C"
        ), '') AS word
    FROM determinations_citation cit
    JOIN determinations_authority a ON a.id = cit.authority_id
    JOIN (VALUES ('mtus', 1), ('acoem', 2), ('odg', 4), ('other', 8)) AS family (name, bit) ON family.name = a.family
    WHERE cit.item_id = item.id
) cited
WHERE c.letter_id = ANY(%(cases)s) AND c.superseded_by_id IS NULL
"""  # noqa: S608 - names of our own columns
_INSERT_ITEMS = f"INSERT INTO determinations_itemfact ({_COLUMNS}) {_ITEMS_NOW}"
#: Of rows that stay as they are, 45 indexes need not be written again.
_DELETE_CHANGED_ITEMS = f"""
DELETE FROM determinations_itemfact WHERE case_id = ANY(%(cases)s) AND item_id NOT IN (
    SELECT item_id FROM (
        SELECT {_COLUMNS} FROM determinations_itemfact WHERE case_id = ANY(%(cases)s)
        INTERSECT SELECT * FROM ({_ITEMS_NOW}) AS now
    ) AS same
)
"""  # noqa: S608 - names of our own columns
_INSERT_CHANGED_ITEMS = f"""
INSERT INTO determinations_itemfact ({_COLUMNS}) SELECT * FROM ({_ITEMS_NOW}) AS now ({_COLUMNS})
WHERE item_id NOT IN (SELECT item_id FROM determinations_itemfact WHERE case_id = ANY(%(cases)s))
"""  # noqa: S608 - names of our own columns

#: The first citation of an authority, by edition, stands for all of that side. Names of sections are looked up one by
#: one: joined, all of them were read for every citation.
_INSERT_CITATIONS = """
INSERT INTO determinations_citationfact (
    fact_id, on_date, authority_id, overturned, first_of_authority, side, edition, sections, pages
)
WITH cited AS MATERIALIZED (
    SELECT
        fact.item_id, CASE cit.side WHEN 'claims' THEN fact.ur_denial_date ELSE fact.decision_date END AS on_date,
        cit.authority_id, fact.overturned, cit.side, cit.edition,
        row_number() OVER (PARTITION BY cit.item_id, cit.side, cit.authority_id ORDER BY cit.edition) = 1
            AS first_of_authority
    FROM determinations_itemfact fact
    JOIN determinations_citation cit ON cit.item_id = fact.item_id
    WHERE fact.case_id = ANY(%(cases)s)
)
SELECT
    item_id, on_date, authority_id, overturned, first_of_authority, side, edition,
    CASE WHEN first_of_authority THEN ARRAY(
        SELECT DISTINCT COALESCE(
            (SELECT label FROM determinations_sectionname WHERE name = named.section), named.section
        )
        FROM determinations_citation other CROSS JOIN LATERAL unnest(other.sections) AS named (section)
        WHERE other.item_id = cited.item_id AND other.side = cited.side AND other.authority_id = cited.authority_id
        ORDER BY 1
    ) ELSE '{}' END,
    CASE WHEN first_of_authority THEN ARRAY(
        SELECT DISTINCT unnest(other.pages) FROM determinations_citation other
        WHERE other.item_id = cited.item_id AND other.side = cited.side AND other.authority_id = cited.authority_id
        ORDER BY 1
    ) ELSE '{}' END
FROM cited
"""


def hold_families() -> None:
    """Prevent authorities from changing families until the transaction ends. Call before locking any row."""
    with connection.cursor() as cursor:
        cursor.execute(_FAMILIES_STAY)


def remove_facts(case_ids: Collection[int]) -> None:
    """Delete the fact rows of these cases."""
    _execute(case_ids, _DELETE_CITATIONS, _DELETE_ITEMS)


def remove_facts_of(item_ids: Collection[int]) -> None:
    """Delete the fact rows of these items."""
    if not item_ids:
        return
    with connection.cursor() as cursor:
        for statement in (
            "DELETE FROM determinations_citationfact WHERE fact_id = ANY(%s)",
            "DELETE FROM determinations_itemfact WHERE item_id = ANY(%s)",
        ):
            cursor.execute(statement, [array_literal(item_ids)])


def replace_facts(case_ids: Set[int], new: Set[int] = frozenset()) -> None:
    """Make the fact rows of these cases what the cases say. Call it in the transaction that wrote the cases, and that
    holds the families of authorities (``hold_families``).

    ``new`` are those of them that have no fact rows yet.

    Facts of items whose words or citations changed must be removed before (``remove_facts_of``): an index is built
    from these too, and a row that stays as it is stays in the index as it was.
    Only current versions get rows; ``problem_codes`` of the case as a whole count for each of its items.
    """
    _execute(case_ids - new, _DELETE_CITATIONS, _DELETE_CHANGED_ITEMS, _INSERT_CHANGED_ITEMS)
    _execute(case_ids & new, _INSERT_ITEMS)
    _execute(case_ids, _INSERT_CITATIONS)


def add_facts(case_ids: Collection[int]) -> None:
    """Write the fact rows of new cases, which have none yet. Call it in the transaction that wrote the cases."""
    _execute(case_ids, _FAMILIES_STAY, _INSERT_ITEMS, _INSERT_CITATIONS)


def _execute(case_ids: Collection[int], *statements: str) -> None:
    if not case_ids:
        return
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, {"cases": array_literal(case_ids)})
