"""The printable summary report, with definitions as footnotes."""

from collections.abc import Mapping, Sequence
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from determinations.browsing.selection import narrow
from determinations.paging.addresses import with_query
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.glossary import GLOSSARY
from determinations.statistics.periods import year_period, year_to_report
from determinations.statistics.published import PublishedFigures
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import decided_by_month
from determinations.views.statistics.context import Context, kept_parameters, may_view, table_of
from determinations.views.statistics.lazy_sections import section, show_section, whole_url
from determinations.views.statistics.overview_numbers import dates, overview, requested_period

_ROWS = 12
#: Sections after the overview, with the statistics that one query can count.
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
    """The report; for the last full year with enough items if the address has no period."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        if "decided_to" not in context.query and "undated" not in context.query:
            decided = decided_by_month(engine.count_letters(context.selection))
            year = year_to_report(decided, context.limits.rate_needs)
            if year:
                query = narrow(context.query, dates(year_period(year)))
                return redirect(with_query(request.path, query, **kept_parameters(request)))
        parts = []
        for key, (title, keys) in PARTS.items():
            url = context.url("report_part", key)
            parts.append(section(context, url, title, _TEMPLATE, partial(_part, keys=keys)))
        return render(
            request,
            "statistics/report.html",
            context.frame(
                "report",
                **overview(context),
                period=requested_period(context.query),
                parts=parts,
                whole_url=whole_url(context),
                footnotes=[term for term in GLOSSARY if term.in_report],
            ),
        )


@require_safe
@may_view
def report_part(request: HttpRequest, key: str) -> HttpResponse:
    """A section of the report with some of its statistics."""
    if key not in PARTS:
        raise Http404(f"The report has no section {key!r}.")
    title, keys = PARTS[key]
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return show_section(request, "report", title, _TEMPLATE, context.frame("", **_part(context, keys)))


def _part(context: Context, keys: Sequence[str]) -> dict[str, object]:
    statistics = [BY_KEY[key] for key in keys]
    groupings = {statistic.columns for statistic in statistics if not statistic.within}
    context.engine.precompute(context.selection, groupings)
    period, figures = requested_period(context.query), PublishedFigures()
    tables = []
    for statistic in statistics:
        table = table_of(context, statistic)
        views = context.row_views(table, figures, period.year if period else None)
        tables.append({
            "statistic": statistic, "table": table, "rows": views[:_ROWS], "left_out": max(0, len(views) - _ROWS),
        })  # fmt: skip
    return {"tables": tables}
