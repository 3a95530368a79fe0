"""Settles which letter of a case counts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import combinations, pairwise, product

from django.db import connection

from determinations.cases.counting_letter import Standing, choose_counting, read_letters
from determinations.cases.holding import UNDECIDED
from determinations.models import Case, Correction, Letter, LetterPair, PairDecision
from determinations.models.any_of import AnyOf


@dataclass(frozen=True, slots=True)
class Settled:
    """Cases that began or ceased to count or to be copies (``moved``), and those that count for other letters now.

    ``joined`` are cases that count with corrected copies, and those that a copy joined or left: its corrections and
    reports of problems come and go with it.
    """

    moved: set[int]
    joined: set[int]


def settle_versions(
    cases: Mapping[int, Case],
    written: Collection[int],
    letters: Mapping[int, Letter],
    corrections: Mapping[int, Sequence[Correction]],
) -> Settled:
    """Settle which letter of each case counts: the most complete copy of the version decided last.

    Letters belong to one case if they share a number or a text, or staff merged them, unless staff keep them apart or
    they belong to different offices: then one office would lose its case to a letter that it cannot see.
    Staff can choose a different letter to count. While the document or text of one of its letters is damaged,
    a case keeps the standing of its letters: what a damaged letter decides cannot be compared.

    ``cases`` are all that may belong together (``holding``); their standing is changed in memory only (see
    :func:`write_standing`). ``written`` are those that the caller writes, ``letters`` and ``corrections`` their
    letters and the lasting corrections of these, by number.
    """
    pairs = _decided_pairs(cases.keys())
    apart = {(pair.older_id, pair.newer_id) for pair in pairs if pair.decision == PairDecision.APART}
    merged = [pair for pair in pairs if pair.decision == PairDecision.MERGED]
    tied = [pair for pair in pairs if pair.decision != PairDecision.APART]
    offices = {pk: case.office_set_id for pk, case in cases.items()}
    groups = _connected(offices, _links(cases, tied, apart), apart)
    known = read_letters([pk for group in groups if len(group) > 1 for pk in group], letters, corrections)
    families: list[tuple[list[int], Standing]] = []
    for group in groups:
        if len(group) == 1:
            families.append((group, Standing(group[0], frozenset(), is_corrected=False)))
        elif known.damaged.isdisjoint(group):
            families.append((group, choose_counting(group, merged, known)))
        else:
            families += _as_they_stand(cases, group, corrections)
    settled = Settled(set(), set())
    for group, standing in families:
        before = _copies(cases, group)
        moved = {pk for pk in group if _moves(cases[pk], standing)}
        settled.moved.update(moved)
        for copies in (before, _copies(cases, group)):
            settled.joined.update(cases.keys() & {copies[pk] for pk in moved & copies.keys()})
        if standing.is_corrected and (moved or not set(written).isdisjoint(group)):
            settled.joined.add(standing.counts)
    return settled


def _decided_pairs(letter_ids: Collection[int]) -> list[LetterPair]:
    """The pairs among these letters that link them, or keep them apart."""
    if len(letter_ids) < 2:
        return []
    among = LetterPair.objects.filter(AnyOf("older", letter_ids), AnyOf("newer", letter_ids))
    return list(among.exclude(UNDECIDED))


def _links(
    cases: Mapping[int, Case], tied: Iterable[LetterPair], apart: Set[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Pairs of letters that belong to one case, in the order in which they are put together: those ``tied``, then
    letters of one office with one number, the newest first.
    """
    by_number: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for pk, case in sorted(cases.items()):
        if case.case_number:
            by_number[case.case_number, case.office_set_id].append(pk)
    # Where nothing keeps letters apart, it does not matter by which links they come together.
    pairs_of = partial(combinations, r=2) if apart else pairwise
    of_one_number = (pair for same in by_number.values() for pair in pairs_of(same) if pair not in apart)
    return [
        *((pair.older_id, pair.newer_id) for pair in sorted(tied, key=lambda pair: (_decided_at(pair), pair.pk))),
        *sorted(of_one_number, key=lambda pair: (pair[1], pair[0]), reverse=True),
    ]


def _as_they_stand(
    cases: Mapping[int, Case], group: Sequence[int], corrections: Mapping[int, Sequence[Correction]]
) -> Iterator[tuple[list[int], Standing]]:
    """The letters of a group that count now, each with those that it counts for.

    A letter that joined the group, or whose counting letter left it, counts for itself, so that nothing is hidden.
    """
    families: dict[int, list[int]] = defaultdict(list)
    for pk in group:
        newer = cases[pk].superseded_by_id
        families[newer if newer is not None and newer in group else pk].append(pk)
    for counts, family in families.items():
        copies = frozenset(pk for pk in family if pk != counts and cases[pk].is_copy)
        yield family, Standing(counts, copies, is_corrected=any(corrections.get(pk) for pk in family))


def _copies(cases: Mapping[int, Case], group: Iterable[int]) -> dict[int, int | None]:
    """The letter that counts, by copy."""
    return {pk: cases[pk].superseded_by_id for pk in group if cases[pk].is_copy}


def _moves(case: Case, standing: Standing) -> bool:
    """Record whether the case counts; returns whether that changed."""
    before = (case.superseded_by_id, case.is_copy)
    case.superseded_by_id = None if case.pk == standing.counts else standing.counts
    case.is_copy = case.pk in standing.copies
    return (case.superseded_by_id, case.is_copy) != before


def _decided_at(pair: LetterPair) -> datetime:
    """Links by staff decisions, in their order, come before detected ones."""
    return pair.decided_at or datetime.max.replace(tzinfo=UTC)


def write_standing(changed: Iterable[Case]) -> None:
    """Store which of these cases count, and which are copies."""
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


def _connected(
    offices: Mapping[int, int | None], links: Iterable[tuple[int, int]], apart: Set[tuple[int, int]]
) -> list[list[int]]:
    """Groups of linked letters, in order; two letters of different ``offices``, or that staff keep apart, are never in
    one group.

    A third letter of the same number joins the newer of the two, until staff decide otherwise.
    """
    group_of = {pk: [pk] for pk in offices}
    for one, other in links:
        # All letters of a group are of one office.
        if group_of[one] is group_of[other] or offices[one] != offices[other]:
            continue
        if apart and any((min(pair), max(pair)) in apart for pair in product(group_of[one], group_of[other])):
            continue
        joined = group_of[one] + group_of[other]
        for pk in joined:
            group_of[pk] = joined
    return list({id(group): group for group in group_of.values()}.values())
