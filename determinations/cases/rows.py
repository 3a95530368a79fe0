"""Writes the rows of cases, items, texts and citations from records. Only ``effective`` calls this."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from django.db import connection

from determinations.cases.bulk import as_json, bulk_cursor, insert_rows, new_ids, put_rows
from determinations.cases.facts import remove_facts, remove_facts_of
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
    CaseText,
    Category,
    Citation,
    DisputedItem,
    ItemText,
    Letter,
    LetterState,
    SectionName,
)
from determinations.models.any_of import array_literal
from determinations.packing.codec import packed_literal
from determinations.parsing.results import SIDES, ItemRecord
from determinations.reference.section_labels import stored_label
from determinations.searching.terms import version
from determinations.searching.vectors import forget_texts


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
            cursor.execute(statement, {"cases": array_literal(case_ids)})


class KnownAuthority(NamedTuple):
    """What writers need of a stored authority."""

    pk: int
    family: str
    title: str


def known_authorities() -> dict[str, KnownAuthority]:
    """All stored authorities by key."""
    rows = Authority.objects.order_by().values_list("key", "pk", "family", "title")
    return {key: KnownAuthority(pk, family, title) for key, pk, family, title in rows}


def words_of(
    records: Mapping[int, EffectiveRecord],
    notes: Mapping[int, Sequence[str]],
    authorities: Mapping[str, KnownAuthority],
) -> dict[int, SearchWords]:
    """What the cases and their items are found by; ``notes`` by letter."""
    titles = {key: searched_title(known.family, known.title) for key, known in authorities.items()}
    try:
        return {pk: search_words(record, record["items"], titles, notes.get(pk, ())) for pk, record in records.items()}
    finally:
        forget_texts()


def write_case_rows(
    letters: Mapping[int, Letter],
    records: Mapping[int, EffectiveRecord],
    known: References,
    corrected: Set[int],
    words: Mapping[int, SearchWords],
    standing: Mapping[int, Case],
    stored: Set[int],
) -> None:
    """Write the rows of cases; ``standing`` says which of them count. Those that have rows (``stored``) keep what they
    have of it (see ``current_version.write_standing``)."""
    cases = [
        {
            "letter_id": pk,
            "superseded_by_id": standing[pk].superseded_by_id,
            "is_copy": standing[pk].is_copy,
            "corrected": pk in corrected,
            "office_set_id": letters[pk].office_set_id,
            "searched_hash": searched_hash(record, words[pk].digest),
            **case_row(record, known),
        }
        for pk, record in records.items()
    ]
    _write_letter_states(letters, {pk: state_of(record) for pk, record in records.items()})
    if before := {pk: record for pk, record in records.items() if pk in stored}:
        _compare_anew(before)
        _remove_facts_of_other_words(before, words)
    _write_case_texts(records, words)  # before the rows that are found by them
    insert_rows(Case, cases, replace_on="letter_id", keep=("superseded_by_id", "is_copy"))


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
    rows = [
        {"id": pk, "state": str(state)}
        for pk, state in states.items()
        if (letters[pk].state, letters[pk].message) != (state, "")
    ]
    for pk, state in states.items():
        letters[pk].state = state
    if not rows:
        return
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_letter AS letter SET state = now.state, message = ''
            FROM json_to_recordset(%s) AS now (id bigint, state text)
            WHERE letter.id = now.id AND letter.state NOT IN ('received', 'parsing', 'scan_waiting')  -- those wait
                AND (letter.state, letter.message) IS DISTINCT FROM (now.state, '')
            """,
            [as_json(rows)],
        )


def _remove_facts_of_other_words(records: Mapping[int, EffectiveRecord], words: Mapping[int, SearchWords]) -> None:
    """Items are found by the words of their letter too: remove their facts if these words changed."""
    rows = [{"case_id": pk, "search": words[pk].letter} for pk in records]
    with bulk_cursor() as cursor:
        cursor.execute(
            """
            SELECT case_id FROM determinations_casetext AS before
            JOIN json_to_recordset(%s) AS r (case_id bigint, search tsvector) USING (case_id)
            WHERE before.search IS DISTINCT FROM r.search
            """,
            [as_json(rows)],
        )
        remove_facts([pk for (pk,) in cursor.fetchall()])


def _write_case_texts(records: Mapping[int, EffectiveRecord], words: Mapping[int, SearchWords]) -> None:
    """Summaries, and what the case is found by besides its items."""
    words_version = version()  # it takes a third of a millisecond
    rows = [
        {
            "case_id": pk,
            "packed_summary": packed_literal(record["summary"]),
            "search": words[pk].letter,
            "words_version": words_version,
        }
        for pk, record in records.items()
    ]
    insert_rows(CaseText, rows, replace_on="case_id")


