"""Citations: which guidelines each side relies on, how often both agree, and how the items were decided."""

from collections.abc import Mapping
from typing import TypedDict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.parsing.results import Side
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.citation_catalog import CITES_SOMETHING, GROUPINGS
from determinations.statistics.definition import Statistic
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Table, Tally
from determinations.views.statistics.context import Context, RowView, may_view, table_of

FAMILIES = (*CITES_SOMETHING, "none")
SIDE_LABELS: tuple[tuple[Side, str], ...] = (("claims", "Claims administrator"), ("reviewer", "Reviewer"))
UNRECOGNIZED = "other/unrecognised"
_BOTH_CITE = {"claims_family": ["any"], "reviewer_family": ["any"]}
_TOP_ROWS = 15


class TopAuthorities(TypedDict):
    """The authorities that one side cites most."""

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
    """Families by side, the matrix of both sides, agreement, and the authorities cited most."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        engine.precompute(context.selection, GROUPINGS)
        statistics = ("claims-family", "reviewer-family", "family-pair", "agreement", "situation")
        tables = {key: table_of(context, BY_KEY[key]) for key in statistics}
        top_authorities = [_top_authorities(context, side, label) for side, label in SIDE_LABELS]
        agreement = tables["agreement"]
        return render(
            request,
            "statistics/citations.html",
            context.frame(
                "citations",
                total=context.items(agreement.total.items),
                families=_family_rows(context, tables),
                matrix=_matrix_rows(context, tables["family-pair"]),
                family_labels=[context.labels.of("family", family) for family in FAMILIES],
                agreement=context.row_views(agreement),
                agreed=_agreement_rate(agreement),
                both_cite=context.items(_agreement_rate(agreement).items, _BOTH_CITE),
                situations=context.row_views(tables["situation"]),
                top_authorities=top_authorities,
                unrecognized=[
                    (
                        label,
                        context.items(top["table"].tally(UNRECOGNIZED).items, {f"{side}_authority": [UNRECOGNIZED]}),
                    )
                    for (side, label), top in zip(SIDE_LABELS, top_authorities, strict=True)
                ],
                unrecognized_url=context.url("citation_authority", UNRECOGNIZED),
            ),
        )


def _family_rows(context: Context, tables: Mapping[str, Table]) -> list[dict[str, object]]:
    """One row per family, with the items of both sides."""
    rows: list[dict[str, object]] = []
    for family in FAMILIES:
        sides = []
        for side, _label in SIDE_LABELS:
            tally = tables[f"{side}-family"].tally(family)
            sides.append({
                "number": context.items(tally.items, {f"{side}_family": [family]}),
                "tally": tally,
                "share": tally.share_of(tables["agreement"].total.items),
                "enough": tally.decided >= context.limits.rate_needs,
            })  # fmt: skip
        rows.append({"label": context.labels.of("family", family), "sides": sides})
    return rows


def _matrix_rows(context: Context, pairs: Table) -> list[dict[str, object]]:
    """Rows: what the reviewer cites; cells: what the claims administrator cites."""
    most = max((row.tally.items for row in pairs.rows), default=0)
    rows: list[dict[str, object]] = []
    for reviewer in FAMILIES:
        cells = []
        for claims in FAMILIES:
            tally = pairs.tally(f"{claims}|{reviewer}")
            cells.append({
                "number": context.items(tally.items, pairs.statistic.filters(f"{claims}|{reviewer}")),
                "tally": tally,
                "enough": tally.decided >= context.limits.rate_needs,
                "shade": 0 if not most else min(5, -(-5 * tally.items // most)),
            })  # fmt: skip
        rows.append({"label": context.labels.of("family", reviewer), "cells": cells})
    return rows


def _agreement_rate(agreement: Table) -> Tally:
    """Items with an authority in common, as a rate of the items for which both sides cite."""
    same, different = agreement.tally("same").items, agreement.tally("different").items
    return Tally(same + different, same + different, same)


def _top_authorities(context: Context, side: Side, label: str) -> TopAuthorities:
    statistic = BY_KEY[f"{side}-authority"]
    table = table_of(context, statistic)
    cited = [row for row in table.rows if row.key != "none"]
    return {
        "side": side,
        "label": label,
        "statistic": statistic,
        "table": table,
        "authorities": len(cited),
        "rows": context.row_views(table)[:_TOP_ROWS],
        "url": context.url("statistic", statistic.key),
    }
