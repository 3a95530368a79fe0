"""Compares two selections: the filters of the address (A), and those in its parameter ``versus`` (B)."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from determinations.browsing.selection import as_query, narrow
from determinations.filters import chips, filters_in_words, filters_only
from determinations.filters.lookups import Lookups
from determinations.paging.addresses import changed, with_query
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.changes import changes
from determinations.statistics.definition import Statistic
from determinations.statistics.interface import LetterGroup
from determinations.statistics.office_catalog import all_statistics, statistic_of
from determinations.statistics.periods import Period, last_months, year_period, year_to_date
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from determinations.statistics.tabulate import sum_letters
from determinations.views.requests import person_of
from determinations.views.statistics.context import (
    Context,
    kept_parameters,
    may_view,
    selection_form_url,
    table_of,
)
from determinations.views.statistics.lazy_sections import section, show_section, whole_url
from determinations.views.statistics.overview_numbers import dates, numbers, requested_period, with_period
from determinations.wording.labels import Labels

_SIDE = ("Selection B", "statistics/_compare_side.html")
_TABLE = ("Comparison table", "statistics/_compare_table.html")


@require_safe
@may_view
def compare(request: HttpRequest) -> HttpResponse:
    """Both selections and a table of one statistic. Without ``versus``, redirects to a useful comparison."""
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        statistic = _statistic_of(request, first.labels)
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
                side=_side_a(first, second, statistic, groups),
                other=section(first, side_url, *_SIDE, lambda _first: {"side": _side_b(first, second, statistic)}),
                table=section(first, table_url, *_TABLE, lambda _first: _rows(first, second, statistic)),
                whole_url=whole_url(first),
                statistic=statistic,
                statistics=all_statistics(first.labels),
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
        side = _side_b(first, second, _statistic_of(request, first.labels))
        return show_section(request, "compare", *_SIDE, first.frame("", side=side))


@require_safe
@may_view
def compare_table(request: HttpRequest) -> HttpResponse:
    """A and B row by row: a section of the page."""
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        rows = _rows(first, second, _statistic_of(request, first.labels))
        return show_section(request, "compare", *_TABLE, first.frame("", **rows))


@require_safe
@may_view
def compare_with(request: HttpRequest) -> HttpResponse:
    """Take the filters of the address for selection B; ``first`` has those of A. Redirects to the comparison."""
    first, second = filters_only(QueryDict(request.GET.get("first", ""))), filters_only(request.GET)
    statistic = _statistic_of(request, Lookups(user=person_of(request)).labels)
    return redirect(_comparison(first, second, statistic))


def _comparison(first: QueryDict, second: QueryDict, statistic: Statistic) -> str:
    """The address of a comparison."""
    return with_query(reverse("statistics_compare"), first, versus=second.urlencode(), by=statistic.key)


def _statistic_of(request: HttpRequest, labels: Labels) -> Statistic:
    return statistic_of(request.GET.get("by", ""), labels) or BY_KEY["category"]


def _two_sides(request: HttpRequest, engine: SqlEngine) -> tuple[Context, Context]:
    first = Context.of(request, engine)
    return first, Context.of(request, engine, filters_only(QueryDict(request.GET.get("versus", ""))), like=first)


def _side_a(first: Context, second: Context, statistic: Statistic, groups: list[LetterGroup]) -> dict[str, object]:
    path, versus = reverse("statistics_compare"), second.query.urlencode()
    change_url = selection_form_url(path, first.query, versus=versus, by=statistic.key)
    return _side(first, "A", groups, change_url, lambda changed: _comparison(changed, second.query, statistic))


def _side_b(first: Context, second: Context, statistic: Statistic) -> dict[str, object]:
    groups = second.engine.count_letters(second.selection)
    path, own = reverse("compare_with"), first.query.urlencode()
    change_url = selection_form_url(path, second.query, first=own, by=statistic.key)
    return _side(second, "B", groups, change_url, lambda changed: _comparison(first.query, changed, statistic))


def _side(
    side: Context, letter: str, groups: list[LetterGroup], change_url: str, address_with: Callable[[QueryDict], str]
) -> dict[str, object]:
    """One selection; ``address_with`` gives the address of the comparison with other filters on this side."""
    letters = sum_letters(groups)
    return {
        "letter": letter,
        "name": _name_of(side),
        "letters": letters,
        "numbers": numbers(side, letters),
        "enough": letters.tally.decided >= side.limits.rate_needs,
        "chips": [
            {"label": chip.label, "value": chip.value, "url": address_with(QueryDict(chip.query.removeprefix("?")))}
            for chip in chips(side.query, side.labels)
        ],
        "change_url": change_url,
    }


def _name_of(side: Context) -> str:
    """A selection named by its filters, the period first."""
    period = requested_period(side.query)
    if period is None:
        return filters_in_words(side.query, side.labels) or "All items"
    others = filters_in_words(changed(side.query, without=tuple(dates(period))), side.labels)
    return "; ".join(filter(None, [f"Decided {period}", others]))


def _rows(first: Context, second: Context, statistic: Statistic) -> dict[str, object]:
    compared = changes(table_of(first, statistic), table_of(second, statistic), limits=first.limits, all_rows=True)
    return {
        "statistic": statistic,
        "names": (_name_of(first), _name_of(second)),
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

    A period is compared with the preceding one, or with the same days a year earlier if it begins with a year; other
    filters with the remaining items, and without filters the last full year with the year before. None if no letter
    has a date.
    """
    query, period = first.query, requested_period(first.query)
    if period:
        return query, with_period(query, _before(period))
    if query:
        return query, _rest_of(query)
    last = _last_period(first.engine.count_letters(first.selection))
    return (as_query(dates(last)), as_query(dates(last.before))) if last else None


def _before(period: Period) -> Period:
    begins_a_year = (period.first.month, period.first.day) == (1, 1) and period.year is not None
    return period.year_earlier if begins_a_year else period.before


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


def _narrowed_to(query: QueryDict, period: Period) -> QueryDict:
    return narrow(query, dates(period))


def _presets(context: Context, groups: list[LetterGroup]) -> list[dict[str, str]]:
    """Common comparisons for the selection, as buttons."""
    query, period = context.query, requested_period(context.query)
    periods = []
    if period:
        periods = [(period, period.before), (period, period.year_earlier)]
    else:
        years = sorted({group.month.year for group in groups if group.month})[-2:]
        if len(years) == 2:
            periods.append((year_period(years[1]), year_period(years[0])))
    this_year = year_to_date(timezone.localdate())
    if period or not query.keys() & dates(this_year).keys():
        periods.append((this_year, this_year.same_days_earlier))
    within = with_period if period else _narrowed_to
    comparisons = [
        (f"{newer} vs. {older}", within(query, newer), within(query, older)) for newer, older in dict.fromkeys(periods)
    ]
    if query:
        comparisons.append(("This selection vs. all other items", query, _rest_of(query)))
        comparisons.append(("This selection vs. all items", query, QueryDict()))
    path, by = reverse("statistics_compare"), context.request.GET.get("by", "category")
    return [
        {"label": label, "url": with_query(path, shown, versus=versus.urlencode(), by=by)}
        for label, shown, versus in comparisons
    ]
