"""Statistics: overview, breakdowns, comparison, report, definitions, quality."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.filters import filters_only
from determinations.models import Figure
from determinations.statistics.changes import changes
from determinations.statistics.engine import LetterGroup, SqlEngine, one_snapshot
from determinations.statistics.entries import BY_KEY, GROUPS, STATISTICS, Statistic, month_filters
from determinations.statistics.glossary import GLOSSARY
from determinations.statistics.periods import Period, last_months, year_period
from determinations.statistics.published import PublishedFigures
from determinations.statistics.quality import read_quality
from determinations.statistics.sheets import months_sheet, sheet_of
from determinations.statistics.tabulate import Letters, Table, add_up_letters, by_month, count
from determinations.views.selections import Chosen, choose, narrow, within
from determinations.views.sheets import send_sheet
from determinations.views.statistics_pages import MOST_ROWS, Context, heads, sorted_rows, with_query

may_view = permission_required("determinations.view_statistics", raise_exception=True)
_OUTCOMES = ("upheld", "partly", "overturned", "unknown")


@require_safe
@may_view
def overview(request: HttpRequest) -> HttpResponse:
    """How many, how often overturned, how it moves, and how that compares with the state."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return render(request, "statistics/overview.html", _overview(context))


def _overview(context: Context) -> dict[str, Any]:
    groups = context.engine.count_letters(context.chosen.selection)
    letters, figures = add_up_letters(groups), PublishedFigures()
    year = _year_of(context.query, groups)
    period = _period_of(context.query, groups)
    return context.frame(
        "overview",
        letters=letters,
        numbers=_numbers(context, letters),
        enough=letters.tally.decided >= context.limits.rate_needs,
        year=year,
        years=_years(context, groups, figures),
        published={name: figures.get(year, name) for name in Figure.values},
        outcomes=_outcomes(context, letters),
        months=_months(context, groups),
        period=period,
        changes=_moved(context, period) if period else [],
        export_base=reverse("statistics_export", args=["csv"]).removesuffix("csv"),
    )


def _numbers(context: Context, letters: Letters) -> dict[str, Any]:
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


def _outcomes(context: Context, letters: Letters) -> list[dict[str, Any]]:
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


def _months(context: Context, groups: list[LetterGroup]) -> list[dict[str, Any]]:
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


def _years(context: Context, groups: list[LetterGroup], figures: PublishedFigures) -> list[dict[str, Any]]:
    """By year of decision, each beside the state's figures of that year."""
    found = []
    for year in sorted({group.month.year for group in groups if group.month}):
        letters = add_up_letters(group for group in groups if group.month and group.month.year == year)
        filters = _dates(year_period(year))
        found.append({
            "year": year,
            "url": with_query(context.request.path, narrow(context.query, filters)),
            "letters": context.letters(letters.letters, filters),
            "items": context.items(letters.tally.items, filters),
            "counted": letters,
            "enough": letters.tally.decided >= context.limits.rate_needs,
            "published": {name: figures.get(year, name) for name in Figure.values},
        })  # fmt: skip
    return found


def _dates(period: Period) -> dict[str, list[str]]:
    return {"decided_from": [period.first.isoformat()], "decided_to": [period.last.isoformat()]}


def _year_of(query: QueryDict, groups: list[LetterGroup]) -> int | None:
    """The one calendar year that the selection covers, if it does."""
    years = {group.month.year if group.month else None for group in groups if group.items}
    return years.pop() if len(years) == 1 else None


def _asked_period(query: QueryDict) -> Period | None:
    """The period that the address asks for."""
    first, last = query.get("decided_from"), query.get("decided_to")
    try:
        found = Period(date.fromisoformat(first or ""), date.fromisoformat(last or ""))
    except ValueError:
        return None
    return found if found.first <= found.last else None


def _period_of(query: QueryDict, groups: list[LetterGroup]) -> Period | None:
    """The period asked for, else the last three months in which something was decided."""
    months = [group.month for group in groups if group.month]
    return _asked_period(query) or (last_months(max(months), 3) if months else None)


def _in_period(query: QueryDict, period: Period) -> Chosen:
    moved = query.copy()
    for name, values in _dates(period).items():
        moved.setlist(name, values)
    return choose(moved)


def _moved(context: Context, period: Period) -> list[dict[str, Any]]:
    """What moved since the period before, by category: the changes that are more than chance first."""
    statistic = BY_KEY["category"]
    sides = [
        Context.of(context.request, context.engine, _in_period(context.query, each).query, like=context)
        for each in (period, period.before)
    ]
    tables = [table_of(side, statistic) for side in sides]
    return [
        {
            "change": change,
            "now": sides[0].items(change.now.items, statistic.filters(change.key)),
            "before": sides[1].items(change.before.items, statistic.filters(change.key)),
        }
        for change in changes(*tables, limits=context.limits)
    ]


