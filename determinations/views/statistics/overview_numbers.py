"""Letters and items as the overview, the report and comparisons show them: tiles, months, years, what moved."""

from collections import defaultdict
from datetime import date
from functools import partial

from django.http import QueryDict
from django.urls import reverse

from determinations.models import Figure
from determinations.paging.addresses import with_query
from determinations.statistics.catalog import BY_KEY, month_filters
from determinations.statistics.changes import changes
from determinations.statistics.definition import UNKNOWN
from determinations.statistics.interface import LetterGroup
from determinations.statistics.periods import Period, last_months, year_period
from determinations.statistics.published import PublishedFigures
from determinations.statistics.tabulate import Letters, add_up_letters, by_month
from determinations.views.statistics.context import Context, table_of
from determinations.views.statistics.lazy_sections import Section, section
from determinations.views.statistics.selection import narrow

MOVED = ("What moved lately", "statistics/_changes.html")
_OUTCOMES = ("upheld", "partly", "overturned", "unknown")


def overview(context: Context) -> dict[str, object]:
    """Tiles, months and years of the selection."""
    groups = context.engine.count_letters(context.chosen.selection)
    letters, figures = add_up_letters(groups), PublishedFigures()
    year = _year_of(groups)
    return {
        "letters": letters,
        "numbers": numbers(context, letters),
        "enough": letters.tally.decided >= context.limits.rate_needs,
        "year": year,
        "years": _years(context, groups, figures),
        "published": {name: figures.get(year, name) for name in Figure.values},
        "outcomes": _outcomes(context, letters),
        "months": _months(context, groups),
        "moved": _moved(context, groups),
    }


def numbers(context: Context, letters: Letters) -> dict[str, object]:
    """The numbers of the tiles with their lists."""
    return {
        "letters": context.letters(letters.letters),
        "items": context.items(letters.tally.items),
        "decided": context.items(letters.tally.decided, _decided(context.query)),
        "overturned": context.items(letters.tally.overturned, {"decision": ["overturned"]}),
        "several": context.letters(letters.several, {"several_items": ["yes"]}),
    }


def _decided(query: QueryDict) -> dict[str, list[str]]:
    """The filter of items with a decision, within the decisions that the address asks for."""
    asked = query.getlist("decision")
    return {"decision": [value for value in ("upheld", "overturned") if not asked or value in asked]}


def _outcomes(context: Context, letters: Letters) -> list[dict[str, object]]:
    found = []
    for outcome in _OUTCOMES:
        number = letters.outcomes.get(outcome, 0)
        if number or outcome != "unknown":
            found.append({
                "key": outcome,
                "label": context.labels.of("outcome", outcome),
                "number": context.letters(number, {"outcome": [outcome]}),
                "share": 100 * number / letters.letters if letters.letters else None,
            })  # fmt: skip
    return found


def _months(context: Context, groups: list[LetterGroup]) -> list[dict[str, object]]:
    word = BY_KEY["month"].word
    return [
        {
            "key": key,
            "label": word(key, context.labels),
            "letters": context.letters(each.letters, month_filters(key)),
            "items": context.items(each.tally.items, month_filters(key)),
            "overturned": context.items(each.tally.overturned, {**month_filters(key), "decision": ["overturned"]}),
            "tally": each.tally,
            "enough": each.tally.decided >= context.limits.rate_needs,
        }
        for key, each in by_month(groups)
    ]


def _years(context: Context, groups: list[LetterGroup], figures: PublishedFigures) -> list[dict[str, object]]:
    """By year of decision, each beside the state's figures of that year; letters without a date stand last."""
    by_year: defaultdict[int | None, list[LetterGroup]] = defaultdict(list)
    for group in groups:
        by_year[group.month.year if group.month else None].append(group)
    found: list[dict[str, object]] = []
    for year in sorted(by_year, key=lambda year: (year is None, year)):
        letters = add_up_letters(by_year[year])
        filters = dates(year_period(year)) if year else month_filters(UNKNOWN)
        found.append({
            "label": year or "No date",
            "url": with_query(context.request.path, narrow(context.query, filters)),
            "letters": context.letters(letters.letters, filters),
            "items": context.items(letters.tally.items, filters),
            "overturned": context.items(letters.tally.overturned, {**filters, "decision": ["overturned"]}),
            "several": context.letters(letters.several, {**filters, "several_items": ["yes"]}),
            "counted": letters,
            "enough": letters.tally.decided >= context.limits.rate_needs,
            "published": {name: figures.get(year, name) for name in Figure.values},
        })  # fmt: skip
    return found


def dates(period: Period) -> dict[str, list[str]]:
    """The filters of a period."""
    return {"decided_from": [period.first.isoformat()], "decided_to": [period.last.isoformat()]}


def _year_of(groups: list[LetterGroup]) -> int | None:
    """The one calendar year that the selection covers, if it does."""
    years = {group.month.year if group.month else None for group in groups if group.items}
    return years.pop() if len(years) == 1 else None


def asked_period(query: QueryDict) -> Period | None:
    """The period that an address asks for."""
    first, last = query.get("decided_from"), query.get("decided_to")
    try:
        found = Period(date.fromisoformat(first or ""), date.fromisoformat(last or ""))
    except ValueError:
        return None
    return found if found.first <= found.last else None


def in_period(query: QueryDict, period: Period) -> QueryDict:
    """An address with the period instead of its own."""
    moved = query.copy()
    for name, values in dates(period).items():
        moved.setlist(name, values)
    return moved


def _moved(context: Context, groups: list[LetterGroup]) -> Section | None:
    """What moved in the period asked for, else in the last three months; None where no letter has a date."""
    months = [group.month for group in groups if group.month]
    period = asked_period(context.query) or (last_months(max(months), 3) if months else None)
    if period is None:
        return None
    url = with_query(reverse("statistics_moved"), in_period(context.query, period))
    return section(context, url, *MOVED, partial(what_moved, period=period))


def what_moved(context: Context, *, period: Period) -> dict[str, object]:
    """What moved since the period before, by category: the changes that are more than chance first."""
    statistic = BY_KEY["category"]
    now, before = (
        Context.of(context.request, context.engine, in_period(context.query, each), like=context)
        for each in (period, period.before)
    )
    found = changes(table_of(now, statistic), table_of(before, statistic), limits=context.limits)
    return {
        "period": period,
        "changes": [
            {
                "change": change,
                "now": now.items(change.now.items, statistic.filters(change.key)),
                "before": before.items(change.before.items, statistic.filters(change.key)),
            }
            for change in found
        ],
    }
