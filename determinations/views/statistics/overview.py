"""The overview, the breakdowns and the definitions."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.cases.old_grounds import count_old_grounds
from determinations.statistics.definition import Statistic
from determinations.statistics.glossary import GLOSSARY
from determinations.statistics.office_catalog import all_groups, all_statistics, is_open, statistic_of
from determinations.statistics.periods import Period
from determinations.statistics.published import PublishedFigures
from determinations.statistics.sql_engine import one_snapshot
from determinations.views.statistics.context import (
    MOST_ROWS,
    Context,
    export_base,
    heads,
    may_read,
    may_view,
    sorted_rows,
    table_of,
)
from determinations.views.statistics.lazy_sections import show_section, whole_url
from determinations.views.statistics.overview_numbers import CHANGES, notable_changes, overview, requested_period


@require_safe
@may_view
def statistics(request: HttpRequest) -> HttpResponse:
    """Letters, items and overturn rates, over time and compared with statewide figures."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return render(
            request,
            "statistics/overview.html",
            context.frame(
                "overview",
                **overview(context),
                whole_url=whole_url(context),
                export_base=export_base("statistics_export"),
            ),
        )


@require_safe
@may_view
def statistics_changes(request: HttpRequest) -> HttpResponse:
    """Changes since the preceding period: a section of the overview and of the report."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        period = requested_period(context.query)
        content = notable_changes(context, period=period) if period else {}
        return show_section(request, "overview", *CHANGES, context.frame("", **content))


@require_safe
@may_view
def breakdowns(request: HttpRequest) -> HttpResponse:
    """The list of all statistics."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        groups = [{"name": group, "statistics": _members(context, group)} for group in all_groups(context.labels)]
        return render(request, "statistics/breakdowns.html", context.frame("breakdowns", groups=groups))


def _members(context: Context, group: str) -> list[dict[str, str]]:
    """The statistics of a group, with the addresses of their pages."""
    return [
        {"label": member.label, "key": member.key, "url": context.url("statistic", member.key)}
        for member in all_statistics(context.labels)
        if member.group == group and is_open(member)
    ]


def find_statistic(context: Context, key: str) -> Statistic:
    """The statistic with this key that the user may see; raises 404 if there is none."""
    found = statistic_of(key, context.labels)
    if found is None or not is_open(found):
        raise Http404(f"No statistic is named {key!r}.")
    return found


@require_safe
@may_view
def statistic(request: HttpRequest, key: str) -> HttpResponse:
    """One statistic: charts and table."""
    sort = request.GET.get("sort", "")
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        definition = find_statistic(context, key)
        table = table_of(context, definition)
        figures = PublishedFigures() if definition.benchmark else None
        year = (requested_period(context.query) or Period(date.min, date.max)).year
        views = sorted_rows(context.row_views(table, figures, year), sort)
        known = {definition.columns[0]: ["known"]}
        return render(
            request,
            "statistics/statistic.html",
            context.frame(
                "breakdowns",
                statistic=definition,
                table=table,
                rows=views[:MOST_ROWS],
                left_out=max(0, len(views) - MOST_ROWS),
                total=context.items(table.total.items, definition.within),
                old_grounds=count_old_grounds() if definition.key == "ground" else None,
                known=context.items(table.days.known, known) if table.days else None,
                heads=heads(context.query, sort, definition.label),
                year=year,
                published=any(view.published_share or view.published_rate for view in views),
                siblings=_members(context, definition.group),
                export_base=export_base("statistic_export", definition.key),
            ),
        )  # fmt: skip


@require_safe
@may_read
def glossary(request: HttpRequest) -> HttpResponse:
    """The definitions, with their sources."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return render(request, "statistics/glossary.html", context.frame("glossary", terms=GLOSSARY))
