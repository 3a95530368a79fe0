"""Grounds by treatment, guideline, side or time: how often each ground was given among the items of each row."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from determinations.parsing.results import SIDES, Decision, Side
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.citation_catalog import families
from determinations.statistics.definition import UNKNOWN, Statistic
from determinations.statistics.interface import Engine, Selection, Sums
from determinations.statistics.tabulate import Tally, tallies_of
from determinations.statistics.time_steps import STEPS
from determinations.wording.labels import Labels


@dataclass(frozen=True)
class Axis:
    """The rows of a table of grounds: those of a statistic, read from columns that have few values."""

    statistic: Statistic
    columns: tuple[str, ...]
    keys: Callable[..., Iterable[str]]


@dataclass(frozen=True)
class GroundRow:
    """A row: its items, and those of them with each ground."""

    key: str
    label: str
    total: Tally
    by_ground: Mapping[str, Tally]


@dataclass(frozen=True)
class GroundTable:
    """All rows, in the statistic's order or most items first. ``total`` counts every item once."""

    statistic: Statistic
    rows: tuple[GroundRow, ...]
    total: Tally
    by_ground: Mapping[str, Tally]


def _own(key: str) -> Axis:
    statistic = BY_KEY[key]
    return Axis(statistic, statistic.columns, statistic.keys)


def _families(side: Side) -> Axis:
    return Axis(BY_KEY[f"{side}-family"], (f"{side}_families",), lambda bits, labels: families(bits))


#: By the key of the statistic.
AXES: Mapping[str, Axis] = {
    axis.statistic.key: axis
    for axis in (
        _own("category"),
        _own("subcategory"),
        _own("body-region"),
        *(_own(f"{side}-authority") for side in SIDES),
        *(_families(side) for side in SIDES),
        *(_own(step) for step in STEPS),
    )
}


def ground_table(engine: Engine, axis: Axis, selection: Selection, labels: Labels) -> GroundTable:
    """Items of the selection by the axis and by ground. An item counts once in every row and under every ground."""
    grounds, rows = ("grounds",), axis.columns
    whole, (by_code, by_row, by_both) = engine.count_elements(selection, (grounds, rows, (*rows, *grounds)))
    by_ground, of_row, cells = Sums(), Sums(), defaultdict[str, Sums](Sums)
    for (codes,), *counts in by_code:
        by_ground.add(_code(codes), *counts)
    for raw, *counts in by_row:
        for key in dict.fromkeys(axis.keys(*raw, labels)):
            of_row.add(key, *counts)
    for (*of_axis, codes), *counts in by_both:
        for key in dict.fromkeys(axis.keys(*of_axis, labels)):
            cells[key].add(_code(codes), *counts)
    statistic = axis.statistic
    table_rows = tuple(
        GroundRow(key, statistic.row_label(key, labels), Tally(*of_row[key]), tallies_of(cells[key]))
        for key in sorted(of_row, key=_order(statistic, of_row))
    )
    return GroundTable(statistic, table_rows, Tally(*whole[1:]), tallies_of(by_ground))


def _code(grounds: tuple[str, ...]) -> str:
    """The ground of a group."""
    return grounds[0] if grounds else UNKNOWN


def with_decision(tally: Tally, decision: Decision) -> int:
    """The items of a tally that have the decision."""
    return tally.overturned if decision == "overturned" else tally.decided - tally.overturned


def _order(statistic: Statistic, sums: Sums) -> Callable[[str], tuple[float | str, ...]]:
    if statistic.order is not None:
        positions = {key: position for position, key in enumerate(statistic.order)}
        return lambda key: (positions.get(key, len(positions)), key)
    if statistic.sort_by_key:
        return lambda key: (key == UNKNOWN, key)
    return lambda key: (-sums[key][0], key)
