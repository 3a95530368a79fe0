"""Compares two selections: the filters of the address (A), and those in its parameter ``versus`` (B)."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.filters import filters_only
from determinations.paging.addresses import with_query
from determinations.statistics.catalog import BY_KEY, STATISTICS
from determinations.statistics.changes import changes
from determinations.statistics.definition import Statistic
from determinations.statistics.interface import LetterGroup
from determinations.statistics.periods import Period, last_months, year_period
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from determinations.statistics.tabulate import sum_letters
from determinations.views.statistics.context import Context, kept_parameters, may_view, table_of
from determinations.views.statistics.lazy_sections import section, show_section, whole_url
from determinations.views.statistics.overview_numbers import dates, numbers, requested_period, with_period
from determinations.views.statistics.selection import as_query, narrow

_SIDE = ("Selection B", "statistics/_compare_side.html")
_TABLE = ("Comparison table", "statistics/_compare_table.html")


@require_safe
@may_view
def compare(request: HttpRequest) -> HttpResponse:
    """Both selections and a table of one statistic. Without ``versus``, redirects to a useful comparison."""
    statistic = _statistic_of(request)
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        if "versus" not in request.GET:
            default = _default_comparison(first)
            if default:
                query, other = default
                return redirect(with_query(request.path, query, **kept_parameters(request), versus=other.urlencode()))
        groups = engine.count_letters(first.selection)
        versus = second.query.urlencode()
        side_url, table_url = (
            with_query(reverse(name), first.query, versus=versus, by=statistic.key)
            for name in ("compare_side", "compare_table")
        )
        return render(
            request,
            "statistics/compare.html",
            first.frame(
                "compare",
                side=_side(first, "A", groups),
                other=section(first, side_url, *_SIDE, lambda _first: {"side": _side(second, "B")}),
                table=section(first, table_url, *_TABLE, lambda _first: _rows(first, second, statistic)),
                whole_url=whole_url(first),
                statistic=statistic,
                statistics=STATISTICS,
                versus=versus,
                presets=_presets(first, groups),
                swapped=with_query("", second.query, versus=first.query.urlencode(), by=statistic.key),
            ),
        )


@require_safe
@may_view
def compare_side(request: HttpRequest) -> HttpResponse:
    """The numbers of selection B: a section of the page."""
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        return show_section(request, "compare", *_SIDE, first.frame("", side=_side(second, "B")))


@require_safe
@may_view
def compare_table(request: HttpRequest) -> HttpResponse:
    """A and B row by row: a section of the page."""
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        rows = _rows(first, second, _statistic_of(request))
        return show_section(request, "compare", *_TABLE, first.frame("", **rows))


def _statistic_of(request: HttpRequest) -> Statistic:
    return BY_KEY.get(request.GET.get("by", ""), BY_KEY["category"])


def _two_sides(request: HttpRequest, engine: SqlEngine) -> tuple[Context, Context]:
    first = Context.of(request, engine)
    return first, Context.of(request, engine, filters_only(QueryDict(request.GET.get("versus", ""))), like=first)


def _side(side: Context, name: str, groups: list[LetterGroup] | None = None) -> dict[str, object]:
    if groups is None:
        groups = side.engine.count_letters(side.selection)
    letters = sum_letters(groups)
    return {
        "name": name,
        "letters": letters,
        "numbers": numbers(side, letters),
        "enough": letters.tally.decided >= side.limits.rate_needs,
        "chips": side.frame("")["chips"],
    }


def _rows(first: Context, second: Context, statistic: Statistic) -> dict[str, object]:
    compared = changes(table_of(first, statistic), table_of(second, statistic), limits=first.limits, all_rows=True)
    return {
        "statistic": statistic,
        "rows": [
            {
                "change": change,
                "a": first.items(change.now.items, {**statistic.within, **statistic.filters(change.key)}),
                "b": second.items(change.before.items, {**statistic.within, **statistic.filters(change.key)}),
            }
            for change in compared
        ],
    }


def _default_comparison(first: Context) -> tuple[QueryDict, QueryDict] | None:
    """What to compare if the address has no ``versus``.

    A period is compared with the preceding one, other filters with the remaining items, and without filters the last
    full year with the year before. None if no letter has a date.
    """
    query, period = first.query, requested_period(first.query)
    if period:
        return query, with_period(query, period.before)
    if query:
        return query, _rest_of(query)
    last = _last_period(first.engine.count_letters(first.selection))
    return (as_query(dates(last)), as_query(dates(last.before))) if last else None


def _last_period(groups: list[LetterGroup]) -> Period | None:
    """The last full year if it and the year before have letters, otherwise the last three months."""
    months = {group.month for group in groups if group.month}
    if not months:
        return None
    newest = max(months)
    year = newest.year if newest.month == 12 else newest.year - 1
    if {year, year - 1} <= {month.year for month in months}:
        return year_period(year)
    return last_months(newest, 3)


def _rest_of(query: QueryDict) -> QueryDict:
    return as_query({"rest_of": [query.urlencode()]})


def _presets(context: Context, groups: list[LetterGroup]) -> list[dict[str, str]]:
    """Common comparisons for the selection, as buttons."""
    query, period = context.query, requested_period(context.query)
    comparisons = []
    if period:
        comparisons.append((f"{period} vs. {period.before}", query, with_period(query, period.before)))
    else:
        years = sorted({group.month.year for group in groups if group.month})[-2:]
        if len(years) == 2:
            newer, older = (narrow(query, dates(year_period(year))) for year in reversed(years))
            comparisons.append((f"{years[1]} vs. {years[0]}", newer, older))
    if query:
        comparisons.append(("This selection vs. all other items", query, _rest_of(query)))
        comparisons.append(("This selection vs. all items", query, QueryDict()))
    path, by = reverse("statistics_compare"), context.request.GET.get("by", "category")
    return [
        {"label": label, "url": with_query(path, shown, versus=versus.urlencode(), by=by)}
        for label, shown, versus in comparisons
    ]
