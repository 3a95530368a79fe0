"""Two selections side by side: the filters of the address, and those in its parameter ``versus``."""

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
from determinations.statistics.tabulate import add_up_letters
from determinations.views.statistics.context import Context, carried, may_view, table_of
from determinations.views.statistics.lazy_sections import section, show_section, whole_url
from determinations.views.statistics.overview_numbers import asked_period, dates, in_period, numbers
from determinations.views.statistics.selection import as_query, narrow

_SIDE = ("Selection B", "statistics/_compare_side.html")
_TABLE = ("The table, row by row", "statistics/_compare_table.html")


@require_safe
@may_view
def compare(request: HttpRequest) -> HttpResponse:
    """Both selections and the table of one statistic; an address that names only one is given another beside it."""
    entry = _compared_by(request)
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        if "versus" not in request.GET:
            opened = _opening(first)
            if opened:
                query, beside = opened
                return redirect(with_query(request.path, query, **carried(request), versus=beside.urlencode()))
        groups = engine.count_letters(first.chosen.selection)
        versus = second.query.urlencode()
        side_url, table_url = (
            with_query(reverse(name), first.query, versus=versus, by=entry.key)
            for name in ("compare_side", "compare_table")
        )
        return render(
            request,
            "statistics/compare.html",
            first.frame(
                "compare",
                side=_side(first, "A", groups),
                other=section(first, side_url, *_SIDE, lambda _first: {"side": _side(second, "B")}),
                table=section(first, table_url, *_TABLE, lambda _first: _rows(first, second, entry)),
                whole_url=whole_url(first),
                statistic=entry,
                statistics=STATISTICS,
                versus=versus,
                presets=_presets(first, groups),
                swapped=with_query("", second.query, versus=first.query.urlencode(), by=entry.key),
            ),
        )


@require_safe
@may_view
def compare_side(request: HttpRequest) -> HttpResponse:
    """The numbers of B: a section of the comparison."""
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        return show_section(request, "compare", *_SIDE, first.frame("", side=_side(second, "B")))


@require_safe
@may_view
def compare_table(request: HttpRequest) -> HttpResponse:
    """Row by row, A and B: a section of the comparison."""
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        rows = _rows(first, second, _compared_by(request))
        return show_section(request, "compare", *_TABLE, first.frame("", **rows))


def _compared_by(request: HttpRequest) -> Statistic:
    return BY_KEY.get(request.GET.get("by", ""), BY_KEY["category"])


def _two_sides(request: HttpRequest, engine: SqlEngine) -> tuple[Context, Context]:
    first = Context.of(request, engine)
    return first, Context.of(request, engine, filters_only(QueryDict(request.GET.get("versus", ""))), like=first)


def _side(side: Context, name: str, groups: list[LetterGroup] | None = None) -> dict[str, object]:
    if groups is None:
        groups = side.engine.count_letters(side.chosen.selection)
    letters = add_up_letters(groups)
    return {
        "name": name,
        "letters": letters,
        "numbers": numbers(side, letters),
        "enough": letters.tally.decided >= side.limits.rate_needs,
        "chips": side.frame("")["chips"],
    }


def _rows(first: Context, second: Context, entry: Statistic) -> dict[str, object]:
    found = changes(table_of(first, entry), table_of(second, entry), limits=first.limits, all_rows=True)
    return {
        "statistic": entry,
        "rows": [
            {
                "change": each,
                "a": first.items(each.now.items, {**entry.within, **entry.filters(each.key)}),
                "b": second.items(each.before.items, {**entry.within, **entry.filters(each.key)}),
            }
            for each in found
        ],
    }


def _opening(first: Context) -> tuple[QueryDict, QueryDict] | None:
    """What an address without ``versus`` is compared with: a period with the one before, other filters with the rest;
    without filters the last full year with the year before. None where no letter has a date."""
    query, period = first.query, asked_period(first.query)
    if period:
        return query, in_period(query, period.before)
    if query:
        return query, _rest_of(query)
    last = _last_period(first.engine.count_letters(first.chosen.selection))
    return (as_query(dates(last)), as_query(dates(last.before))) if last else None


def _last_period(groups: list[LetterGroup]) -> Period | None:
    """The last full year, if there are letters of it and of the year before; else the last three months."""
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
    """What the selection is most often held against."""
    query, period = context.query, asked_period(context.query)
    found = []
    if period:
        found.append((f"{period} against {period.before}", query, in_period(query, period.before)))
    else:
        years = sorted({group.month.year for group in groups if group.month})[-2:]
        if len(years) == 2:
            newer, older = (narrow(query, dates(year_period(year))) for year in reversed(years))
            found.append((f"{years[1]} against {years[0]}", newer, older))
    if query:
        found.append(("This selection against the rest", query, _rest_of(query)))
        found.append(("This selection against everything", query, QueryDict()))
    path, by = reverse("statistics_compare"), context.request.GET.get("by", "category")
    return [
        {"label": label, "url": with_query(path, shown, versus=versus.urlencode(), by=by)}
        for label, shown, versus in found
    ]
