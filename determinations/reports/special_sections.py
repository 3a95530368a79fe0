"""Sections of a report that are no statistic of the catalog: the overview, numbers over time, changes, definitions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from determinations.browsing.selection import parse_selection
from determinations.models import Figure
from determinations.reports.charts import Point, trend
from determinations.reports.contents import Build, Counting, Section, Term, in_state, selection_notes
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.changes import Change, changes
from determinations.statistics.export_tables import (
    SMALL_HEAD,
    TALLY_HEADS,
    Cell,
    ExportTable,
    periods_table,
    small_cell_mark,
    small_cell_note,
    tally_cells,
)
from determinations.statistics.glossary import GLOSSARY
from determinations.statistics.interface import LetterGroup, Selection
from determinations.statistics.periods import Period, last_months
from determinations.statistics.tabulate import Letters, Table, by_period, count, decided_by_month, sum_letters
from determinations.statistics.time_steps import fitting_step, step_label
from determinations.wording import figures

_OUTCOMES = ("upheld", "partly", "overturned", "unknown")
_RATE = "Overturn rate (95% interval)"


def _overview(counting: Counting) -> Section:
    groups = counting.engine.count_letters(counting.selection)
    letters = sum_letters(groups)
    years = {group.month.year if group.month else None for group in groups if group.items}
    year = years.pop() if len(years) == 1 else None
    state = {name: counting.published.get(year, name) for name in Figure.values}
    rows = [
        ("Letters", figures.thousands(letters.letters) + in_state(state[Figure.LETTERS], "")),
        ("Items", figures.thousands(letters.tally.items) + in_state(state[Figure.ITEMS], "")),
        ("Items per letter", figures.two(letters.items_per_letter) + in_state(state[Figure.ITEMS_PER_LETTER], "")),
        (
            "Letters with several items",
            f"{figures.thousands(letters.several)} ({figures.percent(letters.several_share)})"
            + in_state(state[Figure.SEVERAL_ITEMS]),
        ),
        ("Items decided", figures.thousands(letters.tally.decided)),
        ("Items overturned", figures.thousands(letters.tally.overturned)),
        (_RATE, counting.rate(letters.tally, state[Figure.OVERTURNED])),
    ]
    whole: list[list[Cell]] = [_letters_cells("All letters", letters, counting)]
    for outcome in _OUTCOMES:
        number = letters.outcomes.get(outcome, 0)
        if number or outcome != "unknown":
            label = f"Letters: {counting.labels.of('outcome', outcome).lower()}"
            share = 100 * number / letters.letters if letters.letters else None
            rows.append((label, f"{figures.thousands(number)} ({figures.percent(share)})"))
            whole.append([label, number, *[None] * (len(TALLY_HEADS) + 1), small_cell_mark([number], counting.limits)])
    return Section(
        "overview",
        "Overview",
        heads=("Measure", "Number"),
        rows=tuple(rows),
        notes=tuple(counting.few_note(letters.tally)),
        whole=ExportTable(
            "overview",
            "Overview",
            ("measure", "letters", "letters with several items", *TALLY_HEADS, SMALL_HEAD),
            whole,
            ("Counts letters and items.", small_cell_note(counting.limits), *selection_notes(counting)),
        ),
    )


def _letters_cells(label: str, letters: Letters, counting: Counting) -> list[Cell]:
    counts = (letters.letters, letters.several, letters.tally.items, letters.tally.overturned)
    mark = small_cell_mark(counts, counting.limits)
    return [label, letters.letters, letters.several, *tally_cells(letters.tally), mark]


def _over_time(counting: Counting) -> Section:
    groups = counting.engine.count_letters(counting.selection)
    step = fitting_step(decided_by_month(groups), counting.limits.rate_needs)
    periods = [(step_label(key), letters) for key, letters in by_period(groups, step)]
    points = [Point(label, letters.tally) for label, letters in periods if label != step_label("unknown")]
    whole = periods_table(step, periods, counting.limits, selection_notes(counting))
    needs = counting.limits.rate_needs
    drawn = "Items and overturn rate" if any(point.tally.decided >= needs for point in points) else "Items"
    return Section(
        "over-time",
        f"By {step} of decision",
        heads=(step.capitalize(), "Letters", "Items", "Overturned", _RATE),
        rows=tuple(_period_cells(counting, label, letters) for label, letters in periods[-counting.definition.rows :]),
        notes=tuple(_period_notes(counting, periods)),
        chart=trend(points, needs) if counting.definition.charts and len(points) > 1 else "",
        alt=f"{drawn} by {step}. The table has the numbers.",
        whole=whole,
    )


def _period_cells(counting: Counting, label: str, letters: Letters) -> tuple[str, ...]:
    tally = letters.tally
    counts = map(figures.thousands, (letters.letters, tally.items, tally.overturned))
    return (label, *counts, counting.rate(tally))


def _period_notes(counting: Counting, periods: Sequence[tuple[str, Letters]]) -> list[str]:
    earlier = len(periods) - counting.definition.rows
    more = [f"{earlier} earlier rows; Excel and CSV have all of them."] if earlier > 0 else []
    return [*more, *counting.few_note(*(letters.tally for _label, letters in periods))]


def _years(counting: Counting) -> Section:
    by_year: defaultdict[int | None, list[LetterGroup]] = defaultdict(list)
    for group in counting.engine.count_letters(counting.selection):
        by_year[group.month.year if group.month else None].append(group)
    years = [(year, sum_letters(by_year[year])) for year in sorted(by_year, key=lambda year: (year is None, year))]
    named = [(str(year or "No date"), letters) for year, letters in years]
    return Section(
        "years",
        "By year, with statewide figures",
        heads=("Year", "Letters", "Items", "Items per letter", "Several items", "Overturned", _RATE),
        rows=tuple(_year_cells(counting, year, letters) for year, letters in years),
        notes=(
            "State figures were published by the DWC or the CWCI for the same year.",
            *counting.few_note(*(letters.tally for _year, letters in years)),
        ),
        whole=periods_table("year", named, counting.limits, selection_notes(counting)),
    )


def _year_cells(counting: Counting, year: int | None, letters: Letters) -> tuple[str, ...]:
    state = {name: counting.published.get(year, name) for name in Figure.values}
    return (
        str(year or "No date"),
        figures.thousands(letters.letters) + in_state(state[Figure.LETTERS], ""),
        figures.thousands(letters.tally.items) + in_state(state[Figure.ITEMS], ""),
        figures.two(letters.items_per_letter) + in_state(state[Figure.ITEMS_PER_LETTER], ""),
        figures.percent(letters.several_share) + in_state(state[Figure.SEVERAL_ITEMS]),
        figures.thousands(letters.tally.overturned),
        counting.rate(letters.tally, state[Figure.OVERTURNED]),
    )


def _changes(counting: Counting) -> Section:
    period, statistic = counting.period or _last_three_months(counting), BY_KEY["category"]
    if period is None:
        return Section("changes", "Recent changes", notes=("No letter of this selection has a date of decision.",))
    now, before = (_categories(counting, compared) for compared in (period, period.before))
    shown = changes(now, before, limits=counting.limits)
    return Section(
        "changes",
        f"Recent changes: {period} and {period.before}",
        heads=(statistic.label, "Items now", "Items before", "Overturned now", "Overturned before", "Change"),
        rows=tuple(_change_cells(counting, change) for change in shown),
        notes=() if shown else (f"A category needs {counting.limits.rate_needs} decided items in both periods.",),
        whole=ExportTable(
            "changes",
            f"Treatment categories: {period} and {period.before}",
            (statistic.label, *TALLY_HEADS, *(f"{head} before" for head in TALLY_HEADS), "significant", SMALL_HEAD),
            [
                [
                    change.label, *tally_cells(change.now), *tally_cells(change.before),
                    "yes" if change.significant else "no",
                    small_cell_mark((*_counts(change),), counting.limits),
                ]
                for change in changes(now, before, limits=counting.limits, all_rows=True)
            ],
            (small_cell_note(counting.limits), *selection_notes(counting)),
        ),
    )  # fmt: skip


def _counts(change: Change) -> tuple[int, ...]:
    return tuple(number for tally in (change.now, change.before) for number in (tally.items, tally.overturned))


def _last_three_months(counting: Counting) -> Period | None:
    months = [group.month for group in counting.engine.count_letters(counting.selection) if group.month]
    return last_months(max(months), 3) if months else None


def _categories(counting: Counting, period: Period) -> Table:
    query = counting.definition.filters
    query["decided_from"], query["decided_to"] = period.first.isoformat(), period.last.isoformat()
    selection: Selection = parse_selection(query, counting.lookups).selection
    return count(counting.engine, BY_KEY["category"], selection, counting.labels, counting.limits)


def _change_cells(counting: Counting, change: Change) -> tuple[str, ...]:
    verdict = "significant" if change.significant else "could be chance"
    return (
        change.label,
        figures.thousands(change.now.items),
        figures.thousands(change.before.items),
        counting.rate(change.now),
        counting.rate(change.before),
        f"{figures.points(change.points)} ({verdict})",
    )


def _definitions(counting: Counting) -> Section:
    terms = tuple(Term(term.name, term.meaning, term.source) for term in GLOSSARY if term.in_report)
    return Section("definitions", "Definitions", terms=terms)


#: By key: the name to choose it by, and how it is counted.
SPECIAL_SECTIONS: Mapping[str, tuple[str, Build]] = {
    "overview": ("Overview: letters, items, outcomes", _overview),
    "over-time": ("Numbers over time", _over_time),
    "years": ("By year, with statewide figures", _years),
    "changes": ("Recent changes", _changes),
    "definitions": ("Definitions", _definitions),
}
BUILD: Mapping[str, Build] = {key: build for key, (_label, build) in SPECIAL_SECTIONS.items()}
