"""Tables for export: plain values, notes on what they count, and marks on small counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from determinations.models import Side, StatisticsLimits
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.results import Decision
from determinations.statistics.authority_parts import PartTallies
from determinations.statistics.editions import EditionRow, years_of
from determinations.statistics.ground_tables import GroundTable, with_decision
from determinations.statistics.tabulate import Letters, Row, Table, Tally
from determinations.statistics.time_steps import Step

Cell = str | int | float | None


@dataclass(frozen=True)
class ExportTable:
    """One table to export. ``notes`` say what it counts and for which selection.

    ``keys`` identify the rows in JSON, where programs read them; files for people have names only.
    """

    name: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default_factory=tuple)
    keys: Sequence[str] = field(default_factory=tuple)


TALLY_HEADS = ("items", "decided items", "overturned items", "overturned percent", "interval from", "interval to")
SMALL_HEAD = "small cell"


def tally_cells(tally: Tally) -> list[Cell]:
    """The cells under ``TALLY_HEADS``."""
    low, high = tally.interval or (None, None)
    return [tally.items, tally.decided, tally.overturned, _two(tally.rate), _two(low), _two(high)]


def small_cell_mark(counts: Iterable[int], limits: StatisticsLimits) -> str:
    """The mark of a row with a count so small that it could identify a worker."""
    return f"n<{limits.small_cell}" if any(0 < count < limits.small_cell for count in counts) else ""


def breakdown_table(table: Table, limits: StatisticsLimits, notes: Sequence[str] = ()) -> ExportTable:
    """A statistic's table."""
    statistic = table.statistic
    return ExportTable(
        name=statistic.key,
        title=statistic.label,
        heads=(statistic.label, *TALLY_HEADS[:1], "percent of items", *TALLY_HEADS[1:], SMALL_HEAD),
        rows=[_row_cells(row, limits) for row in table.rows],
        keys=[row.key for row in table.rows],
        notes=(
            "Counts items." + (" An item can count in several rows." if statistic.several else ""),
            *([statistic.note] if statistic.note else []),
            *(_days_note(table)),
            small_cell_note(limits),
            *notes,
        ),
    )


def small_cell_note(limits: StatisticsLimits) -> str:
    """The note that explains the mark."""
    return f"Rows marked n<{limits.small_cell} contain a count that could identify an individual. Do not share them."


def _days_note(table: Table) -> list[str]:
    days = table.days
    if days is None:
        return []
    return [
        f"{days.known} items with both dates: median {_two(days.median)} days, quartiles {_two(days.lower)} and "
        f"{_two(days.upper)}, mean {_two(days.mean)}."
    ]


def _row_cells(row: Row, limits: StatisticsLimits) -> list[Cell]:
    tally = tally_cells(row.tally)
    small = small_cell_mark((row.tally.items, row.tally.decided, row.tally.overturned), limits)
    return [row.label, tally[0], _two(row.share), *tally[1:], small]


def grounds_table(
    table: GroundTable, decision: Decision, codes: Sequence[str], limits: StatisticsLimits, notes: Sequence[str]
) -> ExportTable:
    """Items with each ground, by the rows of a statistic."""
    rows: list[list[Cell]] = []
    for row in table.rows:
        items = with_decision(row.total, decision)
        counts = [with_decision(row.by_ground.get(code, Tally()), decision) for code in codes]
        shares = [_two(100 * count / items) if items else None for count in counts]
        rows.append([row.label, items, *counts, *shares, small_cell_mark([items, *counts], limits)])
    names = [GROUNDS[code].label for code in codes]
    return ExportTable(
        name=f"grounds-{decision}",
        title=f"Grounds of {decision} items: {table.statistic.label}",
        heads=(
            table.statistic.label,
            f"{decision} items",
            *names,
            *(f"{name}, percent" for name in names),
            SMALL_HEAD,
        ),
        rows=rows,
        keys=[row.key for row in table.rows],
        notes=("Counts items. An item counts under each of its grounds.", small_cell_note(limits), *notes),
    )


def periods_table(
    step: Step, periods: Sequence[tuple[str, Letters]], limits: StatisticsLimits, notes: Sequence[str]
) -> ExportTable:
    """Letters and items by month, quarter or year; ``periods`` are pairs (name, letters)."""
    return ExportTable(
        name=f"{step}s",
        title=f"Letters and items by {step} of decision",
        heads=(step, "letters", "letters with several items", *TALLY_HEADS, SMALL_HEAD),
        rows=[
            [
                name, period.letters, period.several, *tally_cells(period.tally),
                small_cell_mark((period.letters, period.several, period.tally.items, period.tally.overturned), limits),
            ]
            for name, period in periods
        ],
        notes=("Counts letters and items.", small_cell_note(limits), *notes),
    )  # fmt: skip


def editions_table(rows: Sequence[EditionRow], limits: StatisticsLimits, notes: Sequence[str]) -> ExportTable:
    """Editions by year of decision."""
    years = years_of(rows)
    return ExportTable(
        name="editions",
        title="Editions cited",
        heads=("side", "authority", "edition", *TALLY_HEADS, "superseded items", SMALL_HEAD,
               *(str(year or "no date") for year in years)),
        rows=[
            [
                str(row.side.label), str(row.authority), row.name, *tally_cells(row.tally),
                row.superseded,
                small_cell_mark(
                    (row.tally.items, row.tally.overturned, row.superseded, *row.by_year.values()), limits
                ),
                *(row.by_year.get(year, 0) for year in years),
            ]
            for row in rows
        ],
        notes=("Counts items.", small_cell_note(limits), *notes),
        keys=[f"{row.side}:{row.filter_value}" for row in rows],
    )  # fmt: skip


def parts_table(
    name: str,
    title: str,
    parts: Sequence[tuple[str, PartTallies]],
    limits: StatisticsLimits,
    notes: Sequence[str],
) -> ExportTable:
    """Sections and pages of one authority; ``parts`` are pairs (kind, tallies)."""
    return ExportTable(
        name=name,
        title=f"Sections and pages of {title} cited",
        heads=("side", "kind", "section or page", *TALLY_HEADS, SMALL_HEAD),
        rows=[
            [str(Side(side).label), kind, part, *tally_cells(tally),
             small_cell_mark((tally.items, tally.overturned), limits)]
            for kind, tallies in parts
            for (side, part), tally in sorted(tallies.items(), key=lambda counted: (-counted[1].items, counted[0]))
        ],
        notes=("Counts items.", small_cell_note(limits), *notes),
    )  # fmt: skip


def _two(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
