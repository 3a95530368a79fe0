"""What a report has: title, cover note, sections in order, filters and period. Stored as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from django.http import QueryDict

from determinations.browsing.selection import narrow
from determinations.cases.typed_dates import read_typed_date
from determinations.cases.value_words import as_date
from determinations.filters import filters_in_words, filters_only
from determinations.filters.moving_dates import MOVING, as_of, moving, saved_in_words
from determinations.paging.addresses import changed
from determinations.statistics.periods import Period, full_months, last_months, year_period, year_to_date
from determinations.wording.labels import Labels

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
    YEARLONG = "last_12_months"
    TO_DATE = "to_date"
    FIXED = "fixed"


PERIODS: Mapping[PeriodKind, str] = {
    PeriodKind.ALL: "All dates",
    PeriodKind.MONTH: "Last full month",
    PeriodKind.QUARTER: "Last full quarter",
    PeriodKind.YEAR: "Last full year",
    PeriodKind.YEARLONG: "Last 12 full months",
    PeriodKind.TO_DATE: "Year to date",
    PeriodKind.FIXED: "Fixed dates",
}
#: The periods of what saved views keep as moving dates of decision.
_OF_VIEWS: Mapping[str, PeriodKind] = {
    "last_month": PeriodKind.MONTH,
    "last_quarter": PeriodKind.QUARTER,
    "last_year": PeriodKind.YEAR,
    "last_12_months": PeriodKind.YEARLONG,
    "year_to_date": PeriodKind.TO_DATE,
}
_DECIDED = ("decided_from", "decided_to")
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
        """The same report with the fixed dates that its period and filters have on a day."""
        fixed = replace(self, query=as_of(QueryDict(self.query), day).urlencode())
        if self.period in (PeriodKind.ALL, PeriodKind.FIXED):
            return fixed
        period = period_on(self.period, day)
        return replace(fixed, period=PeriodKind.FIXED, first=period.first, last=period.last)

    def of_selection(self, query: QueryDict) -> "Definition":
        """The same report of another selection, whose dates of decision become its period.

        Left among the filters, they would narrow each later period to nothing. Dates that no period can have stay,
        and those that move as no period does are the only ones.
        """
        key = moving(query).get("decided")
        if key and key not in _OF_VIEWS:
            return replace(self, query=query.urlencode(), period=PeriodKind.ALL, first=None, last=None)
        typed = [query.get(name, "") for name in _DECIDED]
        first, last = (read_typed_date(text) if text else None for text in typed)
        if not any(typed) or any(text and not day for text, day in zip(typed, (first, last), strict=True)):
            return replace(self, query=query.urlencode())
        others = [f"{name}:{other}" for name, other in moving(query).items() if name != "decided"]
        rest = changed(query, {MOVING: others}, without=_DECIDED)
        period = _OF_VIEWS[key] if key else PeriodKind.FIXED
        return replace(self, query=rest.urlencode(), period=period, first=first, last=last)

    def in_words(self, labels: Labels) -> str:
        """What is selected, in one line: ``Decided: last full month; Sex: Male``."""
        match self.period:
            case PeriodKind.ALL:
                period = ""
            case PeriodKind.FIXED:
                period = filters_in_words(replace(self, query="").filters, labels)
            case _:
                period = f"Decided: {PERIODS[self.period].lower()}"
        return "; ".join(filter(None, [period, saved_in_words(QueryDict(self.query), labels)]))

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
        case PeriodKind.YEARLONG:
            return last_months(full_months(day, 1).first, 12)
        case _:
            return year_to_date(day)
