"""The numbers of the overview, the report and comparisons: tiles, periods, years, recent changes."""

from collections import defaultdict
from datetime import date
from functools import partial

from django.http import QueryDict
from django.urls import reverse

from determinations.browsing.selection import narrow
from determinations.models import Figure
from determinations.paging.addresses import with_query
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.changes import changes
from determinations.statistics.definition import UNKNOWN
from determinations.statistics.interface import LetterGroup
from determinations.statistics.periods import Period, last_months, year_period
from determinations.statistics.published import PublishedFigures
from determinations.statistics.tabulate import Letters, by_period, decided_by_month, sum_letters
from determinations.statistics.time_steps import Step, step_filters, step_label
from determinations.views.statistics.context import Context, table_of
from determinations.views.statistics.lazy_sections import Section, section
from determinations.views.statistics.over_time import steps

CHANGES = ("Recent changes", "statistics/_changes.html")
_OUTCOMES = ("upheld", "partly", "overturned", "unknown")


def overview(context: Context) -> dict[str, object]:
    """Tiles, periods and years of the selection."""
    groups = context.engine.count_letters(context.selection)
    letters, figures = sum_letters(groups), PublishedFigures()
    chosen = steps(context, decided_by_month(groups))
    year = _year_of(groups)
    return {
        "letters": letters,
        "numbers": numbers(context, letters),
        "enough": letters.tally.decided >= context.limits.rate_needs,
        "year": year,
        "years": _years(context, groups, figures),
        "published": {name: figures.get(year, name) for name in Figure.values},
        "outcomes": _outcomes(context, letters),
        "periods": _periods(context, groups, chosen["step"]),
        **chosen,
        "export_query": with_query("", context.query, step=chosen["step"]),
        "recent_changes": _recent_changes(context, groups),
    }


def numbers(context: Context, letters: Letters) -> dict[str, object]:
    """The numbers of the tiles, linked to their lists."""
    return {
        "letters": context.letters(letters.letters),
        "items": context.items(letters.tally.items),
        "decided": context.items(letters.tally.decided, _decided(context.query)),
        "overturned": context.items(letters.tally.overturned, {"decision": ["overturned"]}),
        "several": context.letters(letters.several, {"several_items": ["yes"]}),
    }


def _decided(query: QueryDict) -> dict[str, list[str]]:
    """The filter for decided items, within the decisions that the address selects."""
    selected = query.getlist("decision")
    return {"decision": [value for value in ("upheld", "overturned") if not selected or value in selected]}


def _outcomes(context: Context, letters: Letters) -> list[dict[str, object]]:
    outcomes = []
    for outcome in _OUTCOMES:
        number = letters.outcomes.get(outcome, 0)
        if number or outcome != "unknown":
            outcomes.append({
                "key": outcome,
                "label": context.labels.of("outcome", outcome),
                "number": context.letters(number, {"outcome": [outcome]}),
                "share": 100 * number / letters.letters if letters.letters else None,
            })  # fmt: skip
    return outcomes


def _periods(context: Context, groups: list[LetterGroup], step: Step) -> list[dict[str, object]]:
    return [
        {
            "key": key,
            "label": step_label(key),
            "letters": context.letters(letters.letters, step_filters(key)),
            "items": context.items(letters.tally.items, step_filters(key)),
            "overturned": context.items(letters.tally.overturned, {**step_filters(key), "decision": ["overturned"]}),
            "tally": letters.tally,
            "enough": letters.tally.decided >= context.limits.rate_needs,
        }
        for key, letters in by_period(groups, step)
    ]


def _years(context: Context, groups: list[LetterGroup], figures: PublishedFigures) -> list[dict[str, object]]:
    """By year of decision, with statewide figures for the same year; letters without a date are last."""
    by_year: defaultdict[int | None, list[LetterGroup]] = defaultdict(list)
    for group in groups:
        by_year[group.month.year if group.month else None].append(group)
    years: list[dict[str, object]] = []
    for year in sorted(by_year, key=lambda year: (year is None, year)):
        letters = sum_letters(by_year[year])
        filters = dates(year_period(year)) if year else step_filters(UNKNOWN)
        years.append({
            "label": year or "No date",
            "url": with_query(context.request.path, narrow(context.query, filters)),
            "letters": context.letters(letters.letters, filters),
            "items": context.items(letters.tally.items, filters),
            "overturned": context.items(letters.tally.overturned, {**filters, "decision": ["overturned"]}),
            "several": context.letters(letters.several, {**filters, "several_items": ["yes"]}),
            "totals": letters,
            "enough": letters.tally.decided >= context.limits.rate_needs,
            "published": {name: figures.get(year, name) for name in Figure.values},
        })  # fmt: skip
    return years


def dates(period: Period) -> dict[str, list[str]]:
    """The filters of a period."""
    return {"decided_from": [period.first.isoformat()], "decided_to": [period.last.isoformat()]}


def _year_of(groups: list[LetterGroup]) -> int | None:
    """The calendar year of all items, if they have only one."""
    years = {group.month.year if group.month else None for group in groups if group.items}
    return years.pop() if len(years) == 1 else None


def requested_period(query: QueryDict) -> Period | None:
    """The period that an address selects, if it has a valid one."""
    first, last = query.get("decided_from"), query.get("decided_to")
    try:
        period = Period(date.fromisoformat(first or ""), date.fromisoformat(last or ""))
    except ValueError:
        return None
    return period if period.first <= period.last else None


def with_period(query: QueryDict, period: Period) -> QueryDict:
    """The address with this period in place of its own."""
    copy = query.copy()
    for name, values in dates(period).items():
        copy.setlist(name, values)
    return copy


def _recent_changes(context: Context, groups: list[LetterGroup]) -> Section | None:
    """The section on changes in the selected period or the last three months; None if no letter has a date."""
    months = [group.month for group in groups if group.month]
    period = requested_period(context.query) or (last_months(max(months), 3) if months else None)
    if period is None:
        return None
    url = with_query(reverse("statistics_changes"), with_period(context.query, period))
    return section(context, url, *CHANGES, partial(notable_changes, period=period))


def notable_changes(context: Context, *, period: Period) -> dict[str, object]:
    """Changes since the preceding period by category, statistically significant ones first."""
    statistic = BY_KEY["category"]
    now, before = (
        Context.of(context.request, context.engine, with_period(context.query, compared), like=context)
        for compared in (period, period.before)
    )
    compared_rows = changes(table_of(now, statistic), table_of(before, statistic), limits=context.limits)
    return {
        "period": period,
        "changes": [
            {
                "change": change,
                "now": now.items(change.now.items, statistic.filters(change.key)),
                "before": before.items(change.before.items, statistic.filters(change.key)),
            }
            for change in compared_rows
        ],
    }
