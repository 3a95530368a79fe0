"""Keeps the labels of section names up to date with the parser's data. Statistics count sections by label."""

from django.db import connections, transaction

from determinations.models import SectionName
from determinations.parsing.citations import section_label

_MAX_LENGTH = 300

_LABELS = """
UPDATE determinations_sectionname AS known SET label = now.label
FROM unnest(%(names)s::text[], %(labels)s::text[]) AS now (name, label) WHERE known.name = now.name
"""
_FACTS = """
UPDATE determinations_citationfact AS fact SET sections = ARRAY(
    SELECT DISTINCT COALESCE(known.label, named.section)
    FROM determinations_citation cited CROSS JOIN LATERAL unnest(cited.sections) AS named (section)
    LEFT JOIN determinations_sectionname known ON known.name = named.section
    WHERE cited.item_id = fact.fact_id AND cited.side = fact.side AND cited.authority_id = fact.authority_id
    ORDER BY 1
)
WHERE fact.first_of_authority AND fact.sections <> '{}' AND EXISTS (
    SELECT FROM determinations_citation cited
    WHERE cited.item_id = fact.fact_id AND cited.side = fact.side AND cited.authority_id = fact.authority_id
        AND cited.sections::text[] && %(names)s::text[]
)
"""


def stored_label(name: str) -> str:
    """The label of a printed section name, as stored in the database."""
    return section_label(name)[:_MAX_LENGTH]


def relabel_sections(using: str) -> int:
    """Update the label of every section name, and the facts counted by it. Returns how many labels changed.

    Transactions that write citations wait until this one ends.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('names of sections', 0))")
        stored = SectionName.objects.using(using).values_list("name", "label")
        changed = {name: now for name, label in stored if (now := stored_label(name)) != label}
        if changed:
            values = {"names": list(changed), "labels": list(changed.values())}
            cursor.execute(_LABELS, values)
            cursor.execute(_FACTS, values)
    return len(changed)
