"""Effective values: what the parser said with active corrections on top, written into the tables people read.

``write_cases`` is the only writer of cases, items, citations and facts. It always starts from the parsed document and
the corrections, so that running it again changes nothing, and no correction can be lost by a re-parse.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from itertools import combinations
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from determinations import reviews
from determinations.category_rules import active_rules, with_rules
from determinations.item_marks import said_of_items
from determinations.merging import Merged, Record, merge
from determinations.models import (
    Authority,
    AuthorityAlias,
    Case,
    Category,
    Citation,
    Correction,
    DisputedItem,
    Letter,
    LetterPair,
    LetterState,
    Outcome,
    PairDecision,
    ParsedDocument,
    PrintedCitation,
)
from determinations.parsing.categories import body_region
from determinations.parsing.citations import normalised_form
from determinations.parsing.citations.normalise import authority
from determinations.parsing.problems import needs_review
from determinations.rows import insert_rows, new_ids
from determinations.statistics.facts import hold_families, remove_facts, replace_facts

#: PostgreSQL refuses a search vector over 1 MB; no real letter comes near.
_SEARCHED_CHARACTERS = 200_000
_DATES = ("date_assigned", "date_of_injury", "decision_date", "ur_denial_date", "application_received")


def effective_record(document: Mapping[str, Any], corrections: Iterable[Correction]) -> Record:
    """The parsed document with corrections put on top; problems that people settled are gone (see ``merging``)."""
    return merge(document, corrections).record


def write_cases(letter_ids: Collection[int]) -> None:
    """Write the effective rows of letters that have a parsed document: cases, items, texts, citations, facts.

    Also sets each letter's state (parsed, needs review, layout not known), and settles which version of a case
    number counts. All or nothing: one transaction.
    """
    with transaction.atomic():
        hold_families()
        letters = {letter.pk: letter for letter in _locked(letter_ids)}
        rules = active_rules()
        parsed = ParsedDocument.objects.filter(letter__in=letters).values_list("letter_id", "document")
        documents = {pk: with_rules(document, rules) for pk, document in parsed}
        corrections = _corrections_of(letters.values())
        known = set(Case.objects.filter(pk__in=letters).values_list("pk", flat=True))
        old_numbers = set(Case.objects.filter(pk__in=known).values_list("case_number", flat=True))
        merged = {pk: merge(document, corrections[pk]) for pk, document in documents.items()}
        records = {pk: each.record for pk, each in merged.items()}
        _write_states(corrections, merged)
        _lock_case_numbers(old_numbers | {record["case_number"] for record in records.values()})
        _delete_items(known)
        _write_case_rows(letters, records, {pk for pk, each in merged.items() if each.corrected})
        _write_items(records)
        touched = _settle_versions(
            old_numbers | {record["case_number"] for record in records.values()}, records.keys()
        )
        replace_facts(touched | records.keys())
        _write_printed(documents)
        reviews.refresh(letters, merged)


def entered_by_hand(letter_ids: Collection[int]) -> set[int]:
    """Those of the letters whose case people made: the parser gave no document, or they added items to it.

    Such a case stays whatever a later reading of the file says.
    """
    if not letter_ids:
        return set()
    corrected = Letter.objects.filter(pk__in=letter_ids).filter(
        Exists(Correction.objects.filter(letter_sha256=OuterRef("sha256")))
    )
    corrections = _corrections_of(corrected)
    parsed = ParsedDocument.objects.filter(letter__in=corrections)
    return {
        each.letter_id
        for each in parsed
        if not each.parser_version or _has_items_by_hand(merge(each.document, corrections[each.letter_id]))
    }


def _has_items_by_hand(merged: Merged) -> bool:
    return any(not merged.bases[item["key"]] for item in merged.record["items"])


def remove_letters(letter_ids: Collection[int]) -> None:
    """Delete letters with everything read from them. Where a newer version goes, the one before it counts again.

    Corrections and audit rows stay: they name the letter by number. The stored file is the caller's to remove.
    """
    with transaction.atomic():
        hold_families()
        ids = [letter.pk for letter in _locked(letter_ids)]
        numbers = set(Case.objects.filter(pk__in=ids).values_list("case_number", flat=True))
        _lock_case_numbers(numbers)
        related = _related_cases(set(filter(None, numbers)), set(ids)).keys() - set(ids)
        _delete_items(ids)
        Letter.objects.filter(pk__in=ids).delete()
        replace_facts(_settle_versions(numbers, related) | set(_without_facts(related)))


def _without_facts(case_ids: Iterable[int]) -> Iterable[int]:
    """Cases that count but have no facts: deleting the newer version has cleared what superseded them."""
    current = Case.objects.current().filter(pk__in=list(case_ids), item_count__gt=0)
    return current.filter(facts__isnull=True).values_list("pk", flat=True)


def _corrections_of(letters: Iterable[Letter]) -> dict[int, list[Correction]]:
    """All corrections of these letters. They are found by the letter's bytes, whatever number it now has."""
    ids = {letter.sha256: letter.pk for letter in letters}
    found: dict[int, list[Correction]] = defaultdict(list)
    for correction in Correction.objects.filter(letter_sha256__in=ids).order_by("pk"):
        found[ids[correction.letter_sha256]].append(correction)
    return found