@require_safe
@may_view
def overview_export(request: HttpRequest, format: str) -> HttpResponse:
    """The months of the overview."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        word = BY_KEY["month"].word
        months = by_month(engine.count_letters(context.chosen.selection))
        named = [(key, word(key, context.labels), each) for key, each in months]
        sheet = months_sheet(named, context.limits, _notes(context))
    return send_sheet(request, sheet, format)


def _notes(context: Context) -> list[str]:
    shown = "; ".join(f"{chip.label}: {chip.value}" for chip in context.frame("")["chips"])
    return [f"Selection: {shown or 'all items of all current letters'}."]


@require_safe
@may_view
def breakdowns(request: HttpRequest) -> HttpResponse:
    """The list of statistics, with what each of them counts."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        groups = [
            {
                "name": group,
                "statistics": [
                    {"statistic": each, "url": with_query(reverse("statistic", args=[each.key]), context.query)}
                    for each in STATISTICS
                    if each.group == group
                ],
            }
            for group in GROUPS
        ]
        return render(request, "statistics/breakdowns.html", context.frame("breakdowns", groups=groups))


def _entry(key: str) -> Statistic:
    if key not in BY_KEY:
        raise Http404(f"There is no statistic {key!r}.")
    return BY_KEY[key]


def table_of(context: Context, statistic: Statistic) -> Table:
    """A statistic over the selection of the address."""
    selection = within(context.chosen.selection, statistic)
    return count(context.engine, statistic, selection, context.labels, context.limits)


@require_safe
@may_view
def statistic(request: HttpRequest, key: str) -> HttpResponse:
    """One breakdown: chart and table."""
    entry = _entry(key)
    sort = request.GET.get("sort", "")
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        table = table_of(context, entry)
        figures = PublishedFigures() if entry.benchmark else None
        year = (_asked_period(context.query) or Period(date.min, date.max)).year
        views = sorted_rows(context.row_views(table, figures, year), sort)
        known = {entry.columns[0]: ["known"]}
        return render(
            request,
            "statistics/statistic.html",
            context.frame(
                "breakdowns",
                statistic=entry,
                table=table,
                rows=views[:MOST_ROWS],
                left_out=max(0, len(views) - MOST_ROWS),
                total=context.items(table.total.items, entry.within),
                known=context.items(table.days.known, known) if table.days else None,
                heads=heads(context.query, sort, entry.label),
                year=year,
                published=any(view.published_share or view.published_rate for view in views),
                siblings=[
                    {"label": each.label, "key": each.key,
                     "url": with_query(reverse("statistic", args=[each.key]), context.query)}
                    for each in STATISTICS
                    if each.group == entry.group
                ],
                export_base=reverse("statistic_export", args=[entry.key, "csv"]).removesuffix("csv"),
            ),
        )  # fmt: skip


