"""Usual ranges of dates, counted back from today: what a date filter offers beside its two dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import QueryDict

from determinations.paging.addresses import CURSOR, changed, link_to


@dataclass(frozen=True, slots=True)
class DateRange:
    """A range that a filter offers: the address with it, and whether it is the one in use."""

    label: str
    query: str
    chosen: bool


def usual_ranges(today: date) -> Mapping[str, tuple[date, date]]:
    """First and last day of each range: the last full month and quarter, this year until today, and last year."""
    this_month = today.replace(day=1)
    this_quarter = this_month.replace(month=3 * ((today.month - 1) // 3) + 1)
    before_month, before_quarter = this_month - timedelta(days=1), this_quarter - timedelta(days=1)
    new_year = date(today.year, 1, 1)
    return {
        "Last month": (before_month.replace(day=1), before_month),
        "Last quarter": (date(before_quarter.year, before_quarter.month - 2, 1), before_quarter),
        "Year to date": (new_year, today),
        "Last year": (date(today.year - 1, 1, 1), new_year - timedelta(days=1)),
    }


def date_ranges(query: QueryDict, first: str, last: str, today: date) -> tuple[DateRange, ...]:
    """The usual ranges as addresses that differ from ``query`` in the parameters ``first`` and ``last`` alone."""
    ranges = []
    for label, (start, end) in usual_ranges(today).items():
        days = {first: start.isoformat(), last: end.isoformat()}
        chosen = all(query.get(name, "") == day for name, day in days.items())
        link = changed(query, {name: "" for name in days} if chosen else days, without=CURSOR)
        ranges.append(DateRange(label, link_to(link), chosen))
    return tuple(ranges)
