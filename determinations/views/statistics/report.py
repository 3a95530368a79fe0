"""The summary report: what a supervisor prints, with the definitions as footnotes."""

from collections.abc import Mapping, Sequence
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.paging.addresses import with_query
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.glossary import GLOSSARY
from determinations.statistics.periods import year_period
from determinations.statistics.published import PublishedFigures
from determinations.statistics.sql_engine import one_snapshot
from determinations.views.statistics.context import Context, carried, may_view, table_of
from determinations.views.statistics.lazy_sections import section, show_section, whole_url
from determinations.views.statistics.overview_numbers import asked_period, dates, overview
from determinations.views.statistics.selection import narrow

_ROWS = 12
#: Sections after the overview, each with the statistics that come out of one pass.
PARTS: Mapping[str, tuple[str, Sequence[str]]] = {
    "treatments": ("Treatments", ("category", "drug-class")),
    "review": ("Review and time", ("specialty", "days-from-denial")),
    "citations": (
        "Citations", ("reviewer-family", "claims-family", "agreement", "situation", "reviewer-authority"),
    ),
}  # fmt: skip
_TEMPLATE = "statistics/_report_part.html"


@require_safe
@may_view
def report(request: HttpRequest) -> HttpResponse:
    """The report; of the newest year where no period is asked for."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        if "decided_to" not in context.query and "undated" not in context.query:
            newest = engine.latest_decision(context.chosen.selection)
            if newest:
                year = narrow(context.query, dates(year_period(newest.year)))
                return redirect(with_query(request.path, year, **carried(request)))
        parts = []
        for key, (title, entries) in PARTS.items():
            url = with_query(reverse("report_part", args=[key]), context.query)
            parts.append(section(context, url, title, _TEMPLATE, partial(_part, entries=entries)))
        return render(
            request,
            "statistics/report.html",
            context.frame(
                "report",
                **overview(context),
                period=asked_period(context.query),
                parts=parts,
                whole_url=whole_url(context),
                footnotes=[term for term in GLOSSARY if term.in_report],
            ),
        )


@require_safe
@may_view
def report_part(request: HttpRequest, key: str) -> HttpResponse:
    """Some statistics of the report: a section of it."""
    if key not in PARTS:
        raise Http404(f"The report has no part {key!r}.")
    title, entries = PARTS[key]
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return show_section(request, "report", title, _TEMPLATE, context.frame("", **_part(context, entries)))


def _part(context: Context, entries: Sequence[str]) -> dict[str, object]:
    statistics = [BY_KEY[key] for key in entries]
    own = {statistic.columns[0] for statistic in statistics if not statistic.within}
    context.engine.count_ahead(context.chosen.selection, own)
    period, figures = asked_period(context.query), PublishedFigures()
    tables = []
    for statistic in statistics:
        table = table_of(context, statistic)
        views = context.row_views(table, figures, period.year if period else None)
        tables.append({
            "statistic": statistic, "table": table, "rows": views[:_ROWS], "left_out": max(0, len(views) - _ROWS),
        })  # fmt: skip
    return {"tables": tables}