@require_safe
@may_view
def statistic_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """One breakdown as a file."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        sheet = sheet_of(table_of(context, _entry(key)), context.limits, _notes(context))
    return send_sheet(request, sheet, format)


@require_safe
@may_view
def compare(request: HttpRequest) -> HttpResponse:
    """Two selections side by side: the filters of the address, and those in ``versus``."""
    entry = _compared_by(request)
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        sides = [
            {
                "name": name,
                "letters": (letters := add_up_letters(engine.count_letters(side.chosen.selection))),
                "numbers": _numbers(side, letters),
                "enough": letters.tally.decided >= side.limits.rate_needs,
                "chips": side.frame("")["chips"],
            }
            for name, side in (("A", first), ("B", second))
        ]
        versus = second.query.urlencode()
        return render(
            request,
            "statistics/compare.html",
            first.frame(
                "compare",
                sides=sides,
                statistic=entry,
                statistics=STATISTICS,
                versus=versus,
                table_url=with_query(reverse("compare_table"), first.query, versus=versus, by=entry.key),
                presets=_presets(first),
                swapped=with_query("", second.query, versus=first.query.urlencode(), by=entry.key),
            ),
        )


def _compared_by(request: HttpRequest) -> Statistic:
    return BY_KEY.get(request.GET.get("by", ""), BY_KEY["category"])


def _two_sides(request: HttpRequest, engine: SqlEngine) -> tuple[Context, Context]:
    first = Context.of(request, engine)
    return first, Context.of(request, engine, filters_only(QueryDict(request.GET.get("versus", ""))), like=first)


@require_safe
@may_view
def compare_table(request: HttpRequest) -> HttpResponse:
    """Row by row, A and B: a part of the comparison, and a page of its own without scripts."""
    entry = _compared_by(request)
    with one_snapshot() as engine:
        first, second = _two_sides(request, engine)
        tables = [table_of(side, entry) for side in (first, second)]
        rows = [
            {
                "change": each,
                "a": first.items(each.now.items, _row_filters(entry, each.key)),
                "b": second.items(each.before.items, _row_filters(entry, each.key)),
            }
            for each in changes(*tables, limits=first.limits, all_rows=True)
        ]
        inside = bool(request.htmx)  # type: ignore[attr-defined]
        template = "statistics/_compare_table.html" if inside else "statistics/compare_table.html"
        versus = second.query.urlencode()
        compare_url = with_query(reverse("statistics_compare"), first.query, versus=versus, by=entry.key)
        more = {"statistic": entry, "rows": rows, "compare_url": compare_url, "chips_b": second.frame("")["chips"]}
        return render(request, template, first.frame("compare", **more))


def _row_filters(statistic: Statistic, key: str) -> dict[str, Any]:
    return {**statistic.within, **statistic.filters(key)}


def _presets(context: Context) -> list[dict[str, str]]:
    """What the selection is most often held against."""
    query = context.query
    found = []
    period = _asked_period(query)
    if period:
        before = narrow(query, {})
        for name, values in _dates(period.before).items():
            before.setlist(name, values)
        found.append({"label": f"{period} against {period.before}", "versus": before.urlencode()})
    else:
        latest = context.engine.count_letters(context.chosen.selection)
        years = sorted({group.month.year for group in latest if group.month})[-2:]
        if len(years) == 2:
            newer, older = (narrow(query, _dates(year_period(year))) for year in reversed(years))
            label = f"{years[1]} against {years[0]}"
            found.append({"label": label, "query": newer.urlencode(), "versus": older.urlencode()})
    if query:
        rest = QueryDict(mutable=True)
        rest["rest_of"] = query.urlencode()
        found.append({"label": "This selection against the rest", "versus": rest.urlencode()})
        found.append({"label": "This selection against everything", "versus": ""})
    path = reverse("statistics_compare")
    for preset in found:
        shown = QueryDict(preset.get("query", query.urlencode()))
        preset["url"] = with_query(path, shown, versus=preset["versus"], by=context.request.GET.get("by", "category"))
    return found


#: What the printed report shows after the overview.
REPORTED = (
    "category", "drug-class", "specialty", "reviewer-family", "claims-family", "agreement", "situation",
    "reviewer-authority", "days-from-denial",
)  # fmt: skip
_REPORTED_ROWS = 12


@require_safe
@may_view
def report(request: HttpRequest) -> HttpResponse:
    """A summary to print, with the definitions as footnotes; of the newest year where no period is asked for."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        if "decided_to" not in context.query and "undated" not in context.query:
            months = [group.month for group in engine.count_letters(context.chosen.selection) if group.month]
            if months:
                newest = narrow(context.query, _dates(year_period(max(months).year)))
                return redirect(with_query(request.path, newest))
        figures = PublishedFigures()
        page = _overview(context)
        parts = []
        for key in REPORTED:
            table = table_of(context, BY_KEY[key])
            views = context.row_views(table, figures, page["year"])
            parts.append({
                "statistic": BY_KEY[key], "table": table, "rows": views[:_REPORTED_ROWS],
                "left_out": max(0, len(views) - _REPORTED_ROWS),
            })  # fmt: skip
        footnotes = [term for term in GLOSSARY if term.in_report]
        return render(
            request, "statistics/report.html", {**page, "section": "report", "parts": parts, "footnotes": footnotes}
        )


@require_safe
@may_view
def glossary(request: HttpRequest) -> HttpResponse:
    """The definitions, with their sources."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return render(request, "statistics/glossary.html", context.frame("glossary", terms=GLOSSARY))


@require_safe
@permission_required("determinations.view_quality", raise_exception=True)
def quality(request: HttpRequest) -> HttpResponse:
    """How well letters are read: states, layouts, problems, what people corrected, what nobody recognised."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return render(request, "statistics/quality.html", context.frame("quality", quality=read_quality()))


@require_safe
@permission_required("determinations.view_quality", raise_exception=True)
def quality_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """One table of the quality page as a file."""
    found = {sheet.name: sheet for sheet in read_quality().sheets()}
    if key not in found:
        raise Http404
    return send_sheet(request, found[key], format)
