"""What staff did with a letter stays in force on the other copies of the letter when it is removed."""

from collections.abc import Iterable

from django.db.models import Q

from determinations.casework import work
from determinations.duties import records as duty_records
from determinations.models import Case, ProblemReport, RemovedLetter, ReviewEntry


def hand_over_work(letter_ids: Iterable[int]) -> None:
    """Before these held letters are deleted, connect what staff did with them to copies that remain.

    Corrections stay where they are; the row of the removed letter names the copies on which they are in force. Problem
    reports, the review entry with its assignment, the receipt, closed duties, owner and notes move to one of them. If
    only earlier versions of the letter remain, its owner and notes move to one of those.
    """
    removed = set(letter_ids)
    for pk in sorted(removed):
        if remaining := [copy for copy in _copies(pk) if copy not in removed]:
            _hand_over(pk, remaining)
        elif earlier := Case.objects.filter(superseded_by=pk).exclude(pk__in=removed).order_by("-pk").first():
            work.move({pk: earlier.pk})


def _copies(letter_id: int) -> list[int]:
    """The other copies of a letter, the one that counts first."""
    case = Case.objects.filter(pk=letter_id).values("superseded_by", "is_copy").first()
    if case is None:
        return []
    counts = case["superseded_by"] if case["is_copy"] else letter_id
    copies = Case.objects.filter(Q(pk=counts) | Q(superseded_by=counts, is_copy=True)).exclude(pk=letter_id)
    return sorted(copies.values_list("pk", flat=True), key=lambda pk: (pk != counts, pk))


def _hand_over(letter_id: int, remaining: list[int]) -> None:
    rows = RemovedLetter.objects.filter(Q(letter_id=letter_id) | Q(copies__contains=[letter_id]))
    for row in rows:
        row.copies = sorted({*row.copies, *remaining})
        row.save(update_fields=["copies"])
    heir = remaining[0]
    duty_records.hand_over(letter_id, heir)
    work.move({letter_id: heir})
    ProblemReport.objects.filter(letter=letter_id).update(letter=heir)
    entry = ReviewEntry.objects.filter(pk=letter_id).first()
    if entry and not ReviewEntry.objects.filter(pk=heir).exists():
        entry.pk = heir
        entry.save(force_insert=True)
