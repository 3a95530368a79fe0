"""Counts that stop at a cap, and whole numbers read from addresses and forms."""

from dataclasses import dataclass

from django.db.models import Model, QuerySet

#: Counting stops here.
COUNT_CAP = 10_000
#: The same where each row's words have to be read: for phrases, and for searches of nothing but ``-not``.
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
    number = queryset.order_by()[: cap + 1].count()
    return Count(min(number, cap), capped=number > cap)


def whole_number(printed: str, most: int = 2**63 - 1) -> int | None:
    """The number in an address or a form, such as an ID; None for anything else (``²`` is a digit for Python, too)."""
    if not (printed.isascii() and printed.isdigit() and len(printed) <= 19):
        return None
    number = int(printed)
    return number if number <= most else None
