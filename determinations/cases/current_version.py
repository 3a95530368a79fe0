"""Which of several letters of one case counts: locked, settled, one at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from itertools import combinations, product

from django.db import connection
from django.db.models import Q

from determinations.models import (
    Case,
    LetterPair,
    PairDecision,
)


def lock_case_numbers(numbers: Iterable[str | None]) -> None:
    """Two workers that write letters of one case number take turns; sorted, so that they cannot deadlock."""
    keys = [f"case number {number}" for number in sorted(filter(None, numbers))]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key", [keys])


def settle_versions(numbers: Iterable[str | None], letter_ids: Iterable[int]) -> set[int]:
    """Of letters that are one case only one counts: the newest, unless a person chose. Returns whose standing changed.

    Letters are one case when they share a number or a person merged them, save those that a person keeps apart.
    """
    cases = related_cases(set(filter(None, numbers)), set(letter_ids))
    pairs = list(LetterPair.objects.filter(older__in=cases, newer__in=cases).exclude(decision=PairDecision.OPEN))
    apart = {(pair.older_id, pair.newer_id) for pair in pairs if pair.decision == PairDecision.APART}
    merged = [pair for pair in pairs if pair.decision == PairDecision.MERGED]
    links = [(pair.older_id, pair.newer_id) for pair in sorted(merged, key=lambda pair: (pair.decided_at, pair.pk))]
    by_number: dict[str, list[int]] = defaultdict(list)
    for pk, case in sorted(cases.items()):
        if case.case_number:
            by_number[case.case_number].append(pk)
    of_one_number = (pair for same in by_number.values() for pair in combinations(same, 2) if pair not in apart)
    links += sorted(of_one_number, key=lambda pair: (pair[1], pair[0]), reverse=True)
    changed = []
    for group in _connected(cases, links, apart):
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


def related_cases(numbers: set[str], letter_ids: set[int]) -> dict[int, Case]:
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


def _connected(cases: Iterable[int], links: Iterable[tuple[int, int]], apart: Set[tuple[int, int]]) -> list[list[int]]:
    """Groups of what the links tie together, in their order; never two letters that a person keeps apart.

    A third letter of the same number goes with the newer of those two, until a person says otherwise.
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
