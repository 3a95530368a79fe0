"""Turns counted groups into tables: shares, rates, confidence intervals, medians."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from determinations.models import StatisticsLimits
from determinations.statistics.definition import UNKNOWN, Statistic
from determinations.statistics.element_counts import has_arrays
from determinations.statistics.interface import CitationGroup, Engine, ItemGroup, LetterGroup, Selection, Sums
from determinations.statistics.intervals import quantile, wilson
from determinations.statistics.time_steps import Step, ordered_keys, step_key
from determinations.wording.labels import Labels


@dataclass(frozen=True)
class Tally:
    """A count of items, of those with a decision, and of those overturned."""

    items: int = 0
    decided: int = 0
    overturned: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.items + other.items, self.decided + other.decided, self.overturned + other.overturned)

    @property
    def rate(self) -> float | None:
        """The overturn rate: overturned items as a percentage of decided items."""
        return 100 * self.overturned / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% Wilson interval of the rate, in percent."""
        shares = wilson(self.overturned, self.decided)
        return (100 * shares[0], 100 * shares[1]) if shares else None

    def share_of(self, total: int) -> float | None:
        """The items as a percentage of ``total``."""
        return 100 * self.items / total if total else None


@dataclass(frozen=True)
class Row:
    """One row of a statistic's table; shares and rates are percentages."""

    key: str
    label: str
    tally: Tally
    share: float | None
    enough: bool  # decided items for a meaningful rate
    small: bool  # so few items that they could identify a worker

    @property
    def items(self) -> int:
        return self.tally.items


@dataclass(frozen=True)
class Days:
    """The distribution of a number of days over the ``known`` items, which have both dates."""

    known: int
    shortest: float | None
    lower: float | None
    median: float | None
    upper: float | None
    longest: float | None
    mean: float | None


@dataclass(frozen=True)
class Table:
    """A statistic of a selection. ``total`` counts every item once, even if it counts in several rows."""

    statistic: Statistic
    rows: tuple[Row, ...]
    total: Tally
    days: Days | None = None

    def row(self, key: str) -> Row | None:
        """The row of a key, if any item has it."""
        return next((row for row in self.rows if row.key == key), None)

    def tally(self, key: str) -> Tally:
        """The counts of a row; zeros if no item has the key."""
        row = self.row(key)
        return row.tally if row else Tally()


def tabulate(
    statistic: Statistic,
    groups: Sequence[ItemGroup],
    labels: Labels,
    limits: StatisticsLimits,
    total: ItemGroup | None = None,
) -> Table:
    """The table of a statistic, from the groups of its columns; ``total`` counts each item once if groups do not."""
    sums = Sums()
    for raw, *counts in groups:
        for key in statistic.keys_of(raw, labels):
            sums.add(key, *counts)
    tallies = tallies_of(sums)
    whole = sum((Tally(*counts) for _raw, *counts in (groups if total is None else [total])), Tally())
    rows = tuple(
        row_of(key, statistic.row_label(key, labels), tallies[key], whole.items, limits)
        for key in _ordered_keys(statistic, tallies)
    )
    return Table(statistic, rows, whole, _days(groups) if statistic.days else None)


def tallies_of(sums: Sums) -> dict[Any, Tally]:
    """The counts of each key as a tally."""
    return {key: Tally(*counts) for key, counts in sums.items()}


def count(
    engine: Engine, statistic: Statistic, selection: Selection, labels: Labels, limits: StatisticsLimits
) -> Table:
    """The table of a statistic over a selection that is already restricted to ``statistic.within``."""
    if has_arrays(statistic.columns):
        total, (by_element,) = engine.count_elements(selection, (statistic.columns,))
        return tabulate(statistic, by_element, labels, limits, total)
    groups = engine.count_items(selection, statistic.columns)
    if statistic.texts:
        texts = statistic.texts(group.raw[0] for group in groups if group.raw[0] is not None)
        groups = [group._replace(raw=(texts.get(group.raw[0]),)) for group in groups]
    return tabulate(statistic, groups, labels, limits)


def row_of(key: str, label: str, tally: Tally, total: int, limits: StatisticsLimits) -> Row:
    """A row with its share of ``total``; the limits of small numbers apply."""
    return Row(
        key=key,
        label=label,
        tally=tally,
        share=tally.share_of(total),
        enough=tally.decided >= limits.rate_needs,
        small=0 < tally.items < limits.small_cell,
    )


def _ordered_keys(statistic: Statistic, tallies: dict[str, Tally]) -> list[str]:
    """Keys in the statistic's own order, or by number of items; unknown values are last."""
    if statistic.order is not None:
        positions = {key: position for position, key in enumerate(statistic.order)}
        return sorted(tallies, key=lambda key: (positions.get(key, len(positions)), key))
    if statistic.sort_by_key:
        return sorted(tallies, key=lambda key: (key == UNKNOWN, key))
    return sorted(tallies, key=lambda key: (-tallies[key].items, key))


def _days(groups: Iterable[ItemGroup]) -> Days:
    histogram: Counter[int] = Counter()
    for group in groups:
        if group.raw[0] is not None:
            histogram[group.raw[0]] += group.items
    known = histogram.total()
    return Days(
        known=known,
        shortest=quantile(histogram, 0),
        lower=quantile(histogram, 0.25),
        median=quantile(histogram, 0.5),
        upper=quantile(histogram, 0.75),
        longest=quantile(histogram, 1),
        mean=sum(days * items for days, items in histogram.items()) / known if known else None,
    )


@dataclass(frozen=True)
class Letters:
    """Letters and their items; ``several`` letters have more than one. ``outcomes``: letters by case outcome."""

    letters: int
    several: int
    tally: Tally
    outcomes: dict[str, int]

    @property
    def items_per_letter(self) -> float | None:
        """Items per letter."""
        return self.tally.items / self.letters if self.letters else None

    @property
    def several_share(self) -> float | None:
        """The percentage of letters with several items."""
        return 100 * self.several / self.letters if self.letters else None


def sum_letters(groups: Iterable[LetterGroup]) -> Letters:
    """The totals over all months and outcomes."""
    letters = several = items = decided = overturned = 0
    outcomes: Counter[str] = Counter()
    for group in groups:
        letters += group.letters
        several += group.several
        items += group.items
        decided += group.decided
        overturned += group.overturned
        outcomes[group.outcome] += group.letters
    return Letters(letters, several, Tally(items, decided, overturned), dict(outcomes))


def decided_by_month(groups: Iterable[LetterGroup]) -> dict[date | None, int]:
    """Decided items by month of decision."""
    decided: dict[date | None, int] = {}
    for group in groups:
        decided[group.month] = decided.get(group.month, 0) + group.decided
    return decided


def by_period(groups: Iterable[LetterGroup], step: Step) -> list[tuple[str, Letters]]:
    """Totals by month, quarter or year, without gaps from first to last; letters without a date come last."""
    periods: defaultdict[str, list[LetterGroup]] = defaultdict(list)
    for group in groups:
        periods[step_key(step, group.month)].append(group)
    return [(key, sum_letters(periods.get(key, []))) for key in ordered_keys(step, periods)]


def sum_citation_groups(groups: Iterable[CitationGroup], key: Any) -> dict[Any, Tally]:
    """Tallies by ``key(*raw)``; groups whose key is None are left out."""
    sums = Sums()
    for raw, *counts in groups:
        group_key = key(*raw)
        if group_key is not None:
            sums.add(group_key, *counts)
    return tallies_of(sums)
