"""The rows of cases, items, texts and citations as records say them. Only ``effective`` calls this."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from hashlib import blake2b

from django.db import connection

from determinations.cases.bulk import insert_rows, new_ids
from determinations.cases.facts import remove_facts
from determinations.cases.fields import EffectiveRecord
from determinations.cases.item_marks import item_marks
from determinations.models import (
    Authority,
    Case,
    Category,
    Citation,
    DisputedItem,
    Letter,
    LetterState,
    Outcome,
    SectionName,
)
from determinations.parsing.categories import body_region
from determinations.parsing.problems import needs_review
from determinations.parsing.results import SIDES, DateField, ItemRecord, ground_codes
from determinations.reference.section_labels import stored_label

#: PostgreSQL refuses a search vector over 1 MB; no real letter comes near.
_SEARCHED_CHARACTERS = 200_000


_DATES: tuple[DateField, ...] = (
    "date_assigned",
    "date_of_injury",
    "decision_date",
    "ur_denial_date",
    "application_received",
)


def delete_items(case_ids: Collection[int]) -> None:
    if not case_ids:
        return
    items = "(SELECT id FROM determinations_disputeditem WHERE case_id = ANY(%(cases)s))"
    remove_facts(case_ids)
    with connection.cursor() as cursor:
        for statement in (
            f"DELETE FROM determinations_citation WHERE item_id IN {items}",  # noqa: S608 - a constant
            f"DELETE FROM determinations_itemtext WHERE item_id IN {items}",  # noqa: S608 - a constant
            "DELETE FROM determinations_disputeditem WHERE case_id = ANY(%(cases)s)",
        ):
            cursor.execute(statement, {"cases": list(case_ids)})


def write_case_rows(
    letters: Mapping[int, Letter], records: Mapping[int, EffectiveRecord], corrected: Set[int]
) -> None:
    categories, authorities = _category_ids(records.values()), _authority_ids(records.values())
    families = dict(Authority.objects.values_list("key", "family"))
    states = {pk: _state_of(record) for pk, record in records.items()}
    cases = []
    for pk, record in records.items():
        items = record["items"]
        cited = {side: sorted({authorities[c["authority"]] for item in items for c in item[side]}) for side in SIDES}
        cases.append(
            {
                "letter_id": pk,
                "superseded_by_id": None,
                "layout": record["layout"] or "",
                "case_number": record["case_number"],
                **_dates_of(record),
                "priority": record["priority"] or "",
                "age": record["age"],
                "sex": record["sex"] or "",
                "licensure": list(record["licensure"]),
                "specialties": list(record["specialties"]),
                "outcome": outcome_of([item["decision"] for item in items]),
                "item_count": len(items),
                "overturned_count": sum(item["decision"] == "overturned" for item in items),
                "category_ids": sorted({categories[item["category"], item["subcategory"]] for item in items}),
                "claims_authority_ids": cited["claims"],
                "reviewer_authority_ids": cited["reviewer"],
                "said_of_items": item_marks(items, families),
                "problem_codes": sorted({p["code"] for p in record["problems"] if not p["path"].startswith("items/")}),
                "all_problem_codes": sorted({p["code"] for p in record["problems"]}),
                "problem_count": len(record["problems"]),
                "state": states[pk],
                "corrected": pk in corrected,
                "searched_hash": _searched_hash(record),
            }
        )
    _write_letter_states(letters, states)
    _compare_anew(records)
    _write_case_texts(records)  # before the rows that are found by them
    insert_rows(Case, cases, replace_on="letter_id", keep=("superseded_by_id",))


def _dates_of(record: EffectiveRecord) -> dict[str, str | None]:
    return {name: record[name] or None for name in _DATES}


def _compare_anew(records: Mapping[int, EffectiveRecord]) -> None:
    """A letter that gets another case number is compared with others again: it may be a version of one of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM determinations_lettersignature AS signature
            USING unnest(%s::bigint[], %s::text[]) AS now (id, number), determinations_case AS before
            WHERE signature.letter_id = now.id AND before.letter_id = now.id
                AND before.case_number IS DISTINCT FROM now.number
            """,
            [list(records), [record["case_number"] for record in records.values()]],
        )


def _searched_hash(record: EffectiveRecord) -> int:
    """A number for the words and sections that a case is found by."""
    searched: list[object] = [record["case_number"], record["summary"]]
    for item in record["items"]:
        searched += [item["request"], item["rationale"]]
        searched += [[citation["sections"] for citation in item[side]] for side in SIDES]
    return int.from_bytes(blake2b(json.dumps(searched).encode(), digest_size=8).digest(), signed=True)


def _write_letter_states(letters: Mapping[int, Letter], states: Mapping[int, LetterState]) -> None:
    for pk, state in states.items():
        letters[pk].state = state
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_letter AS letter SET state = now.state, message = ''
            FROM unnest(%s::bigint[], %s::text[]) AS now (id, state)
            WHERE letter.id = now.id AND letter.state NOT IN ('received', 'parsing', 'scan_waiting')  -- those wait
            """,
            [list(states), [str(state) for state in states.values()]],
        )


