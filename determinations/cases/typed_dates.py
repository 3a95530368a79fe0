"""Dates as American staff type them: ``06/09/2016``, ``6-9-16``, ``Jun 9, 2016``, ``9 June 2016``, ``2016-06-09``."""

import re
from datetime import date

from determinations.parsing.dates import calendar_day

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_NAMED_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"'?(?P<year>\d{4}|\d{2})"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<month>\d{1,2})\s?[-/. ]\s?(?P<day>\d{1,2})\s?[-/. ,]\s?" + _YEAR,  # 06/09/2016, 6-9-16
        r"(?P<year>\d{4})\s?[-/.]\s?(?P<month>\d{1,2})\s?[-/.]\s?(?P<day>\d{1,2})",  # 2016-06-09
        r"(?:[a-z]+day,?\s+)?" + _NAME + r"\s*" + _NAMED_DAY + r"(?:\s*,\s*|\s+)" + _YEAR,  # Thursday, June 9th, 2016
        _NAMED_DAY + r"\s*(?:of\s+)?" + _NAME + r"\s*,?\s*" + _YEAR,  # 9 June 2016
        r"(?P<month>0[1-9]|1[0-2])(?P<day>\d{2})(?P<year>(?:19|20)\d\d)",  # 06092016
        r"(?P<year>(?:19|20)\d\d)(?P<month>\d{2})(?P<day>\d{2})",  # 20160609
    )
)


def read_typed_date(text: str) -> date | None:
    """The date in the text, month before day; None if there is no date. ``16`` is 2016, ``97`` is 1997."""
    typed = " ".join(text.split())
    for pattern in _PATTERNS:
        match = pattern.fullmatch(typed)
        if match:
            parts = match.groupdict()
            name = parts.get("name")
            month = _MONTHS.index(name.lower()) + 1 if name else int(parts["month"])
            year = int(parts["year"])
            if len(parts["year"]) == 2:
                year += 2000 if year < 50 else 1900
            return calendar_day(year, month, int(parts["day"]))
    return None
