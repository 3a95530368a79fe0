"""Editions cited: by year of decision, and whether they were in force on the relevant date."""

from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.parsing.results import SIDES
from determinations.statistics.definition import UNKNOWN, Filters
from determinations.statistics.editions import (
    EDITION_STATUSES,
    EditionRow,
    StatusCounts,
    edition_rows,
    edition_statuses,
    years_of,
)
from determinations.statistics.interface import CitationGroup
from determinations.statistics.periods import year_period
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.time_steps import step_filters
from determinations.views.statistics.context import Context, export_base, may_view
from determinations.views.statistics.overview_numbers import dates


@require_safe
@may_view
def citation_editions(request: HttpRequest) -> HttpResponse:
    """Editions by year of decision, and citations of editions that were not in force."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        cited = engine.count_editions(context.selection)
        statuses = edition_statuses(cited, engine.count_edition_statuses(context.selection))
        return render(
            request,
            "statistics/editions.html",
            context.frame(
                "editions",
                **edition_table(context, cited),
                edition_statuses=_status_rows(context, statuses),
                export_base=export_base("editions_export"),
            ),
        )


def edition_table(context: Context, cited: Sequence[CitationGroup]) -> dict[str, object]:
    """The table of editions, with linked numbers."""
    rows = edition_rows(cited, context.labels)
    years = years_of(rows)
    of_year = {year: _year_filters(year) for year in years}
    return {"years": years, "editions": [_edition_row(context, row, of_year) for row in rows]}


def _edition_row(context: Context, row: EditionRow, of_year: Mapping[int | None, Filters]) -> dict[str, object]:
    filters = {f"{row.side}_edition": [row.filter_value]}
    return {
        "row": row,
        "url": context.url("citation_authority", row.authority.key),
        "items": context.items(row.tally.items, filters),
        "superseded": context.items(row.superseded, {f"{row.side}_superseded": [row.filter_value]}),
        "years": [
            context.items(row.by_year[year], {**filters, **of_this_year}) if year in row.by_year else None
            for year, of_this_year in of_year.items()
        ],
    }


def _year_filters(year: int | None) -> Filters:
    return step_filters(UNKNOWN) if year is None else dates(year_period(year))


def _status_rows(context: Context, statuses: Mapping[tuple[str, str], StatusCounts]) -> list[dict[str, object]]:
    """Every status with both sides' citations, and the items with such citations."""
    rows: list[dict[str, object]] = []
    for status in EDITION_STATUSES:
        sides = []
        for side in SIDES:
            counts = statuses.get((side, status), StatusCounts(0, None, 0))
            sides.append({"counts": counts, "items": context.items(counts.items, {f"{side}_standing": [status]})})
        rows.append({"label": context.labels.of("standing", status), "sides": sides})
    return rows