def _write_case_texts(records: Mapping[int, EffectiveRecord]) -> None:
    """Summaries, and what the case is found by: number and requests first, then summary, then rationales."""
    rows = [
        {
            "case_id": pk,
            "summary": record["summary"] or "",
            "named": "\n".join([record["case_number"] or "", *(item["request"] for item in record["items"])]),
            "rationales": "\n".join(item["rationale"] or "" for item in record["items"]),
        }
        for pk, record in records.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO determinations_casetext (case_id, summary, search)
            SELECT case_id, summary,
                {_vector("named", "A")} || {_vector("summary", "B")} || {_vector("rationales", "C")}
            FROM json_to_recordset(%s) AS r (case_id bigint, summary text, named text, rationales text)
            ON CONFLICT (case_id) DO UPDATE SET summary = excluded.summary, search = excluded.search
            """,  # noqa: S608 - constants
            [json.dumps(rows)],
        )


def write_items(records: Mapping[int, EffectiveRecord]) -> None:
    categories, authorities = _category_ids(records.values()), _authority_ids(records.values())
    printed = [(pk, item, record) for pk, record in records.items() for item in record["items"]]
    numbered = list(zip(new_ids(DisputedItem, len(printed)), printed, strict=True))
    insert_rows(
        DisputedItem,
        [
            {
                "id": item_id,
                "case_id": pk,
                "number": item["number"],
                "request": item["request"],
                "disputed": item["disputed"],
                "partly_approved": item["partly_approved"],
                "decision": item["decision"] or "",
                "category_id": categories[item["category"], item["subcategory"]],
                "category_rule": item["category_rule"],
                "body_region": body_region(item["disputed"]) or "",
                "grounds": ground_codes(item),
                "problem_codes": sorted(
                    {p["code"] for p in record["problems"] if p["path"].startswith(f"items/{item['number']}/")}
                ),
            }
            for item_id, (pk, item, record) in numbered
        ],
    )
    _write_item_texts({item_id: item for item_id, (_pk, item, _record) in numbered})
    insert_rows(
        Citation,
        [
            {
                "item_id": item_id,
                "side": side,
                "position": position,
                "authority_id": authorities[citation["authority"]],
                "edition": citation["edition"] or "",
                "sections": list(citation["sections"]),
                "pages": list(citation["pages"]),
                "printed": citation["text"],
            }
            for item_id, (_pk, item, _record) in numbered
            for side in SIDES
            for position, citation in enumerate(item[side])
        ],
    )
    _write_section_names({name for _id, (_pk, item, _record) in numbered for name in _sections_of(item)})


def _sections_of(item: ItemRecord) -> Iterable[str]:
    return (name for side in SIDES for citation in item[side] for name in citation["sections"])


def _write_section_names(names: Set[str]) -> None:
    """Keep the names that are new; sorted, so that two writers cannot wait for each other."""
    if not names:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('names of sections', 0))")
    new = names - set(SectionName.objects.filter(pk__in=names).values_list("pk", flat=True))
    SectionName.objects.bulk_create(
        [SectionName(name=name, label=stored_label(name)) for name in sorted(new)], ignore_conflicts=True
    )


def forget_section_names(names: Sequence[str]) -> None:
    """Forget those of the names that no citation names any more. Meanwhile nobody writes a citation that would."""
    if not names:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('names of sections', 0))")
        cursor.execute(
            """
            DELETE FROM determinations_sectionname AS known WHERE name = ANY(%s)
            AND NOT EXISTS (SELECT FROM determinations_citation WHERE known.name = ANY(sections))
            """,
            [list(names)],
        )


def _write_item_texts(items: Mapping[int, ItemRecord]) -> None:
    """Long texts, and what the item is found by: its request first, then its rationale."""
    rows = [
        {
            "item_id": item_id,
            "request": item["request"],
            "rationale": item["rationale"] or "",
            "claims_text": item["claims_text"] or "",
            "reviewer_text": item["reviewer_text"] or "",
        }
        for item_id, item in items.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO determinations_itemtext (item_id, rationale, claims_text, reviewer_text, search)
            SELECT item_id, rationale, claims_text, reviewer_text,
                {_vector("request", "A")} || {_vector("rationale", "C")}
            FROM json_to_recordset(%s)
                AS r (item_id bigint, request text, rationale text, claims_text text, reviewer_text text)
            """,  # noqa: S608 - constants
            [json.dumps(rows)],
        )


def _vector(column: str, weight: str) -> str:
    return f"setweight(to_tsvector('english', left({column}, {_SEARCHED_CHARACTERS})), '{weight}')"


def outcome_of(decisions: Sequence[str | None]) -> Outcome:
    """A case's outcome from its items' decisions, as the regulator's index words it (uphold, overturn, partial)."""
    if not decisions or not all(decisions):
        return Outcome.UNKNOWN
    overturned = sum(decision == "overturned" for decision in decisions)
    if overturned == 0:
        return Outcome.UPHELD
    return Outcome.OVERTURNED if overturned == len(decisions) else Outcome.PARTLY


def _state_of(record: EffectiveRecord) -> LetterState:
    if record["layout"] is None and not record["items"]:
        return LetterState.UNKNOWN_LAYOUT
    if any(needs_review(problem["code"]) for problem in record["problems"]):
        return LetterState.NEEDS_REVIEW
    return LetterState.PARSED


def _category_ids(records: Iterable[EffectiveRecord]) -> dict[tuple[str, str], int]:
    ids = {(c.name, c.subcategory): c.pk for c in Category.objects.all()}
    for record in records:
        for item in record["items"]:
            key = (item["category"], item["subcategory"])
            if key not in ids:
                ids[key] = Category.objects.get_or_create(name=key[0], subcategory=key[1])[0].pk
    return ids


def _authority_ids(records: Iterable[EffectiveRecord]) -> dict[str, int]:
    """Numbers of the authorities cited; a source that is not seeded (``other/<slug>``) gets a row of its own."""
    ids = dict(Authority.objects.values_list("key", "pk"))
    for record in records:
        for item in record["items"]:
            for citation in (*item["claims"], *item["reviewer"]):
                key = citation["authority"]
                if key not in ids:
                    title = key.split("/", 1)[1].replace("-", " ").capitalize()
                    ids[key] = Authority.objects.get_or_create(
                        key=key, defaults={"family": citation["family"], "title": title}
                    )[0].pk
    return ids
