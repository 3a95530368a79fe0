"""Duplicate detection: finds likely duplicates and records staff's decisions.

Without a decision ``cases.counting_letter`` settles which letter counts. Staff may decide that two letters are the
same, and which of them counts, or that two of one number are not.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.effective import write_cases
from determinations.cases.holding import Held, holding, lock_letters
from determinations.cases.item_keys import folded
from determinations.cases.merging import empty_document
from determinations.cases.readable_values import note_damaged, readable_documents
from determinations.corrections.likeness import bands_of, minima_of, percent_alike, wording_of
from determinations.intake.offices import move_letters, offices_of
from determinations.models import (
    Case,
    DamagedValue,
    Letter,
    LetterPair,
    LetterSignature,
    LetterText,
    PairDecision,
    PairKind,
    ParsedDocument,
    ReviewSettings,
)
from determinations.parsing.results import LetterRecord

#: Each letter is compared with at most this many others.
_COMPARED = 50
#: Characters of summary and rationales that no two letters have in common by chance.
_LEAST_SAID = 300
#: The folded hash of an empty text.
_NO_TEXT = hashlib.sha256().hexdigest()
#: Pairs of these kinds are one letter unless staff keep them apart.
_SAME = (PairKind.TEXT, PairKind.CONTAINED)


def find_pairs(letter_ids: Sequence[int], *, now: datetime) -> int:
    """Store the letters' signatures and the pairs that may be copies or versions; returns how many pairs are new."""
    documents = readable_documents(ParsedDocument.objects.filter(letter__in=letter_ids))
    note_damaged(documents.damaged, DamagedValue.DOCUMENT)
    nothing = dict.fromkeys(documents.damaged, empty_document())  # like no other, and not compared again and again
    signatures = {}
    for pk, document in {**documents.values, **nothing}.items():
        minima = minima_of(wording_of(document))
        signatures[pk] = LetterSignature(letter_id=pk, minima=minima, bands=bands_of(minima))
    _store_signatures(signatures)
    least = ReviewSettings.now().alike_percent
    pairs = [pair for pk in signatures for pair in _pairs_of(signatures[pk], least, now)]
    before = LetterPair.objects.filter(newer__in=letter_ids).count()
    _store_pairs(pairs)
    same = {pk for pair in pairs if pair.kind in _SAME for pk in (pair.older_id, pair.newer_id)}
    if same:  # they are tied without a decision of staff
        write_cases(same)
    return LetterPair.objects.filter(newer__in=letter_ids).count() - before


def _store_signatures(signatures: Mapping[int, LetterSignature]) -> None:
    """Store the signatures of letters that were not removed in the meantime; their rows are locked (LOCK_ORDER)."""
    with transaction.atomic():
        there = lock_letters(signatures).values_list("pk", flat=True)
        LetterSignature.objects.bulk_create(
            (signatures[pk] for pk in there),
            update_conflicts=True,
            unique_fields=["letter"],
            update_fields=["minima", "bands"],
        )


def _store_pairs(pairs: Collection[LetterPair]) -> None:
    """Store the pairs of letters that were not removed in the meantime; their rows are locked (LOCK_ORDER)."""
    with transaction.atomic():
        compared = {pk for pair in pairs for pk in (pair.older_id, pair.newer_id)}
        there = set(lock_letters(compared).values_list("pk", flat=True))
        LetterPair.objects.bulk_create(
            (pair for pair in pairs if {pair.older_id, pair.newer_id} <= there), ignore_conflicts=True
        )


def unsigned(limit: int) -> list[int]:
    """Letters that were read but not compared yet."""
    waiting = ParsedDocument.objects.filter(letter__signature=None).order_by("letter_id")
    return list(waiting.values_list("letter_id", flat=True)[:limit])


