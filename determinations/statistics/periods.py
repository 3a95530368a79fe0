"""Periods of decision dates, and the period before each."""

import calendar
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """From one day through another."""

    first: date
    last: date

    @property
    def before(self) -> "Period":
        """The preceding period of the same length; whole months and years stay whole.

        It never starts before year 1, whatever dates the address has.
        """
        months = self.months
        if months:
            return Period(_plus_months(self.first, -months), _days_before(self.first, 1))
        length = (self.last - self.first).days
        return Period(_days_before(self.first, length + 1), _days_before(self.first, 1))

    @property
    def year_earlier(self) -> "Period":
        """The same days of the year before; whole months stay whole. It never starts before year 1."""
        if self.months:
            month = _plus_months(self.last.replace(day=1), -12)
            last_day = calendar.monthrange(month.year, month.month)[1]
            return Period(_plus_months(self.first, -12), month.replace(day=last_day))
        return self.same_days_earlier

    @property
    def same_days_earlier(self) -> "Period":
        """The same days of the year before, also where months are then not whole. It never starts before year 1."""
        return Period(_same_day(self.first, -1), _same_day(self.last, -1))

    @property
    def months(self) -> int:
        """The number of months if the period consists of whole months, otherwise 0."""
        last_day = calendar.monthrange(self.last.year, self.last.month)[1]
        if self.first.day != 1 or self.last.day != last_day:
            return 0
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def year(self) -> int | None:
        """The calendar year that contains the period, if one does."""
        return self.first.year if self.first.year == self.last.year else None

    def __str__(self) -> str:
        months = self.months
        if months == 12 and self.first.month == 1:
            return str(self.first.year)
        if months == 1:
            return f"{self.first:%b %Y}"
        if months:
            return f"{self.first:%b %Y} to {self.last:%b %Y}"
        return f"{self.first} to {self.last}"


def year_period(year: int) -> Period:
    """A calendar year."""
    return Period(date(year, 1, 1), date(year, 12, 31))


def year_to_report(decided: Mapping[date | None, int], needs: int) -> int | None:
    """The last full year with at least ``needs`` decided items; without one, the last full year that has any, or else
    the last year. ``decided`` are decided items by month. None without any dated item.

    A year is full once items were decided in its December or later.
    """
    years: Counter[int] = Counter()
    for month, items in decided.items():
        if month and items:
            years[month.year] += items
    if not years:
        return None
    newest = max(month for month, items in decided.items() if month and items)
    full = [year for year in years if year < newest.year or newest.month == 12]
    enough = [year for year in full if years[year] >= needs]
    return max(enough or full or years)


def year_to_date(today: date) -> Period:
    """The calendar year until a day, that day included."""
    return Period(today.replace(month=1, day=1), today)


def last_months(month: date, number: int) -> Period:
    """The last ``number`` months through ``month``."""
    first = month.replace(day=1)
    return Period(_plus_months(first, 1 - number), _plus_months(first, 1) - timedelta(days=1))


def full_months(day: date, length: int) -> Period:
    """The last full month (``length`` 1) or calendar quarter (3) before a day."""
    month = day.month - (day.month - 1) % length
    first = date(day.year, month, 1)
    return Period(_plus_months(first, -length), first - timedelta(days=1))


def _plus_months(first: date, months: int) -> date:
    number = max(12, 12 * first.year + first.month - 1 + months)
    return date(number // 12, number % 12 + 1, 1)


def _same_day(day: date, years: int) -> date:
    """The day of another year; February 28 for the 29th where there is none."""
    year = max(1, day.year + years)
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))


def _days_before(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - days))
