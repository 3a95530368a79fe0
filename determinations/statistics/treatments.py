"""Profiles of treatments: the quantities that requests name."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from determinations.statistics.intervals import quantile

#: Only the wording of the most recent requests is read, to limit the work.
RECENT_REQUESTS = 1_000

#: ``#60``; ``12 sessions``, ``6 visits``; ``2 times a week for 6 weeks``, ``3 x 4 weeks``
_UNITS: Mapping[str, re.Pattern[str]] = {
    "tablets or units": re.compile(r"#\s?(\d{1,4})\b"),
    "visits": re.compile(r"\b(\d{1,3})\s+(?:additional\s+)?(?:\w+\s+){0,2}?(?:sessions?|visits?|treatments?)\b", re.I),
}
_WEEKLY = re.compile(
    r"\b(\d)\s*(?:x|times?)\s*(?:(?:a|per|/)\s*)?(?:(?:week|wk)\s*)?(?:for\s+)?(?:x\s*)?"
    r"(\d{1,2})\s*(?:weeks?|wks?)\b",
    re.IGNORECASE,
)
#: A larger number is not a number of visits.
_MAX_VISITS = 200
UNITS = frozenset(_UNITS)


@dataclass(frozen=True)
class Quantities:
    """Quartiles of the quantity per request, over the requests that name one in this unit."""

    unit: str
    requests: int
    lower: float
    median: float
    upper: float


@lru_cache(maxsize=8_192)
def quantity_of(request: str) -> tuple[str, int] | None:
    """The unit and number that a request names, if any."""
    for unit, pattern in _UNITS.items():
        if match := pattern.search(request):
            number = int(match[1])
            return (unit, number) if number and (unit != "visits" or number <= _MAX_VISITS) else None
    if match := _WEEKLY.search(request):
        return "visits", int(match[1]) * int(match[2])
    return None


def quantities_of(named: Iterable[tuple[str, int] | None]) -> list[Quantities]:
    """Quartiles of the quantities that requests name, by unit, most frequent first."""
    counts: dict[str, Counter[int]] = {}
    for quantity in named:
        if quantity:
            unit, number = quantity
            counts.setdefault(unit, Counter())[number] += 1
    quantities = []
    for unit, histogram in counts.items():
        lower, median, upper = (quantile(histogram, share) or 0.0 for share in (0.25, 0.5, 0.75))
        quantities.append(Quantities(unit, histogram.total(), lower, median, upper))
    return sorted(quantities, key=lambda quantity: -quantity.requests)