def _write_states(corrections: Mapping[int, Sequence[Correction]], merged: Mapping[int, Merged]) -> None:
    """Keep how each correction stands, and the number that its letter has now."""
    moved = []
    for pk, each in merged.items():
        for correction in corrections[pk]:
            state = each.states[correction.pk]
            if (correction.state, correction.letter_id) != (state, pk):
                correction.state, correction.letter_id = state, pk
                moved.append(correction)
    if moved:
        Correction.objects.bulk_update(moved, ["state", "letter_id"])


def _locked(letter_ids: Collection[int]) -> QuerySet[Letter]:
    """The letters, locked in the order of their numbers.

    The lock lets others point at the letter: a writer that holds the lock of a case number writes rows that name the
    other letters of that number, whose own writers may be waiting for that very lock.
    """
    return Letter.objects.filter(pk__in=letter_ids).select_for_update(no_key=True).order_by("pk")


def _lock_case_numbers(numbers: Iterable[str | None]) -> None:
    """Two workers that write letters of one case number take turns; sorted, so that they cannot deadlock."""
    keys = [f"case number {number}" for number in sorted(filter(None, numbers))]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key", [keys])


def _delete_items(case_ids: Collection[int]) -> None:
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


def _write_case_rows(letters: Mapping[int, Letter], records: Mapping[int, Record], corrected: Set[int]) -> None:
    categories, authorities = _category_ids(records.values()), _authority_ids(records.values())
    families = dict(Authority.objects.values_list("key", "family"))
    states = {pk: _state_of(record) for pk, record in records.items()}
    cases = []
    for pk, record in records.items():
        items = record["items"]
        cited = {
            side: sorted({authorities[c["authority"]] for item in items for c in item[side]})
            for side in ("claims", "reviewer")
        }
        cases.append(
            {
                "letter_id": pk,
                "superseded_by_id": None,
                "kept_apart": False,
                "layout": record["layout"] or "",
                "case_number": record["case_number"],
                **{name: record[name] or None for name in _DATES},
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
                "said_of_items": said_of_items(items, families),
                "problem_codes": sorted({p["code"] for p in record["problems"] if not p["path"].startswith("items/")}),
                "all_problem_codes": sorted({p["code"] for p in record["problems"]}),
                "problem_count": len(record["problems"]),
                "state": states[pk],
                "corrected": pk in corrected,
            }
        )
    _write_letter_states(letters, states)
    insert_rows(Case, cases, replace_on="letter_id", keep=("superseded_by_id", "kept_apart"))
    _write_case_texts(records)


