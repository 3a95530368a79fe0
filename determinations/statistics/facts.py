"""Writes the fact rows of cases, from the normalised tables alone, in one statement."""

from collections.abc import Collection

from django.db import connection

_DELETE = "DELETE FROM determinations_itemfact WHERE case_id = ANY(%(cases)s)"

_INSERT = """
INSERT INTO determinations_itemfact (
    item_id, case_id, decision_date, date_of_injury, ur_denial_date, application_received, date_assigned,
    category_id, age, claims_families, reviewer_families, overturned, partly_approved, same_authority, sex, priority,
    outcome, body_region, licensure, specialties, claims_authority_ids, reviewer_authority_ids, problem_codes
)
SELECT
    item.id, c.letter_id, c.decision_date, c.date_of_injury, c.ur_denial_date, c.application_received,
    c.date_assigned, item.category_id, c.age, cited.claims_families, cited.reviewer_families,
    CASE item.decision WHEN 'overturned' THEN true WHEN 'upheld' THEN false END,
    item.partly_approved, cited.claims_ids && cited.reviewer_ids, c.sex, c.priority,
    c.outcome, item.body_region, c.licensure, c.specialties, cited.claims_ids, cited.reviewer_ids,
    ARRAY(SELECT DISTINCT unnest(c.problem_codes || item.problem_codes) ORDER BY 1)
FROM determinations_case c
JOIN determinations_disputeditem item ON item.case_id = c.letter_id
CROSS JOIN LATERAL (
    SELECT
        COALESCE(array_agg(DISTINCT a.id) FILTER (WHERE cit.side = 'claims'), '{}') AS claims_ids,
        COALESCE(array_agg(DISTINCT a.id) FILTER (WHERE cit.side = 'reviewer'), '{}') AS reviewer_ids,
        COALESCE(bit_or(family.bit) FILTER (WHERE cit.side = 'claims'), 0) AS claims_families,
        COALESCE(bit_or(family.bit) FILTER (WHERE cit.side = 'reviewer'), 0) AS reviewer_families
    FROM determinations_citation cit
    JOIN determinations_authority a ON a.id = cit.authority_id
    JOIN (VALUES ('mtus', 1), ('acoem', 2), ('odg', 4), ('other', 8)) AS family (name, bit) ON family.name = a.family
    WHERE cit.item_id = item.id
) cited
WHERE c.letter_id = ANY(%(cases)s) AND c.superseded_by_id IS NULL
"""


def replace_facts(case_ids: Collection[int]) -> None:
    """Make the fact rows of these cases anew. Call it in the transaction that wrote the cases.

    Only current versions get rows; ``problem_codes`` of the case as a whole count for each of its items.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, {"cases": list(case_ids)})
        cursor.execute(_INSERT, {"cases": list(case_ids)})