def _pairs_of(signature: LetterSignature, least: int, now: datetime) -> Iterable[LetterPair]:
    pk = signature.letter_id
    kinds: dict[int, PairKind] = {}
    number = Case.objects.filter(pk=pk).values_list("case_number", flat=True).first()
    sharing = list(_sharing_a_band(signature))
    contained = _contained(pk, number, [other.letter_id for other in sharing])
    for other in sharing:
        if other.letter_id in contained:
            kinds[other.letter_id] = PairKind.CONTAINED
        elif percent_alike(signature.minima, other.minima) >= least:
            kinds[other.letter_id] = PairKind.ALIKE
    own_text = LetterText.objects.filter(pk=pk).exclude(folded_sha256=_NO_TEXT).values("folded_sha256")
    same_text = LetterText.objects.filter(folded_sha256__in=own_text).exclude(pk=pk).order_by("-pk")
    for other_pk in same_text.values_list("pk", flat=True)[:_COMPARED]:
        kinds[other_pk] = PairKind.TEXT
    if number:
        versions = Case.objects.filter(case_number=number).exclude(pk=pk).order_by("-pk")
        for other_pk in versions.values_list("pk", flat=True)[:_COMPARED]:
            kinds.setdefault(other_pk, PairKind.CASE_NUMBER)
            if kinds[other_pk] == PairKind.ALIKE:
                kinds[other_pk] = PairKind.CASE_NUMBER
    minima = dict(LetterSignature.objects.filter(pk__in=kinds).values_list("pk", "minima"))
    for other_pk, kind in kinds.items():
        percent = percent_alike(signature.minima, minima[other_pk]) if other_pk in minima else 100
        yield LetterPair(
            older_id=min(pk, other_pk), newer_id=max(pk, other_pk), kind=kind, percent=percent, found_at=now
        )


def _contained(letter_id: int, number: str | None, others: Sequence[int]) -> set[int]:
    """The others whose items are this letter's, or the other way round, where one of the two has no case number.

    Letters of different numbers are different letters; those of one number are versions of one case anyway.
    """
    rows = Case.objects.filter(pk__in=others)
    candidates = set((rows if number is None else rows.filter(case_number=None)).values_list("pk", flat=True))
    if not candidates:
        return set()
    stored = ParsedDocument.objects.filter(pk__in=[letter_id, *candidates])
    read = readable_documents(stored)
    note_damaged(read.damaged, DamagedValue.DOCUMENT)
    documents = dict(read.values)
    own = documents.pop(letter_id, None)  # a letter may have been removed in the meantime
    return {pk for pk, other in documents.items() if own and _is_contained(other, own)}


def _is_contained(one: LetterRecord, other: LetterRecord) -> bool:
    """Whether one letter says nothing of its case and items but what the other says too."""
    dates = {one["decision_date"], other["decision_date"]} - {None}
    summaries = {folded(summary) for summary in (one["summary"], other["summary"]) if summary}
    if len(dates) > 1 or len(summaries) > 1:
        return False
    fewer, more = sorted((_said(one), _said(other)), key=len)
    said = sum(len(rationale) for _request, _decision, rationale in fewer)
    return bool(fewer) and fewer <= more and said + sum(map(len, summaries)) >= _LEAST_SAID


def _said(document: LetterRecord) -> set[tuple[str, str | None, str]]:
    """Each item's request, decision and rationale; an item without a rationale is not compared."""
    return {
        (folded(item["request"]), item["decision"], folded(item["rationale"]))
        for item in document["items"]
        if item["rationale"]
    }


def _sharing_a_band(signature: LetterSignature) -> Iterable[LetterSignature]:
    if not signature.bands:
        return []
    alike = LetterSignature.objects.filter(bands__overlap=signature.bands).exclude(pk=signature.letter_id)
    return alike[:_COMPARED]


def decide(
    pair_id: int,
    decision: PairDecision,
    *,
    by: User,
    now: datetime,
    counts: int | None = None,
    note: str = "",
) -> None:
    """Record a decision on a pair; ``counts`` is the one of two merged letters that lists and statistics use.

    Lists and statistics change immediately. A decision can be changed at any time; the audit trail keeps each.
    Letters of different offices that are one letter belong to the offices of both from then on.
    """
    check_permission(by, "correct_cases")
    letters = LetterPair.objects.values_list("older_id", "newer_id").get(pk=pair_id)
    if decision == PairDecision.MERGED and Letter.objects.filter(pk__in=letters).distinct("office_set").count() > 1:
        move_letters(letters, offices_of(letters), by=by, now=now)

    def save(held: Held) -> None:
        pair = LetterPair.objects.get(pk=pair_id)
        pair.decision, pair.decided_by_id, pair.decided_at, pair.note = decision, by.pk, now, note[:500]
        pair.counts_id = (
            counts if decision == PairDecision.MERGED and counts in (pair.older_id, pair.newer_id) else None
        )
        if decision == PairDecision.MERGED and pair.counts_id is None:
            pair.counts_id = pair.newer_id
        pair.save()
        write_cases(letters, held)
        audit.record(
            "letters.compared",
            by=by,
            at=now,
            letter_id=pair.newer_id,
            pair=pair.pk,
            older=pair.older_id,
            decision=decision,
            counts=pair.counts_id,
        )

    holding(letters, save)
