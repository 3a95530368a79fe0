"""Gives items that were stored before migration 0063 the order of their letter.

Lists go through items by descending ID, and items have been stored in reverse since, so that a letter shows its first
item first, also where it is divided by the end of a page. Older cases are written again, oldest first; a row of
``StoredPass`` says how far that came, and is deleted when it is done.
"""

from determinations.cases.effective import write_cases
from determinations.models import DisputedItem, StoredPass
from determinations.models.installation import ITEM_ORDER

#: Cases that are looked at in one step, and written in one transaction.
_LOOKED_AT, _WRITTEN = 2_000, 50


def is_due() -> bool:
    """Whether some older cases were not looked at yet."""
    return StoredPass.objects.filter(name=ITEM_ORDER).exists()


def order_some_items() -> bool:
    """Look at the next cases, and write again those whose items are not in order; returns whether any are left."""
    step = StoredPass.objects.filter(name=ITEM_ORDER).first()
    if step is None:
        return False
    items = DisputedItem.objects.filter(case__gt=step.reached, case__lte=step.last).order_by("case")
    cases = items.values_list("case", flat=True).distinct()[:_LOOKED_AT]
    looked_at = list(cases)
    if not looked_at:
        step.delete()
        return False
    for start in range(0, len(looked_at), _WRITTEN):
        some = looked_at[start : start + _WRITTEN]
        wrong = _out_of_order(some)
        if wrong:
            write_cases(wrong)
        StoredPass.objects.filter(name=ITEM_ORDER).update(reached=some[-1])
    return True


def _out_of_order(case_ids: list[int]) -> list[int]:
    """Those of the cases with an item that has a higher ID than one before it."""
    rows = DisputedItem.objects.filter(case__in=case_ids).order_by("case", "number").values_list("case", "pk")
    before: dict[int, int] = {}
    wrong: dict[int, None] = {}
    for case, pk in rows:
        if case in before and pk > before[case]:
            wrong[case] = None
        before[case] = pk
    return list(wrong)
