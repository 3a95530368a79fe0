"""From counted groups to the rows that people read: shares, rates, intervals, medians."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from determinations.models import StatisticsLimits
from determinations.statistics.definition import UNKNOWN, Statistic
from determinations.statistics.interface import Cited, Engine, Group, LetterGroup, Selection, Sums
from determinations.statistics.intervals import quantile, wilson
from determinations.wording.labels import Labels


@dataclass(frozen=True)
class Tally:
    """A count of items. ``decided``: with a decision that was read; the rate is overturned of decided."""

    items: int = 0
    decided: int = 0
    overturned: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.items + other.items, self.decided + other.decided, self.overturned + other.overturned)

    @property
    def rate(self) -> float | None:
        """Overturned items in percent of decided ones."""
        return 100 * self.overturned / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The rate's 95% Wilson interval, in percent."""
        found = wilson(self.overturned, self.decided)
        return (100 * found[0], 100 * found[1]) if found else None

    def share_of(self, total: int) -> float | None:
        """These items in percent of ``total``."""
        return 100 * self.items / total if total else None


@dataclass(frozen=True)
class Row:
    """One row of a statistic's table; shares and rates are percent."""

    key: str
    label: str
    tally: Tally
    share: float | None
    enough: bool  # items for a rate that means something
    small: bool  # a cell so small that it might point to a person

    @property
    def items(self) -> int:
        return self.tally.items


@dataclass(frozen=True)
class Days:
    """What numbers of days look like: ``known`` items have both dates."""

    known: int
    shortest: float | None
    lower: float | None
    median: float | None
    upper: float | None
    longest: float | None
    mean: float | None


@dataclass(frozen=True)
class Table:
    """A statistic of a selection. ``total`` counts each item once, also where rows overlap."""

    statistic: Statistic
    rows: tuple[Row, ...]
    total: Tally
    days: Days | None = None

    def row(self, key: str) -> Row | None:
        """The row of a key."""
        return next((row for row in self.rows if row.key == key), None)


def tabulate(statistic: Statistic, groups: Sequence[Group], labels: Labels, limits: StatisticsLimits) -> Table:
    """The table of a statistic from the groups of its columns."""
    sums, total = Sums(), Sums()
    for raw, *counts in groups:
        total.add("", *counts)
        for key in statistic.keys_of(raw, labels):
            sums.add(key, *counts)
    tallies = _tallies(sums)
    whole = _tallies(total).get("", Tally())
    rows = tuple(
        row_of(key, statistic.word(key, labels), tallies[key], whole.items, limits)
        for key in _in_order(statistic, tallies)
    )
    return Table(statistic, rows, whole, _days(groups) if statistic.days else None)


def _tallies(sums: Sums) -> dict[Any, Tally]:
    return {key: Tally(*counts) for key, counts in sums.items()}


def count(
    engine: Engine, statistic: Statistic, selection: Selection, labels: Labels, limits: StatisticsLimits
) -> Table:
    """The table of a statistic over a selection, which holds what the statistic is ``within`` already."""
    return tabulate(statistic, engine.count_items(selection, statistic.columns), labels, limits)


def row_of(key: str, label: str, tally: Tally, total: int, limits: StatisticsLimits) -> Row:
    """A row with its share of ``total``, judged by the limits of small numbers."""
    return Row(
        key=key,
        label=label,
        tally=tally,
        share=tally.share_of(total),
        enough=tally.decided >= limits.rate_needs,
        small=0 < tally.items < limits.small_cell,
    )


def _in_order(statistic: Statistic, tallies: dict[str, Tally]) -> list[str]:
    """Keys in their own order, else by number of items; what is not known stands last."""
    if statistic.order is not None:
        places = {key: place for place, key in enumerate(statistic.order)}
        return sorted(tallies, key=lambda key: (places.get(key, len(places)), key))
    if statistic.in_order:
        return sorted(tallies, key=lambda key: (key == UNKNOWN, key))
    return sorted(tallies, key=lambda key: (-tallies[key].items, key))


def _days(groups: Iterable[Group]) -> Days:
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
    """Letters and their items. ``outcomes``: letters by outcome of the case."""

    letters: int
    several: int
    tally: Tally
    outcomes: dict[str, int]

    @property
    def items_per_letter(self) -> float | None:
        """Items a letter."""
        return self.tally.items / self.letters if self.letters else None

    @property
    def several_share(self) -> float | None:
        """Letters with several items in percent."""
        return 100 * self.several / self.letters if self.letters else None


def add_up_letters(groups: Iterable[LetterGroup]) -> Letters:
    """All months and outcomes together."""
    letters = several = 0
    tally = Tally()
    outcomes: Counter[str] = Counter()
    for group in groups:
        letters += group.letters
        several += group.several
        tally += Tally(group.items, group.decided, group.overturned)
        outcomes[group.outcome] += group.letters
    return Letters(letters, several, tally, dict(outcomes))


def by_month(groups: Iterable[LetterGroup]) -> list[tuple[str, Letters]]:
    """Months in order as ``2017-03``, from the first to the last without a gap; letters without a date stand last."""
    months: defaultdict[str, list[LetterGroup]] = defaultdict(list)
    for group in groups:
        months[f"{group.month:%Y-%m}" if group.month else UNKNOWN].append(group)
    dated = sorted(month for month in months if month != UNKNOWN)
    if dated:
        first, last = _month_number(dated[0]), _month_number(dated[-1])
        if last - first < _MOST_MONTHS:
            dated = [f"{number // 12}-{number % 12 + 1:02}" for number in range(first, last + 1)]
    named = [*dated, *([UNKNOWN] if UNKNOWN in months else [])]
    return [(month, add_up_letters(months.get(month, []))) for month in named]


#: A misread year must not stretch the chart over centuries: beyond this only months that have letters are shown.
_MOST_MONTHS = 360


def _month_number(month: str) -> int:
    year, number = month.split("-")
    return 12 * int(year) + int(number) - 1


def add_up_cited(groups: Iterable[Cited], key: Any) -> dict[Any, Tally]:
    """Tallies of cited groups by ``key(raw)``; a key that is None is left out."""
    sums = Sums()
    for raw, *counts in groups:
        name = key(*raw)
        if name is not None:
            sums.add(name, *counts)
    return _tallies(sums)