def _write_letter_states(letters: Mapping[int, Letter], states: Mapping[int, LetterState]) -> None:
    for pk, state in states.items():
        letters[pk].state = state
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_letter AS letter SET state = now.state, message = ''
            FROM unnest(%s::bigint[], %s::text[]) AS now (id, state) WHERE letter.id = now.id
            """,
            [list(states), [str(state) for state in states.values()]],
        )


def _write_case_texts(records: Mapping[int, Record]) -> None:
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


def _write_items(records: Mapping[int, Record]) -> None:
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
            for side in ("claims", "reviewer")
            for position, citation in enumerate(item[side])
        ],
    )


def _write_item_texts(items: Mapping[int, Mapping[str, Any]]) -> None:
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


def _write_printed(documents: Mapping[int, Mapping[str, Any]]) -> None:
    """The work-list of aliases: citations of these letters whose source is not known, or known by an alias."""
    aliases = dict(AuthorityAlias.objects.filter(active=True).values_list("normalised", "authority__key"))
    PrintedCitation.objects.filter(letter__in=documents).delete()
    rows = []
    for pk, document in documents.items():
        for item in document["items"]:
            for side in ("claims", "reviewer"):
                for citation in item[side]:
                    form, key = normalised_form(citation["text"]), citation["authority"]
                    aliased = any(to == key and f" {alias} " in f" {form} " for alias, to in aliases.items())
                    if form and (aliased or is_unknown(key)):
                        rows.append(
                            PrintedCitation(
                                letter_id=pk,
                                path=f"items/{item['number']}/{side}",
                                printed=citation["text"][:500],
                                normalised=form[:500],
                                authority_key=key,
                                aliased=aliased,
                            )
                        )
    PrintedCitation.objects.bulk_create(rows)


def is_unknown(authority_key: str) -> bool:
    """Whether the parser could only say that something is cited, not what."""
    if authority_key in ("other/unrecognised", "other/web-page"):
        return True
    return authority_key.startswith("other/") and authority(authority_key) is None


def _settle_versions(numbers: Iterable[str | None], letter_ids: Iterable[int]) -> set[int]:
    """Of letters that are one case only one counts: the newest, unless a person chose. Returns whose standing changed.

    Letters are one case when they share a number or a person merged them, save those that a person keeps apart.
    """
    cases = _related_cases(set(filter(None, numbers)), set(letter_ids))
    pairs = list(LetterPair.objects.filter(older__in=cases, newer__in=cases).exclude(decision=PairDecision.OPEN))
    apart = {(pair.older_id, pair.newer_id) for pair in pairs if pair.decision == PairDecision.APART}
    merged = [pair for pair in pairs if pair.decision == PairDecision.MERGED]
    links = {(pair.older_id, pair.newer_id) for pair in merged}
    by_number: dict[str, list[int]] = defaultdict(list)
    for pk, case in sorted(cases.items()):
        if case.case_number and not case.kept_apart:
            by_number[case.case_number].append(pk)
    links |= {pair for same in by_number.values() for pair in combinations(same, 2) if pair not in apart}
    changed = []
    for group in _connected(cases, links):
        counts = _counting(group, merged)
        for pk in group:
            superseded_by = None if pk == counts else counts
            if cases[pk].superseded_by_id != superseded_by:
                cases[pk].superseded_by_id = superseded_by
                changed.append(cases[pk])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_case AS c SET superseded_by_id = now.superseded_by
            FROM unnest(%s::bigint[], %s::bigint[]) AS now (id, superseded_by) WHERE c.letter_id = now.id
            """,
            [[case.pk for case in changed], [case.superseded_by_id for case in changed]],
        )
    return {case.pk for case in changed}


def _related_cases(numbers: set[str], letter_ids: set[int]) -> dict[int, Case]:
    """The cases of these numbers and letters, and those that decisions of people tie to them, near and far."""
    cases: dict[int, Case] = {}
    while True:
        found = Case.objects.filter(Q(case_number__in=numbers) | Q(pk__in=letter_ids)).in_bulk()
        if found.keys() <= cases.keys():
            return cases
        cases |= found
        numbers = {case.case_number for case in cases.values() if case.case_number}
        tied = LetterPair.objects.filter(Q(older__in=cases) | Q(newer__in=cases), decision=PairDecision.MERGED)
        letter_ids = {pk for pair in tied.values_list("older_id", "newer_id") for pk in pair} | cases.keys()


def _connected(cases: Iterable[int], links: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Groups of what the links tie together."""
    group_of = {pk: [pk] for pk in cases}
    for one, other in links:
        if group_of[one] is not group_of[other]:
            joined = group_of[one] + group_of[other]
            for pk in joined:
                group_of[pk] = joined
    return list({id(group): group for group in group_of.values()}.values())


def _counting(group: Sequence[int], merged: Iterable[LetterPair]) -> int:
    """The newest, or the one that a person chose before it."""
    counts = max(group)
    for _choice in group:
        choices = [pair for pair in merged if counts in (pair.older_id, pair.newer_id) and pair.counts_id in group]
        chosen = max(choices, key=lambda pair: (pair.decided_at, pair.pk)).counts_id if choices else counts
        if chosen == counts or chosen is None:
            break
        counts = chosen
    return counts


def outcome_of(decisions: Sequence[str | None]) -> Outcome:
    """A case's outcome from its items' decisions, as the regulator's index words it (uphold, overturn, partial)."""
    if not decisions or not all(decisions):
        return Outcome.UNKNOWN
    overturned = sum(decision == "overturned" for decision in decisions)
    if overturned == 0:
        return Outcome.UPHELD
    return Outcome.OVERTURNED if overturned == len(decisions) else Outcome.PARTLY


def _state_of(record: Record) -> LetterState:
    if record["layout"] is None and not record["items"]:
        return LetterState.UNKNOWN_LAYOUT
    if any(needs_review(problem["code"]) for problem in record["problems"]):
        return LetterState.NEEDS_REVIEW
    return LetterState.PARSED


def _category_ids(records: Iterable[Record]) -> dict[tuple[str, str], int]:
    ids = {(c.name, c.subcategory): c.pk for c in Category.objects.all()}
    for record in records:
        for item in record["items"]:
            key = (item["category"], item["subcategory"])
            if key not in ids:
                ids[key] = Category.objects.get_or_create(name=key[0], subcategory=key[1])[0].pk
    return ids


def _authority_ids(records: Iterable[Record]) -> dict[str, int]:
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
