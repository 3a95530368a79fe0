"""Month navigation of the decisions list, as date filters in the address."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import QueryDict

from determinations.models import Case
from determinations.paging.addresses import CURSOR, changed, link_to

_FIRST_YEAR, _LAST_YEAR = 1900, 3000  # months outside are not offered


@dataclass(frozen=True, slots=True)
class Period:
    """The month shown, or the one offered first, and the addresses before and after it."""

    label: str
    is_month: bool
    month_query: str
    previous_query: str
    next_query: str
    all_query: str


def period_of(query: QueryDict, rows: Sequence[Case]) -> Period | None:
    """The month that the address selects, or else the month of the first row, as an offer. None without any date."""
    first = _month_shown(query)
    start = first or next((row.decision_date for row in rows if row.decision_date), None)
    if start is None or not _FIRST_YEAR < start.year < _LAST_YEAR:
        return None
    start = start.replace(day=1)
    return Period(
        label=f"{start:%B %Y}",
        is_month=first is not None,
        month_query=_month_query(query, start),
        previous_query=_month_query(query, (start - timedelta(days=1)).replace(day=1)),
        next_query=_month_query(query, (start + timedelta(days=31)).replace(day=1)),
        all_query=_query(query, None, None),
    )


def _month_shown(query: QueryDict) -> date | None:
    try:
        first = date.fromisoformat(query.get("decided_from", ""))
        last = date.fromisoformat(query.get("decided_to", ""))
    except ValueError:
        return None
    return first if first.day == 1 and last == _last_day(first) else None


def _last_day(first: date) -> date:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _month_query(query: QueryDict, first: date) -> str:
    return _query(query, first, _last_day(first))


def _query(query: QueryDict, first: date | None, last: date | None) -> str:
    days = {"decided_from": first.isoformat() if first else "", "decided_to": last.isoformat() if last else ""}
    return link_to(changed(query, days, without=CURSOR))
