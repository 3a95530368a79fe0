"""Dates as letters print them: ``10/13/2016``, ``11-7-16``, ``October 13, 2016``, ``10/10/ 2016``."""

import re
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)}

#: A date in figures or words; groups month, day, year or name, named_day, named_year.
DATE = (
    r"(?:(?P<month>\d{1,2})\s?[-/.]\s?(?P<day>\d{1,2})\s?[-/.]\s?(?P<year>(?:19|20)\d\d|\d\d)(?!\d)"
    r"|(?P<name>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[A-Za-z]*)\.?\s+(?P<named_day>\d{1,2})(?:st|nd|rd|th)?"
    r"\s?,?\s+(?P<named_year>(?:19|20)\d\d))"
)

#: A date in any form that header blocks are known to print; adds ``2016-12-09`` and ``9 December 2016`` to ``DATE``.
ANY_DATE = (
    r"(?:(?P<iso_year>(?:19|20)\d\d)\s?[-/.]\s?(?P<iso_month>\d{1,2})\s?[-/.]\s?(?P<iso_day>\d{1,2})(?!\d)"
    r"|(?P<first_day>\d{1,2})(?:st|nd|rd|th)?[ -](?P<first_name>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[A-Za-z]*)\.?,?[ -](?P<first_year>(?:19|20)\d\d|\d\d)(?!\d)"
    r"|(?P<month>\d{1,2})\s?[-/.\u2013]\s?(?P<day>\d{1,2})\s?[-/.\u2013]\s?(?P<year>\d{4}|\d\d)(?!\d)"
    r"|(?P<name>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[A-Za-z]*)\.?\s+(?P<named_day>\d{1,2})(?:st|nd|rd|th)?"
    r"\s?,?\s+(?P<named_year>(?:19|20)\d\d))"
)


def read_date(match: re.Match[str]) -> date | None:
    """The day that a match of ``DATE`` or ``ANY_DATE`` names; None when there is no such day.

    ``16`` is 2016, ``97`` is 1997.
    """
    if "iso_year" in match.re.groupindex and match["iso_year"]:
        return calendar_day(int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"]))
    if "first_name" in match.re.groupindex and match["first_name"]:
        month = _NUMBERS[match["first_name"][:3].lower()]
        return calendar_day(_full_year(int(match["first_year"])), month, int(match["first_day"]))
    if match["name"]:
        month = _NUMBERS[match["name"][:3].lower()]
        day, year = int(match["named_day"]), int(match["named_year"])
    else:
        month, day = int(match["month"]), int(match["day"])
        year = _full_year(int(match["year"])) if len(match["year"]) < 4 else int(match["year"])
    return calendar_day(year, month, day)


def _full_year(year: int) -> int:
    if year >= 100:
        return year
    return year + (2000 if year < 50 else 1900)


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
