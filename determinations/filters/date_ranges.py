"""Usual ranges of dates, counted from a day: what a date filter offers beside its dates, and saved filters keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import QueryDict

from determinations.paging.addresses import CURSOR, changed, link_to

Days = tuple[date, date]

#: The ranges by the key under which saved filters keep them, with their labels.
RANGES: Mapping[str, str] = {
    "last_month": "Last month",
    "last_quarter": "Last quarter",
    "year_to_date": "Year to date",
    "last_year": "Last year",
    "last_12_months": "Last 12 full months",
    "month_to_date": "This month to date",
    "last_7_days": "Last 7 days",
    "last_30_days": "Last 30 days",
    "next_7_days": "Next 7 days",
    "next_30_days": "Next 30 days",
}
#: Those that a filter by a date in letters offers, and one by the day on which cases were added.
OF_LETTERS = ("last_month", "last_quarter", "year_to_date", "last_year", "last_12_months")
OF_ADDED = ("last_7_days", "last_30_days", "last_month", "year_to_date")


@dataclass(frozen=True, slots=True)
class DateRange:
    """A range that a filter offers: the address with it, and whether it is the one in use."""

    label: str
    query: str
    chosen: bool


def range_on(key: str, today: date) -> Days:
    """First and last day that a range has on a day. Raises ``KeyError`` for a key that is not in ``RANGES``, and
    ``ValueError`` or ``OverflowError`` beyond the calendar."""
    this_month = today.replace(day=1)
    this_quarter = this_month.replace(month=3 * ((today.month - 1) // 3) + 1)
    new_year, day = date(today.year, 1, 1), timedelta(days=1)
    match key:
        case "last_month":
            return (this_month - day).replace(day=1), this_month - day
        case "last_quarter":
            before = this_quarter - day
            return date(before.year, before.month - 2, 1), before
        case "year_to_date":
            return new_year, today
        case "last_year":
            return date(today.year - 1, 1, 1), new_year - day
        case "last_12_months":
            return this_month.replace(year=today.year - 1), this_month - day
        case "month_to_date":
            return this_month, today
        case "last_7_days" | "last_30_days":
            return today - (7 if key == "last_7_days" else 30) * day + day, today
        case "next_7_days" | "next_30_days":
            return today, today + (7 if key == "next_7_days" else 30) * day - day
        case _:
            raise KeyError(key)


def date_ranges(
    query: QueryDict, first: str, last: str, today: date, keys: tuple[str, ...] = OF_LETTERS
) -> tuple[DateRange, ...]:
    """The ranges as addresses that differ from ``query`` in the parameters ``first`` and ``last`` alone."""
    rest, is_set = changed(query, without=CURSOR), first in query or last in query
    beginning = "" if is_set else f"{link_to(rest)}{'&' if rest else ''}"  # nearly always, and the same for each range
    ranges = []
    for key in keys:
        start, end = range_on(key, today)
        days = {first: start.isoformat(), last: end.isoformat()}
        if not is_set:
            ranges.append(DateRange(RANGES[key], beginning + urlencode(days), chosen=False))
            continue
        chosen = all(query.get(name, "") == day for name, day in days.items())
        link = changed(rest, {name: "" for name in days} if chosen else days)
        ranges.append(DateRange(RANGES[key], link_to(link), chosen))
    return tuple(ranges)
