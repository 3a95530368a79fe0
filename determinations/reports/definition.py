"""What a report has: title, cover note, sections in order, filters and period. Stored as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from django.http import QueryDict

from determinations.browsing.selection import narrow
from determinations.cases.value_words import as_date
from determinations.filters import filters_only
from determinations.statistics.periods import Period, full_months, year_period

#: Rows of a table that a report can have, in PDF and on the page; Excel and CSV have all rows.
ROWS = (12, 25, 50, 100)
MOST_SECTIONS = 40
LONGEST_NOTE = 4_000


class PeriodKind(StrEnum):
    """The dates of decision that a report counts, from the day on which it is made."""

    ALL = "all"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    TO_DATE = "to_date"
    FIXED = "fixed"


PERIODS: Mapping[PeriodKind, str] = {
    PeriodKind.ALL: "All dates",
    PeriodKind.MONTH: "Last full month",
    PeriodKind.QUARTER: "Last full quarter",
    PeriodKind.YEAR: "Last full year",
    PeriodKind.TO_DATE: "Year to date",
    PeriodKind.FIXED: "Fixed dates",
}
#: The sections of the summary report.
SUMMARY = (
    "overview", "over-time", "years", "changes", "category", "drug-class", "specialty", "days-from-denial",
    "reviewer-family", "claims-family", "agreement", "situation", "reviewer-authority", "definitions",
)  # fmt: skip
SUMMARY_TITLE = "Independent Medical Review summary"


class BrokenDefinition(ValueError):
    """What is stored is no report. The message holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A report. ``sections`` are keys of statistics and of ``contents.SPECIAL``; ``query`` are filters, as in an
    address; ``first`` and ``last`` are the dates of a fixed period, either of which may be missing."""

    title: str = SUMMARY_TITLE
    note: str = ""
    sections: tuple[str, ...] = SUMMARY
    query: str = ""
    period: PeriodKind = PeriodKind.ALL
    first: date | None = None
    last: date | None = None
    rows: int = ROWS[0]
    charts: bool = True

    def as_json(self) -> dict[str, object]:
        """The report as it is stored."""
        return {
            "title": self.title,
            "note": self.note,
            "sections": list(self.sections),
            "query": self.query,
            "period": self.period.value,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "rows": self.rows,
            "charts": self.charts,
        }

    @classmethod
    def of(cls, stored: object) -> "Definition":
        """The report that was stored. Raises :class:`BrokenDefinition`."""
        try:
            return cls._of(stored)
        except (KeyError, TypeError, ValueError) as fault:
            raise BrokenDefinition(f"This is no report ({type(fault).__name__}).") from None

    @classmethod
    def _of(cls, stored: object) -> "Definition":
        if not isinstance(stored, Mapping):
            raise TypeError("A report is stored as an object.")
        sections, rows = stored["sections"], stored["rows"]
        if not isinstance(sections, list) or not isinstance(rows, int):
            raise TypeError("These are no sections of a report.")
        return cls(
            title=str(stored["title"]),
            note=str(stored["note"]),
            sections=tuple(map(str, sections)),
            query=str(stored["query"]),
            period=PeriodKind(str(stored["period"])),
            first=as_date(stored["first"]),
            last=as_date(stored["last"]),
            rows=rows,
            charts=bool(stored["charts"]),
        )

    def on(self, day: date) -> "Definition":
        """The same report with the fixed dates that its period has on a day."""
        if self.period in (PeriodKind.ALL, PeriodKind.FIXED):
            return self
        period = period_on(self.period, day)
        return replace(self, period=PeriodKind.FIXED, first=period.first, last=period.last)

    @property
    def filters(self) -> QueryDict:
        """The filters, with those of a fixed period."""
        query = filters_only(QueryDict(self.query))
        if self.period is not PeriodKind.FIXED:
            return query
        ends = {"decided_from": self.first, "decided_to": self.last}
        return narrow(query, {name: [day.isoformat()] for name, day in ends.items() if day})


def period_on(kind: PeriodKind, day: date) -> Period:
    """The days that a relative period has on a day."""
    match kind:
        case PeriodKind.MONTH:
            return full_months(day, 1)
        case PeriodKind.QUARTER:
            return full_months(day, 3)
        case PeriodKind.YEAR:
            return year_period(day.year - 1)
        case _:
            return Period(date(day.year, 1, 1), day)
