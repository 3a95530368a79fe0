"""Months, quarters and years of decision: their keys and filters, and which of them fits a selection.

A key is ``2017-03``, ``2017-Q1`` or ``2017``, or ``unknown`` for letters without a date.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Literal, get_args

from determinations.statistics.definition import UNKNOWN, Filters
from determinations.statistics.periods import Period

Step = Literal["month", "quarter", "year"]
#: Shortest first.
STEPS: tuple[Step, ...] = get_args(Step)
MONTHS: Mapping[Step, int] = {"month": 1, "quarter": 3, "year": 12}
#: If a misread year stretches the range beyond this, only periods with letters are listed.
_MOST_PERIODS = 360


def step_key(step: Step, month: date | None) -> str:
    """The key of the period that contains a month."""
    if month is None:
        return UNKNOWN
    match step:
        case "month":
            return f"{month.year}-{month.month:02}"
        case "quarter":
            return f"{month.year}-Q{(month.month + 2) // 3}"
        case "year":
            return str(month.year)


@lru_cache(maxsize=2048)
def step_period(key: str) -> Period:
    """The days of a period."""
    year, _, part = key.partition("-")
    if not part:
        return Period(date(int(year), 1, 1), date(int(year), 12, 31))
    first, months = (3 * int(part[1:]) - 2, 3) if part.startswith("Q") else (int(part), 1)
    after = int(year) * 12 + first - 1 + months
    last = date.fromordinal(date(after // 12, after % 12 + 1, 1).toordinal() - 1)
    return Period(date(int(year), first, 1), last)


def step_filters(key: str) -> Filters:
    """The filters of the list of a period's items."""
    if key == UNKNOWN:
        return {"undated": ["decided"]}
    period = step_period(key)
    return {"decided_from": [period.first.isoformat()], "decided_to": [period.last.isoformat()]}


@lru_cache(maxsize=2048)
def step_label(key: str) -> str:
    """``Mar 2017``, ``Q1 2017`` or ``2017``."""
    if key == UNKNOWN:
        return "No date"
    year, _, part = key.partition("-")
    if part.startswith("Q"):
        return f"{part} {year}"
    return f"{date(int(year), int(part), 1):%b %Y}" if part else year


def ordered_keys(step: Step, keys: Iterable[str]) -> list[str]:
    """Keys in order, without gaps from first to last; ``unknown`` is last, if any item has no date."""
    names = set(keys)
    dated = sorted(names - {UNKNOWN})
    if dated:
        number, last = _number(step, dated[0]), _number(step, dated[-1])
        if last - number < _MOST_PERIODS:
            months = (MONTHS[step] * at for at in range(number, last + 1))
            dated = [step_key(step, date(month // 12, month % 12 + 1, 1)) for month in months]
    return [*dated, *([UNKNOWN] if UNKNOWN in names else [])]


def _number(step: Step, key: str) -> int:
    first = step_period(key).first
    return (12 * first.year + first.month - 1) // MONTHS[step]


def fitting_step(decided: Mapping[date | None, int], needs: int) -> Step:
    """The shortest step at which at least half of the periods have enough decided items for a rate; else years.

    ``decided`` are the decided items by month; ``needs`` is the limit of small numbers.
    """
    for step in STEPS[:-1]:
        counts: Counter[str] = Counter()
        for month, items in decided.items():
            if month and items:
                counts[step_key(step, month)] += items
        if counts and 2 * sum(items >= needs for items in counts.values()) >= len(counts):
            return step
    return "year"


def requested_step(name: str | None) -> Step | None:
    """The step that an address requests, if it is one."""
    return name if name in STEPS else None
