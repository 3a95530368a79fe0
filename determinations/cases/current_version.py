"""Settles which letter of a case counts, under a lock per case number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, product

from django.db import connection
from django.db.models import Q

from determinations.cases.counting_letter import Standing, choose_counting
from determinations.models import (
    Case,
    LetterPair,
    PairDecision,
    PairKind,
)

#: Pairs that do not link letters: they are only similar until staff decide. Identical text links letters immediately.
_UNDECIDED = Q(decision=PairDecision.OPEN) & ~Q(kind__in=(PairKind.TEXT, PairKind.CONTAINED))


@dataclass(frozen=True, slots=True)
class Settled:
    """Cases that began or ceased to count, and cases to rewrite because a copy has corrections."""

    changed: set[int]
    again: set[int]


def lock_case_numbers(numbers: Iterable[str | None]) -> None:
    """Serialize workers that write letters of the same case number; keys are sorted to prevent deadlocks."""
    keys = [f"case number {number}" for number in sorted(filter(None, numbers))]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key", [keys])


def settle_versions(numbers: Iterable[str | None], written: Collection[int]) -> Settled:
    """Settle which letter of each case counts: the most complete copy of the version decided last.

    Letters belong to one case if they share a number or a text, or staff merged them, unless staff keep them apart.
    Staff can choose a different letter to count. ``written`` are the cases that the caller has just written.
    """
    cases = related_cases(set(filter(None, numbers)), set(written))
    pairs = list(LetterPair.objects.filter(older__in=cases, newer__in=cases).exclude(_UNDECIDED))
    apart = {(pair.older_id, pair.newer_id) for pair in pairs if pair.decision == PairDecision.APART}
    merged = [pair for pair in pairs if pair.decision == PairDecision.MERGED]
    tied = [pair for pair in pairs if pair.decision != PairDecision.APART]
    links = [(pair.older_id, pair.newer_id) for pair in sorted(tied, key=lambda pair: (_decided_at(pair), pair.pk))]
    by_number: dict[str, list[int]] = defaultdict(list)
    for pk, case in sorted(cases.items()):
        if case.case_number:
            by_number[case.case_number].append(pk)
    of_one_number = (pair for same in by_number.values() for pair in combinations(same, 2) if pair not in apart)
    links += sorted(of_one_number, key=lambda pair: (pair[1], pair[0]), reverse=True)
    changed: list[Case] = []
    again: set[int] = set()
    for group in _connected(cases, links, apart):
        alone = len(group) == 1
        standing = Standing(group[0], frozenset(), is_corrected=False) if alone else choose_counting(group, merged)
        before = {cases[pk].superseded_by_id for pk in group if cases[pk].is_copy}
        moved = [cases[pk] for pk in group if _moves(cases[pk], standing)]
        changed += moved
        if standing.is_corrected and (moved or standing.counts not in written):
            again.add(standing.counts)
        if moved:  # the letters they were copies of lose their corrections
            again |= {pk for pk in before if pk in cases}
    _write_standing(changed)
    return Settled({case.pk for case in changed}, again)


def _moves(case: Case, standing: Standing) -> bool:
    """Record whether the case counts; returns whether that changed."""
    before = (case.superseded_by_id, case.is_copy)
    case.superseded_by_id = None if case.pk == standing.counts else standing.counts
    case.is_copy = case.pk in standing.copies
    return (case.superseded_by_id, case.is_copy) != before


def _decided_at(pair: LetterPair) -> datetime:
    """Links by staff decisions, in their order, come before detected ones."""
    return pair.decided_at or datetime.max.replace(tzinfo=UTC)


def _write_standing(changed: Iterable[Case]) -> None:
    rows = [(case.pk, case.superseded_by_id, case.is_copy) for case in changed]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_case AS c SET superseded_by_id = now.superseded_by, is_copy = now.is_copy
            FROM unnest(%s::bigint[], %s::bigint[], %s::boolean[]) AS now (id, superseded_by, is_copy)
            WHERE c.letter_id = now.id
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )


def related_cases(numbers: set[str], letter_ids: set[int]) -> dict[int, Case]:
    """The cases of these numbers and letters, and all cases linked to them directly or indirectly."""
    cases: dict[int, Case] = {}
    while True:
        found = Case.objects.filter(Q(case_number__in=numbers) | Q(pk__in=letter_ids)).in_bulk()
        if found.keys() <= cases.keys():
            return cases
        cases |= found
        numbers = {case.case_number for case in cases.values() if case.case_number}
        tied = LetterPair.objects.filter(Q(older__in=cases) | Q(newer__in=cases))
        tied = tied.exclude(_UNDECIDED).exclude(decision=PairDecision.APART)
        letter_ids = {pk for pair in tied.values_list("older_id", "newer_id") for pk in pair} | cases.keys()


def _connected(cases: Iterable[int], links: Iterable[tuple[int, int]], apart: Set[tuple[int, int]]) -> list[list[int]]:
    """Groups of linked letters, in order; two letters that staff keep apart are never in one group.

    A third letter of the same number joins the newer of the two, until staff decide otherwise.
    """
    group_of = {pk: [pk] for pk in cases}
    for one, other in links:
        if group_of[one] is group_of[other]:
            continue
        if any((min(pair), max(pair)) in apart for pair in product(group_of[one], group_of[other])):
            continue
        joined = group_of[one] + group_of[other]
        for pk in joined:
            group_of[pk] = joined
    return list({id(group): group for group in group_of.values()}.values())
