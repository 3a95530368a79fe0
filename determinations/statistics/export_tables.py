"""Tables as they leave the house: plain values, with what they count and what is too small to tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from determinations.models import Side, StatisticsLimits
from determinations.statistics.authority_parts import PartTallies
from determinations.statistics.editions import EditionRow, years_of
from determinations.statistics.tabulate import Letters, Row, Table, Tally

Cell = str | int | float | None


@dataclass(frozen=True)
class Sheet:
    """One table to export. ``notes`` say what is counted, of which selection, by which definitions."""

    name: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default_factory=tuple)


TALLY_HEADS = ("items", "decided items", "overturned items", "overturned percent", "interval from", "interval to")
SMALL_HEAD = "small cell"


def tally_cells(tally: Tally) -> list[Cell]:
    """The cells under ``TALLY_HEADS``."""
    low, high = tally.interval or (None, None)
    return [tally.items, tally.decided, tally.overturned, _two(tally.rate), _two(low), _two(high)]


def small_mark(counts: Iterable[int], limits: StatisticsLimits) -> str:
    """What a row says when one of its counts is so small that it might point to a person."""
    return f"n<{limits.small_cell}" if any(0 < count < limits.small_cell for count in counts) else ""


def sheet_of(table: Table, limits: StatisticsLimits, notes: Sequence[str] = ()) -> Sheet:
    """A statistic's table."""
    statistic = table.statistic
    return Sheet(
        name=statistic.key,
        title=statistic.label,
        heads=("key", statistic.label, *TALLY_HEADS[:1], "percent of items", *TALLY_HEADS[1:], SMALL_HEAD),
        rows=[_row_cells(row, limits) for row in table.rows],
        notes=(
            "Counts items." + (" An item can count in several rows." if statistic.several else ""),
            *([statistic.note] if statistic.note else []),
            *(_days_note(table)),
            small_note(limits),
            *notes,
        ),
    )


def small_note(limits: StatisticsLimits) -> str:
    """What the mark means."""
    return f"Rows marked n<{limits.small_cell} hold a count that might point to a person: do not pass them on."


def _days_note(table: Table) -> list[str]:
    days = table.days
    if days is None:
        return []
    return [
        f"Of {days.known} items with both dates: median {_two(days.median)} days, quartiles {_two(days.lower)} and "
        f"{_two(days.upper)}, mean {_two(days.mean)}."
    ]


def _row_cells(row: Row, limits: StatisticsLimits) -> list[Cell]:
    tally = tally_cells(row.tally)
    small = small_mark((row.tally.items, row.tally.decided, row.tally.overturned), limits)
    return [row.key, row.label, tally[0], _two(row.share), *tally[1:], small]


def months_sheet(months: Sequence[tuple[str, Letters]], limits: StatisticsLimits, notes: Sequence[str]) -> Sheet:
    """Letters and items by month; ``months`` are (name, letters)."""
    return Sheet(
        name="months",
        title="Letters and items by month of decision",
        heads=("month", "letters", "letters with several items", *TALLY_HEADS, SMALL_HEAD),
        rows=[
            [
                name, each.letters, each.several, *tally_cells(each.tally),
                small_mark((each.letters, each.several, each.tally.items, each.tally.overturned), limits),
            ]
            for name, each in months
        ],
        notes=("Counts letters and items.", small_note(limits), *notes),
    )  # fmt: skip


def editions_sheet(rows: Sequence[EditionRow], limits: StatisticsLimits, notes: Sequence[str]) -> Sheet:
    """Editions by year of decision."""
    years = years_of(rows)
    return Sheet(
        name="editions",
        title="Editions cited",
        heads=("side", "authority", "title", "edition", *TALLY_HEADS, "superseded items", SMALL_HEAD,
               *(str(year or "no date") for year in years)),
        rows=[
            [
                str(row.side.label), row.authority.key, str(row.authority), row.name, *tally_cells(row.tally),
                row.superseded,
                small_mark((row.tally.items, row.tally.overturned, row.superseded, *row.by_year.values()), limits),
                *(row.by_year.get(year, 0) for year in years),
            ]
            for row in rows
        ],
        notes=("Counts items.", small_note(limits), *notes),
    )  # fmt: skip


def parts_sheet(
    name: str,
    title: str,
    parts: Sequence[tuple[str, PartTallies]],
    limits: StatisticsLimits,
    notes: Sequence[str],
) -> Sheet:
    """Sections and pages of one authority; ``parts`` are (kind, tallies)."""
    return Sheet(
        name=name,
        title=f"Sections and pages cited of {title}",
        heads=("side", "kind", "part", *TALLY_HEADS, SMALL_HEAD),
        rows=[
            [str(Side(side).label), kind, part, *tally_cells(tally),
             small_mark((tally.items, tally.overturned), limits)]
            for kind, tallies in parts
            for (side, part), tally in sorted(tallies.items(), key=lambda each: (-each[1].items, each[0]))
        ],
        notes=("Counts items.", small_note(limits), *notes),
    )  # fmt: skip


def _two(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
