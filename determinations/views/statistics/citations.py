"""Citations: which guidelines each side relies on, how well they agree, what came of it; editions in use."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.paging.addresses import with_query
from determinations.parsing.results import SIDES, Side
from determinations.statistics.catalog import BY_KEY, month_filters
from determinations.statistics.citation_catalog import CITES_SOMETHING
from determinations.statistics.definition import UNKNOWN, Statistic
from determinations.statistics.editions import STANDINGS, EditionRow, Standing, edition_rows, standings, years_of
from determinations.statistics.interface import Cited
from determinations.statistics.periods import year_period
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Table, Tally
from determinations.views.statistics.context import Context, RowView, may_view, table_of
from determinations.views.statistics.overview_numbers import dates

FAMILIES = (*CITES_SOMETHING, "none")
SIDE_LABELS: tuple[tuple[Side, str], ...] = (("claims", "Claims administrator"), ("reviewer", "Reviewer"))
UNRECOGNISED = "other/unrecognised"
_BOTH_CITE = {"claims_family": ["any"], "reviewer_family": ["any"]}
_LEAGUE_ROWS = 15


class League(TypedDict):
    """The authorities that one side relies on most."""

    side: Side
    label: str
    statistic: Statistic
    table: Table
    authorities: int
    rows: list[RowView]
    url: str


@require_safe
@may_view
def citations(request: HttpRequest) -> HttpResponse:
    """Families by side, the matrix of both sides, agreement, and the authorities most relied on."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        statistics = ("claims-family", "reviewer-family", "family-pair", "agreement", "situation")
        tables = {key: table_of(context, BY_KEY[key]) for key in statistics}
        leagues = [_league(context, side, label) for side, label in SIDE_LABELS]
        agreement = tables["agreement"]
        return render(
            request,
            "statistics/citations.html",
            context.frame(
                "citations",
                total=context.items(agreement.total.items),
                families=_families(context, tables),
                matrix=_matrix(context, tables["family-pair"]),
                family_labels=[context.labels.of("family", each) for each in FAMILIES],
                agreement=context.row_views(agreement),
                agreed=_agreed(agreement),
                both_cite=context.items(_agreed(agreement).items, _BOTH_CITE),
                situations=context.row_views(tables["situation"]),
                leagues=leagues,
                unrecognised=[
                    (
                        label,
                        context.items(items_of(league["table"], UNRECOGNISED), {f"{side}_authority": [UNRECOGNISED]}),
                    )
                    for (side, label), league in zip(SIDE_LABELS, leagues, strict=True)
                ],
                unrecognised_url=with_query(reverse("citation_authority", args=[UNRECOGNISED]), context.query),
            ),
        )


def items_of(table: Table, key: str) -> int:
    """The items of a row; 0 where there is none."""
    row = table.row(key)
    return row.tally.items if row else 0


def _families(context: Context, tables: Mapping[str, Table]) -> list[dict[str, object]]:
    """One row a family: both sides' items beside each other."""
    found: list[dict[str, object]] = []
    for family in FAMILIES:
        sides = []
        for side, _label in SIDE_LABELS:
            row = tables[f"{side}-family"].row(family)
            tally = row.tally if row else Tally()
            sides.append({
                "number": context.items(tally.items, {f"{side}_family": [family]}),
                "tally": tally,
                "share": tally.share_of(tables["agreement"].total.items),
                "enough": tally.decided >= context.limits.rate_needs,
            })  # fmt: skip
        found.append({"label": context.labels.of("family", family), "sides": sides})
    return found


def _matrix(context: Context, pairs: Table) -> list[dict[str, object]]:
    """Rows: what the reviewer cites; cells: what the claims administrator cites."""
    most = max((row.tally.items for row in pairs.rows), default=0)
    found: list[dict[str, object]] = []
    for reviewer in FAMILIES:
        cells = []
        for claims in FAMILIES:
            row = pairs.row(f"{claims}|{reviewer}")
            tally = row.tally if row else Tally()
            cells.append({
                "number": context.items(tally.items, pairs.statistic.filters(f"{claims}|{reviewer}")),
                "tally": tally,
                "enough": tally.decided >= context.limits.rate_needs,
                "shade": 0 if not most else min(5, -(-5 * tally.items // most)),
            })  # fmt: skip
        found.append({"label": context.labels.of("family", reviewer), "cells": cells})
    return found


def _agreed(agreement: Table) -> Tally:
    """As a rate: items with a common authority of those for which both sides cite."""
    same, different = items_of(agreement, "same"), items_of(agreement, "different")
    return Tally(same + different, same + different, same)


def _league(context: Context, side: Side, label: str) -> League:
    statistic = BY_KEY[f"{side}-authority"]
    table = table_of(context, statistic)
    cited = [row for row in table.rows if row.key != "none"]
    return {
        "side": side,
        "label": label,
        "statistic": statistic,
        "table": table,
        "authorities": len(cited),
        "rows": context.row_views(table)[:_LEAGUE_ROWS],
        "url": with_query(reverse("statistic", args=[statistic.key]), context.query),
    }


@require_safe
@may_view
def citation_editions(request: HttpRequest) -> HttpResponse:
    """Editions in use by year, and citations of editions that were no longer in force."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        cited = engine.count_editions(context.chosen.selection)
        found = standings(cited, engine.count_standings(context.chosen.selection))
        return render(
            request,
            "statistics/editions.html",
            context.frame("editions", **editions(context, cited), standings=_standings(context, found),
                          export_base=reverse("editions_export", args=["csv"]).removesuffix("csv")),
        )  # fmt: skip


def editions(context: Context, cited: Sequence[Cited]) -> dict[str, object]:
    """The table of editions with the lists of its numbers."""
    rows = edition_rows(cited, context.labels)
    years = years_of(rows)
    return {"years": years, "editions": [_edition(context, row, years) for row in rows]}


def _edition(context: Context, row: EditionRow, years: Sequence[int | None]) -> dict[str, object]:
    filters = {f"{row.side}_edition": [row.part]}
    return {
        "row": row,
        "url": with_query(reverse("citation_authority", args=[row.authority.key]), context.query),
        "items": context.items(row.tally.items, filters),
        "superseded": context.items(row.superseded, {f"{row.side}_superseded": [row.part]}),
        "years": [
            context.items(row.by_year[year], {**filters, **_year_filters(year)}) if year in row.by_year else None
            for year in years
        ],
    }


def _year_filters(year: int | None) -> Mapping[str, Sequence[str]]:
    return month_filters(UNKNOWN) if year is None else dates(year_period(year))


def _standings(context: Context, found: Mapping[tuple[str, str], Standing]) -> list[dict[str, object]]:
    """Each standing with both sides' citations, and the items with such citations."""
    return [
        {
            "label": context.labels.of("standing", key),
            "sides": [
                {
                    "standing": (counted := found.get((side, key), Standing(0, None, 0))),
                    "items": context.items(counted.items, {f"{side}_standing": [key]}),
                }
                for side in SIDES
            ],
        }
        for key in STANDINGS
    ]
