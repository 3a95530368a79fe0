"""Letters that may be the same one: found, and decided by a person.

Without a decision the newest letter of a case number counts (``effective``). A person may say that two letters are the
same, and which of them counts, or that two of one number are not.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.effective import write_cases
from determinations.corrections.likeness import bands_of, minima_of, percent_alike, wording_of
from determinations.models import (
    Case,
    LetterPair,
    LetterSignature,
    LetterText,
    PairDecision,
    PairKind,
    ParsedDocument,
    ReviewSettings,
)

#: Letters compared with one letter at most.
_COMPARED = 50


def find_pairs(letter_ids: Sequence[int], *, now: datetime) -> int:
    """Sign these letters and note which others each may be a copy or a version of; returns how many pairs are new."""
    documents = dict(ParsedDocument.objects.filter(letter__in=letter_ids).values_list("letter_id", "document"))
    signatures = {}
    for pk, document in documents.items():
        minima = minima_of(wording_of(document))
        signatures[pk] = LetterSignature(letter_id=pk, minima=minima, bands=bands_of(minima))
    LetterSignature.objects.bulk_create(
        signatures.values(), update_conflicts=True, unique_fields=["letter"], update_fields=["minima", "bands"]
    )
    least = ReviewSettings.now().alike_percent
    pairs = [pair for pk in signatures for pair in _pairs_of(signatures[pk], least, now)]
    before = LetterPair.objects.filter(newer__in=letter_ids).count()
    LetterPair.objects.bulk_create(pairs, ignore_conflicts=True)
    return LetterPair.objects.filter(newer__in=letter_ids).count() - before


def unsigned(limit: int) -> list[int]:
    """Letters that were read and not compared yet."""
    waiting = ParsedDocument.objects.filter(letter__signature=None).order_by("letter_id")
    return list(waiting.values_list("letter_id", flat=True)[:limit])


def _pairs_of(signature: LetterSignature, least: int, now: datetime) -> Iterable[LetterPair]:
    pk = signature.letter_id
    kinds: dict[int, PairKind] = {}
    for other in _sharing_a_band(signature):
        if percent_alike(signature.minima, other.minima) >= least:
            kinds[other.letter_id] = PairKind.ALIKE
    folded = LetterText.objects.filter(pk=pk).values("folded_sha256")
    same_text = LetterText.objects.filter(folded_sha256__in=folded).exclude(pk=pk).order_by("-pk")
    for other_pk in same_text.values_list("pk", flat=True)[:_COMPARED]:
        kinds[other_pk] = PairKind.TEXT
    number = Case.objects.filter(pk=pk).values_list("case_number", flat=True).first()
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
    """Say what two letters are to each other; ``counts`` is the one of merged letters that lists and statistics count.

    Lists and statistics follow at once. A decision can be made anew at any time; the audit keeps each.
    """
    check_permission(by, "correct_cases")
    with transaction.atomic():
        pair = LetterPair.objects.select_for_update().get(pk=pair_id)
        pair.decision, pair.decided_by_id, pair.decided_at, pair.note = decision, by.pk, now, note[:500]
        pair.counts_id = (
            counts if decision == PairDecision.MERGED and counts in (pair.older_id, pair.newer_id) else None
        )
        if decision == PairDecision.MERGED and pair.counts_id is None:
            pair.counts_id = pair.newer_id
        pair.save()
        write_cases([pair.older_id, pair.newer_id])
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
