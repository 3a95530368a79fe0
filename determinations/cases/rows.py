"""Writes the rows of cases, items, texts and citations from records. Only ``effective`` calls this."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence, Set

from django.db import connection

from determinations.cases.bulk import insert_rows, new_ids
from determinations.cases.facts import remove_facts
from determinations.cases.fields import EffectiveRecord
from determinations.cases.row_values import (
    References,
    case_row,
    citation_rows,
    codes_by_item,
    item_row,
    searched_hash,
    state_of,
)
from determinations.cases.search_words import SearchWords, search_words, searched_title
from determinations.models import (
    Authority,
    Case,
    Category,
    Citation,
    DisputedItem,
    Letter,
    LetterState,
    SectionName,
)
from determinations.parsing.results import SIDES, ItemRecord
from determinations.reference.section_labels import stored_label
from determinations.searching.terms import version


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


def words_of(records: Mapping[int, EffectiveRecord], notes: Mapping[int, Sequence[str]]) -> dict[int, SearchWords]:
    """What the cases and their items are found by; ``notes`` by letter."""
    rows = Authority.objects.values_list("key", "family", "title")
    titles = {key: searched_title(family, title) for key, family, title in rows}
    return {pk: search_words(record, record["items"], titles, notes.get(pk, ())) for pk, record in records.items()}


def write_case_rows(
    letters: Mapping[int, Letter],
    records: Mapping[int, EffectiveRecord],
    corrected: Set[int],
    words: Mapping[int, SearchWords],
) -> None:
    known = references_of(records.values())
    cases = [
        {
            "letter_id": pk,
            "superseded_by_id": None,
            "corrected": pk in corrected,
            "office_set_id": letters[pk].office_set_id,
            "searched_hash": searched_hash(record, words[pk].digest),
            **case_row(record, known),
        }
        for pk, record in records.items()
    ]
    _write_letter_states(letters, {pk: state_of(record) for pk, record in records.items()})
    _compare_anew(records)
    _write_case_texts(records, words)  # before the rows that are found by them
    insert_rows(Case, cases, replace_on="letter_id", keep=("superseded_by_id",))


def _compare_anew(records: Mapping[int, EffectiveRecord]) -> None:
    """A letter whose case number changed is compared again: it may be a version of another letter."""
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


def _write_case_texts(records: Mapping[int, EffectiveRecord], words: Mapping[int, SearchWords]) -> None:
    """Summaries, and what the case is found by besides its items."""
    rows = [
        {"case_id": pk, "summary": record["summary"] or "", "search": words[pk].letter}
        for pk, record in records.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO determinations_casetext (case_id, summary, search, words_version)
            SELECT case_id, summary, search, %s
            FROM json_to_recordset(%s) AS r (case_id bigint, summary text, search tsvector)
            ON CONFLICT (case_id) DO UPDATE SET summary = excluded.summary, search = excluded.search,
                words_version = excluded.words_version
            """,
            [version(), json.dumps(rows)],
        )


def write_items(records: Mapping[int, EffectiveRecord], words: Mapping[int, SearchWords]) -> None:
    known = references_of(records.values())
    # The first item of a letter gets the highest ID: lists that begin with the newest then keep the letter's order.
    printed = [(pk, item) for pk, record in records.items() for item in reversed(record["items"])]
    vectors = [vector for pk in records for vector in reversed(words[pk].items)]
    codes = {pk: codes_by_item(record) for pk, record in records.items()}
    numbered = list(zip(new_ids(DisputedItem, len(printed)), printed, strict=True))
    insert_rows(
        DisputedItem,
        [
            {"id": item_id, "case_id": pk, **item_row(item, codes[pk].get(str(item["number"]), ()), known)}
            for item_id, (pk, item) in numbered
        ],
    )
    _write_item_texts(
        [(item_id, item, vector) for (item_id, (_pk, item)), vector in zip(numbered, vectors, strict=True)]
    )
    insert_rows(
        Citation,
        [{"item_id": item_id, **row} for item_id, (_pk, item) in numbered for row in citation_rows(item, known)],
    )
    write_section_names({name for _id, (_pk, item) in numbered for name in section_names_of(item)})


def section_names_of(item: ItemRecord) -> Iterable[str]:
    """The names of sections as an item cites them."""
    return (name for side in SIDES for citation in item[side] for name in citation["sections"])


def write_section_names(names: Set[str]) -> None:
    """Store new names; they are sorted so that two writers cannot deadlock."""
    if not names:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('names of sections', 0))")
    new = names - set(SectionName.objects.filter(pk__in=names).values_list("pk", flat=True))
    SectionName.objects.bulk_create(
        [SectionName(name=name, label=stored_label(name)) for name in sorted(new)], ignore_conflicts=True
    )


def forget_section_names(names: Sequence[str]) -> None:
    """Delete the names that no citation uses. A lock blocks citation writers in the meantime."""
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


def _write_item_texts(items: Iterable[tuple[int, ItemRecord, str]]) -> None:
    """Long texts, and what the item is found by."""
    rows = [
        {
            "item_id": item_id,
            "rationale": item["rationale"] or "",
            "claims_text": item["claims_text"] or "",
            "reviewer_text": item["reviewer_text"] or "",
            "search": vector,
        }
        for item_id, item, vector in items
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO determinations_itemtext (item_id, rationale, claims_text, reviewer_text, search)
            SELECT item_id, rationale, claims_text, reviewer_text, search
            FROM json_to_recordset(%s)
                AS r (item_id bigint, rationale text, claims_text text, reviewer_text text, search tsvector)
            """,
            [json.dumps(rows)],
        )


def references_of(records: Collection[EffectiveRecord]) -> References:
    """The rows that the records refer to; missing ones are added."""
    return References(
        _category_ids(records), _authority_ids(records), dict(Authority.objects.values_list("key", "family"))
    )


def _category_ids(records: Iterable[EffectiveRecord]) -> dict[tuple[str, str], int]:
    ids = {(c.name, c.subcategory): c.pk for c in Category.objects.all()}
    named = {(item["category"], item["subcategory"]) for record in records for item in record["items"]}
    for name, subcategory in sorted(named - ids.keys()):
        ids[name, subcategory] = Category.objects.get_or_create(name=name, subcategory=subcategory)[0].pk
    return ids


def _authority_ids(records: Iterable[EffectiveRecord]) -> dict[str, int]:
    """IDs of the cited authorities; a source that is not seeded (``other/<slug>``) gets a row of its own."""
    ids = dict(Authority.objects.values_list("key", "pk"))
    cited = {
        citation["authority"]: citation["family"]
        for record in records
        for item in record["items"]
        for citation in (*item["claims"], *item["reviewer"])
    }
    for key in sorted(cited.keys() - ids.keys()):
        title = key.split("/", 1)[1].replace("-", " ").capitalize()
        ids[key] = Authority.objects.get_or_create(key=key, defaults={"family": cited[key], "title": title})[0].pk
    return ids
