"""Periods: the one that a selection covers, and the one before it."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """From one day to another, both included."""

    first: date
    last: date

    @property
    def before(self) -> "Period":
        """The period of the same length just before; whole months and years stay whole. None begins before the
        calendar does, whatever an address asks for."""
        months = self.months
        if months:
            return Period(_plus_months(self.first, -months), _days_before(self.first, 1))
        length = (self.last - self.first).days
        return Period(_days_before(self.first, length + 1), _days_before(self.first, 1))

    @property
    def months(self) -> int:
        """How many whole months it is; 0 where it does not begin and end with a month."""
        last_day = calendar.monthrange(self.last.year, self.last.month)[1]
        if self.first.day != 1 or self.last.day != last_day:
            return 0
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def year(self) -> int | None:
        """The calendar year that holds it."""
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


def last_months(month: date, number: int) -> Period:
    """The ``number`` months that end with the month of ``month``."""
    first = month.replace(day=1)
    return Period(_plus_months(first, 1 - number), _plus_months(first, 1) - timedelta(days=1))


def _plus_months(first: date, months: int) -> date:
    number = max(12, 12 * first.year + first.month - 1 + months)
    return date(number // 12, number % 12 + 1, 1)


def _days_before(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - days))
