"""Dates as letters print them: ``10/13/2016``, ``11-7-16``, ``October 13, 2016``, ``10/10/ 2016``."""

import re
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)}

#: A date in figures or words; groups month, day, year or name, named_day, named_year.
DATE = (
    r"(?:(?P<month>\d{1,2})\s?[-/.]\s?(?P<day>\d{1,2})\s?[-/.]\s?(?P<year>(?:19|20)\d\d|\d\d)(?!\d)"
    r"|(?P<name>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\.?\s+(?P<named_day>\d{1,2})(?:st|nd|rd|th)?"
    r"\s?,?\s+(?P<named_year>(?:19|20)\d\d))"
)


def read_date(match: re.Match[str]) -> date | None:
    """The day that a match of ``DATE`` names; None when there is no such day. ``16`` is 2016, ``97`` is 1997."""
    if match["name"]:
        month = _NUMBERS[match["name"][:3].lower()]
        day, year = int(match["named_day"]), int(match["named_year"])
    else:
        month, day, year = int(match["month"]), int(match["day"]), int(match["year"])
        if year < 100:
            year += 2000 if year < 50 else 1900
    return calendar_day(year, month, day)


#: Years that a letter can speak of; what else is printed is a misprint, such as 0216.
FIRST_YEAR, LAST_YEAR = 1900, 2100


def calendar_day(year: int, month: int, day: int) -> date | None:
    """The day, or None when the calendar has none such, or not in a year that a letter can speak of."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
