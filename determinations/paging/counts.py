"""Counts that stop at a cap, and whole numbers read from addresses."""

from dataclasses import dataclass

from django.db.models import Model, QuerySet

#: Counts above this are not counted to the end.
COUNT_CAP = 10_000


#: The same where the words of each row have to be unpacked: phrases, and what asks only for words not to be there.
UNPACKED_CAP = 1_000


@dataclass(frozen=True, slots=True)
class Count:
    """A count that stops at the cap; prints as ``1,204`` or ``10,000+``."""

    number: int
    capped: bool

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.capped else ''}"

    def __bool__(self) -> bool:
        return self.number > 0


def count_up_to(queryset: QuerySet[Model], cap: int = COUNT_CAP) -> Count:
    """Count rows, reading ``cap`` + 1 of them at most."""
    found = queryset.order_by()[: cap + 1].count()
    return Count(min(found, cap), capped=found > cap)


def whole_number(printed: str, most: int = 2**63 - 1) -> int | None:
    """The number that an address or a form gives, such as a row's; None for anything else: ``²`` is a digit too."""
    if not (printed.isascii() and printed.isdigit() and len(printed) <= 19):
        return None
    number = int(printed)
    return number if number <= most else None
