"""Statistics: the overview, the breakdowns, the definitions."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.paging.addresses import with_query
from determinations.statistics.catalog import BY_KEY, GROUPS, STATISTICS
from determinations.statistics.definition import Statistic
from determinations.statistics.glossary import GLOSSARY
from determinations.statistics.periods import Period
from determinations.statistics.published import PublishedFigures
from determinations.statistics.sql_engine import one_snapshot
from determinations.views.statistics.context import MOST_ROWS, Context, heads, may_view, sorted_rows, table_of
from determinations.views.statistics.lazy_sections import show_section, whole_url
from determinations.views.statistics.overview_numbers import MOVED, asked_period, overview, what_moved


@require_safe
@may_view
def statistics(request: HttpRequest) -> HttpResponse:
    """How many, how often overturned, how it moves, and how that compares with the state."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return render(
            request,
            "statistics/overview.html",
            context.frame(
                "overview",
                **overview(context),
                whole_url=whole_url(context),
                export_base=reverse("statistics_export", args=["csv"]).removesuffix("csv"),
            ),
        )


@require_safe
@may_view
def statistics_moved(request: HttpRequest) -> HttpResponse:
    """What moved since the period before that of the address: a section of the overview and of the report."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        period = asked_period(context.query)
        moved = what_moved(context, period=period) if period else {}
        return show_section(request, "overview", *MOVED, context.frame("", **moved))


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


def entry_of(key: str) -> Statistic:
    """The statistic of an address."""
    if key not in BY_KEY:
        raise Http404(f"There is no statistic {key!r}.")
    return BY_KEY[key]


@require_safe
@may_view
def statistic(request: HttpRequest, key: str) -> HttpResponse:
    """One breakdown: chart and table."""
    entry = entry_of(key)
    sort = request.GET.get("sort", "")
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        table = table_of(context, entry)
        figures = PublishedFigures() if entry.benchmark else None
        year = (asked_period(context.query) or Period(date.min, date.max)).year
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
def glossary(request: HttpRequest) -> HttpResponse:
    """The definitions, with their sources."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return render(request, "statistics/glossary.html", context.frame("glossary", terms=GLOSSARY))
