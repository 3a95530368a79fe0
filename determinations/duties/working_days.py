"""Working days in California: weekdays that are not state holidays.

A day that is wrongly taken for a holiday makes a deadline late, so only days on which the state's offices are closed
count. Names and dates come from the ``holidays`` library; which of them move when they fall on a weekend comes from
Government Code 6701, which differs from the library: a holiday on a Sunday moves to Monday, and of those on a Saturday
only Veterans Day moves, to Friday.
"""

from collections.abc import Collection
from datetime import date, timedelta
from functools import cache

_ONE_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6
#: Days that the library lists for California on which the state's offices are open.
_OPEN = ("Susan B. Anthony", "Diwali", "Lunar New Year", "Genocide Remembrance", "Native American", "Good Friday")


@cache
def state_holidays(year: int) -> dict[date, str]:
    """The days of a year on which the state's offices are closed for a holiday, with their names."""
    from holidays import country_holidays  # only here: every process would load the calendars of all religions

    days: dict[date, str] = {}
    for day, names in sorted(country_holidays("US", subdiv="CA", years=year, observed=False).items()):
        name = next((name for name in names.split("; ") if not name.startswith(_OPEN)), None)
        if name:
            days[_observed(day, name)] = name
    return days


def _observed(day: date, name: str) -> date:
    if day.weekday() == _SUNDAY:
        return day + _ONE_DAY
    if day.weekday() == _SATURDAY and name == "Veterans Day":
        return day - _ONE_DAY
    return day


def is_working_day(day: date, closed: Collection[date] = ()) -> bool:
    """Whether the day counts; ``closed`` are further days on which offices are closed."""
    return day.weekday() < _SATURDAY and day not in state_holidays(day.year) and day not in closed


def add_working_days(start: date, count: int, closed: Collection[date] = ()) -> date:
    """The ``count``-th working day after ``start``; ``start`` itself never counts."""
    day = start
    for _ in range(count):
        day = next_working_day(day + _ONE_DAY, closed)
    return day


def next_working_day(day: date, closed: Collection[date] = ()) -> date:
    """The day itself if it is a working day, otherwise the first one after it."""
    while not is_working_day(day, closed):
        day += _ONE_DAY
    return day
