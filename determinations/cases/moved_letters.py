"""Settles again which letter of a case counts, after letters were moved between offices."""

from collections.abc import Collection

from determinations.cases.effective import write_cases
from determinations.cases.holding import Held, holding
from determinations.models import Case, Letter


def settle_moved(letter_ids: Collection[int]) -> None:
    """Write the cases of these letters again."""

    def write(held: Held) -> None:
        write_cases(set(Case.objects.filter(pk__in=letter_ids).values_list("pk", flat=True)), held)
        Letter.objects.filter(pk__in=letter_ids, offices_changed=True).update(offices_changed=False)

    if letter_ids:
        holding(letter_ids, write)


def settle_some_moved(limit: int) -> int:
    """Do so for up to ``limit`` letters of which it is left to do; returns of how many."""
    left = Letter.objects.filter(offices_changed=True).order_by("pk").values_list("pk", flat=True)
    letter_ids = list(left[:limit])
    settle_moved(letter_ids)
    return len(letter_ids)
