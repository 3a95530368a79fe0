"""Counts what a report has, as a user may see it: sections with their tables, charts and notes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.contrib.auth.models import User

from determinations.access.scope import current_scope
from determinations.browsing.selection import counted_table, parse_selection
from determinations.filters import filters_in_words
from determinations.filters.lookups import Lookups
from determinations.models import Office, StatisticsLimits
from determinations.reports.charts import Bar, bars
from determinations.reports.definition import Definition, PeriodKind
from determinations.statistics.definition import Statistic
from determinations.statistics.export_tables import ExportTable, breakdown_table
from determinations.statistics.interface import Selection
from determinations.statistics.office_catalog import is_open, statistic_of
from determinations.statistics.periods import Period
from determinations.statistics.published import Published, PublishedFigures
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from determinations.statistics.tabulate import Row, Table, Tally
from determinations.wording import figures
from determinations.wording.labels import Labels


@dataclass(frozen=True, slots=True)
class Term:
    """A definition, with its source."""

    name: str
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class Section:
    """A section as it is printed: a table whose first column names the rows, an SVG chart of it, notes.

    ``whole`` is its table with all rows and plain values, for Excel and CSV.
    """

    key: str
    title: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    chart: str = ""
    alt: str = ""
    whole: ExportTable | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """A report with its numbers. ``about`` says what was counted, when, and for whom."""

    title: str
    note: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    made_at: datetime

    @property
    def tables(self) -> list[ExportTable]:
        """The tables of all sections, with all rows."""
        return [section.whole for section in self.sections if section.whole]


@dataclass(frozen=True)
class Counting:
    """What sections are counted from: the definition with fixed dates, and what its reader may see."""

    definition: Definition
    engine: SqlEngine
    selection: Selection
    lookups: Lookups
    limits: StatisticsLimits
    #: What is wrong with filters that therefore do not count.
    ignored: tuple[str, ...] = ()
    published: PublishedFigures = field(default_factory=PublishedFigures)

    @classmethod
    def of(cls, definition: Definition, engine: SqlEngine, user: User) -> "Counting":
        """For a user, whose scope is entered already."""
        lookups = Lookups(user=user)
        parsed = parse_selection(definition.filters, lookups)
        return cls(definition, engine, parsed.selection, lookups, StatisticsLimits.now(), parsed.ignored)

    @property
    def labels(self) -> Labels:
        """Names and labels, as the reader sees them."""
        return self.lookups.labels

    @property
    def period(self) -> Period | None:
        """The dates of decision that are counted, if both are given."""
        first, last = (_date(self.definition.filters.get(name)) for name in ("decided_from", "decided_to"))
        return Period(first, last) if first and last and first <= last else None

    def enough(self, tally: Tally) -> bool:
        """Whether there are decided items enough for a meaningful rate."""
        return tally.decided >= self.limits.rate_needs

    def rate(self, tally: Tally, published: Published | None = None) -> str:
        """The overturn rate with its interval; an asterisk marks one of too few items."""
        if tally.rate is None or tally.interval is None:
            return "–"
        low, high = map(figures.one, tally.interval)
        mark = "" if self.enough(tally) else "*"
        return f"{figures.percent(tally.rate)}{mark} ({low}–{high}){in_state(published)}"

    def few_note(self, *tallies: Tally) -> list[str]:
        """The note that explains the asterisk, if one of these has it."""
        if all(self.enough(tally) or not tally.decided for tally in tallies):
            return []
        return [f"* Based on fewer than {self.limits.rate_needs} decided items."]


def in_state(published: Published | None, unit: str = "%") -> str:
    """A statewide figure, as it follows ours."""
    return f"; state {figures.published(published.value)}{unit}" if published else ""


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


Build = Callable[[Counting], Section]


def contents_of(definition: Definition, user: User, *, special: Mapping[str, Build], now: datetime) -> Contents:
    """Count a report for a user, whose scope is entered already; all numbers come from one snapshot.

    Its period is fixed already, see ``Definition.on``. Sections that the user may not see are left out, and named.
    """
    with one_snapshot() as engine:
        counting = Counting.of(definition, engine, user)
        statistics = {key: statistic_of(key, counting.labels) for key in definition.sections if key not in special}
        known = [statistic for statistic in statistics.values() if statistic and is_open(statistic)]
        engine.precompute(counting.selection, {statistic.columns for statistic in known if not statistic.within})
        sections, left_out = [], 0
        for key in definition.sections:
            statistic = statistics.get(key)
            if key in special:
                sections.append(special[key](counting))
            elif statistic is not None and is_open(statistic):
                sections.append(_of_statistic(counting, statistic))
            else:
                left_out += 1
    about = [*_about(counting, user), *_of_left_out(left_out)]
    return Contents(definition.title, definition.note, tuple(about), tuple(sections), now)


def _of_left_out(number: int) -> list[str]:
    if not number:
        return []
    if number == 1:
        return ["1 section is left out: it no longer exists, or this account may not see it."]
    return [f"{number} sections are left out: they no longer exist, or this account may not see them."]


def _about(counting: Counting, user: User) -> list[str]:
    definition, scope = counting.definition, current_scope()
    said = filters_in_words(definition.filters, counting.labels)
    about = [f"Selection: {said}." if said else "Selection: all items of all current letters."]
    if definition.period is PeriodKind.FIXED and counting.period:
        about.insert(0, f"Decided {counting.period}.")
    about += [f"Ignored an invalid filter, so that more is counted: {mistake}" for mistake in counting.ignored]
    if scope.offices is not None:
        names = ", ".join(Office.objects.values_list("name", flat=True))
        about.append(f"Letters of these offices only: {names or 'none'}.")
    if scope.masked:
        about.append("Without medical narrative.")
    about.append(f"Made for {user.get_full_name() or user.get_username()}.")
    return about


def selection_notes(counting: Counting) -> list[str]:
    """What an exported table says of its selection."""
    return _about(counting, counting.lookups.user)[:-1] if counting.lookups.user else []


def _of_statistic(counting: Counting, statistic: Statistic) -> Section:
    table = counted_table(counting.engine, statistic, counting.selection, counting.labels, counting.limits)
    shown = table.rows[: counting.definition.rows]
    year = counting.period.year if counting.period else None
    rows = [_printed(counting, row, counting.published.for_row(statistic.benchmark, year, row.key)) for row in shown]
    drawn = [Bar(row.label, row.tally.items, row.tally.overturned) for row in shown]
    chart = bars(drawn) if counting.definition.charts and drawn else ""
    return Section(
        key=statistic.key,
        title=statistic.label,
        heads=(statistic.label, "Items", "Share", "Overturned", "Overturn rate (95% interval)"),
        rows=tuple(rows),
        notes=tuple(_notes(counting, table, shown)),
        chart=chart,
        alt=f"Bars: items by {statistic.label.lower()}, with the part overturned. The table has the numbers.",
        whole=breakdown_table(table, counting.limits, selection_notes(counting)),
    )


def _printed(counting: Counting, row: Row, published: tuple[Published | None, Published | None]) -> tuple[str, ...]:
    share, rate = published
    return (
        row.label,
        figures.thousands(row.tally.items),
        figures.percent(row.share) + in_state(share),
        figures.thousands(row.tally.overturned),
        counting.rate(row.tally, rate),
    )


def _notes(counting: Counting, table: Table, shown: Sequence[Row]) -> list[str]:
    notes = []
    if table.days is not None and table.days.known:
        days = table.days
        notes.append(
            f"Median {figures.days(days.median)} days; the middle half took {figures.days(days.lower)} to "
            f"{figures.days(days.upper)} days ({figures.thousands(days.known)} items with both dates)."
        )
    if not shown:
        notes.append("No items match this selection.")
    if left := len(table.rows) - len(shown):
        notes.append(f"{figures.counted(left, 'more row')}; Excel and CSV have all of them.")
    return [*notes, *counting.few_note(*(row.tally for row in shown)), *filter(None, [table.statistic.note])]