def write_items(
    records: Mapping[int, EffectiveRecord], known: References, words: Mapping[int, SearchWords], stored: Set[int]
) -> None:
    """Write the items that differ from what is stored: of a letter's thousand items, a save changes a few.

    ``stored`` are the cases that have rows. Facts of written items are removed, because their index is built from what
    the items say (see ``replace_facts``).
    """
    kept = _stored_ids({pk: record for pk, record in records.items() if pk in stored})
    delete_items((records.keys() & stored) - {pk for pk, _number in kept})
    # The first item of a letter gets the highest ID: lists that begin with the newest then keep the letter's order.
    printed = [(pk, item) for pk, record in records.items() for item in reversed(record["items"])]
    vectors = [vector for pk in records for vector in reversed(words[pk].items)]
    codes = {pk: codes_by_item(record) for pk, record in records.items()}
    new = [(pk, item["number"]) for pk, item in printed if (pk, item["number"]) not in kept]
    ids = {**kept, **dict(zip(new, new_ids(DisputedItem, len(new)), strict=True))}
    numbered = [(ids[pk, item["number"]], pk, item) for pk, item in printed]
    rows = [
        {"id": item_id, "case_id": pk, **item_row(item, codes[pk].get(str(item["number"]), ()), known)}
        for item_id, pk, item in numbered
    ]
    texts = [_text_row(item_id, item, vector) for (item_id, _pk, item), vector in zip(numbered, vectors, strict=True)]
    citations = [{"item_id": item_id, **row} for item_id, _pk, item in numbered for row in citation_rows(item, known)]
    written = put_rows(DisputedItem, rows, key="id") | put_rows(ItemText, texts, key="item_id")
    before = set(kept.values())
    written |= _put_citations(citations, before)
    remove_facts_of(written & before)
    write_section_names(
        {name for item_id, _pk, item in numbered if item_id in written for name in section_names_of(item)}
    )


def _stored_ids(records: Mapping[int, EffectiveRecord]) -> dict[tuple[int, int], int]:
    """The IDs of stored items by case and number, of the cases whose items have the same numbers as before.

    Items of old cases, whose first item has the lowest ID, are written anew.
    """
    if not records:
        return {}
    stored: dict[int, dict[tuple[int, int], int]] = {}
    items = DisputedItem.objects.filter(case__in=records).order_by("-id").values_list("case_id", "number", "id")
    for pk, number, item_id in items:
        stored.setdefault(pk, {})[pk, number] = item_id
    same = [ids for pk, ids in stored.items() if list(ids) == [(pk, item["number"]) for item in records[pk]["items"]]]
    return {place: item_id for ids in same for place, item_id in ids.items()}


def _put_citations(rows: Sequence[Mapping[str, object]], kept: Set[int]) -> set[int]:
    """Write the citations of items, of which ``kept`` are stored; returns those of them whose citations changed."""
    changed = _with_other_citations([row for row in rows if row["item_id"] in kept], kept) if kept else set()
    if changed:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM determinations_citation WHERE item_id = ANY(%s)", [list(changed)])
    insert_rows(Citation, [row for row in rows if row["item_id"] in changed or row["item_id"] not in kept])
    return changed


def _with_other_citations(rows: Sequence[Mapping[str, object]], kept: Collection[int]) -> set[int]:
    """The items whose stored citations are not these rows."""
    columns = "item_id, side, position, authority_id, edition, sections, pages, printed"
    with bulk_cursor() as cursor:
        cursor.execute(
            f"""
            WITH now AS MATERIALIZED (
                SELECT {columns} FROM json_populate_recordset(NULL::determinations_citation, %(rows)s)
            ), before AS MATERIALIZED (
                SELECT {columns} FROM determinations_citation WHERE item_id = ANY(%(kept)s)
            )
            SELECT item_id FROM (TABLE now EXCEPT TABLE before) AS added
            UNION SELECT item_id FROM (TABLE before EXCEPT TABLE now) AS removed
            """,  # noqa: S608 - names of our own columns
            {"rows": as_json(rows), "kept": list(kept)},
        )
        return {item_id for (item_id,) in cursor.fetchall()}


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


def _text_row(item_id: int, item: ItemRecord, vector: str) -> dict[str, object]:
    """The columns of an item's long texts, and what the item is found by."""
    return {
        "item_id": item_id,
        "packed_rationale": packed_literal(item["rationale"]),
        "packed_claims_text": packed_literal(item["claims_text"]),
        "packed_reviewer_text": packed_literal(item["reviewer_text"]),
        "search": vector,
    }


def references_of(records: Collection[EffectiveRecord], known_already: Mapping[str, KnownAuthority]) -> References:
    """The rows that the records refer to; missing ones are added."""
    authorities = _authorities(records, known_already)
    return References(
        _category_ids(records),
        {key: pk for key, (pk, _family) in authorities.items()},
        {key: family for key, (_pk, family) in authorities.items()},
    )


def _category_ids(records: Iterable[EffectiveRecord]) -> dict[tuple[str, str], int]:
    rows = Category.objects.order_by().values_list("name", "subcategory", "pk")
    ids = {(name, subcategory): pk for name, subcategory, pk in rows}
    named = {(item["category"], item["subcategory"]) for record in records for item in record["items"]}
    for name, subcategory in sorted(named - ids.keys()):
        ids[name, subcategory] = Category.objects.get_or_create(name=name, subcategory=subcategory)[0].pk
    return ids


def _authorities(
    records: Iterable[EffectiveRecord], known_already: Mapping[str, KnownAuthority]
) -> dict[str, tuple[int, str]]:
    """IDs and families of authorities by key; a cited source without one (``other/<slug>``) gets a row."""
    rows = {key: (known.pk, known.family) for key, known in known_already.items()}
    cited = {
        citation["authority"]: citation["family"]
        for record in records
        for item in record["items"]
        for citation in (*item["claims"], *item["reviewer"])
    }
    for key in sorted(cited.keys() - rows.keys()):
        title = key.split("/", 1)[1].replace("-", " ").capitalize()
        row, _is_new = Authority.objects.get_or_create(key=key, defaults={"family": cited[key], "title": title})
        rows[key] = (row.pk, row.family)
    return rows
