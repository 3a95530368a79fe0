"""Citations: which guidelines each side relies on, how well they agree, and what came of it."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.models import Authority, Side
from determinations.statistics.engine import Cited, Selection, one_snapshot
from determinations.statistics.entries import BY_KEY, CITES_SOMETHING, Filters, month_filters
from determinations.statistics.sheets import SMALL_HEAD, TALLY_HEADS, Sheet, small_mark, small_note, tally_cells
from determinations.statistics.tabulate import Table, Tally, add_up_cited, tabulate
from determinations.views.selections import choose, narrow
from determinations.views.sheets import send_sheet
from determinations.views.statistics import may_view, table_of
from determinations.views.statistics_pages import Context, with_query

FAMILIES = (*CITES_SOMETHING, "none")
SIDES = (("claims", "Claims administrator"), ("reviewer", "Reviewer"))
UNRECOGNISED = "other/unrecognised"
_LEAGUE_ROWS = 15
_MOST_PARTS = 100


@require_safe
@may_view
def citations(request: HttpRequest) -> HttpResponse:
    """Families by side, the matrix of both sides, agreement, and the authorities most relied on."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        statistics = ("claims-family", "reviewer-family", "family-pair", "agreement", "situation")
        tables = {key: table_of(context, BY_KEY[key]) for key in statistics}
        leagues = [_league(context, side, label) for side, label in SIDES]
        agreement = tables["agreement"]
        return render(
            request,
            "citations/citations.html",
            context.frame(
                "citations",
                total=context.items(agreement.total.items),
                families=_families(context, tables),
                matrix=_matrix(context, tables["family-pair"]),
                family_labels=[context.labels.of("family", each) for each in FAMILIES],
                agreement=context.row_views(agreement),
                agreed=_agreed(agreement),
                situations=context.row_views(tables["situation"]),
                leagues=leagues,
                unrecognised=[
                    (
                        label,
                        context.items(_items_of(league["table"], UNRECOGNISED), {f"{side}_authority": [UNRECOGNISED]}),
                    )
                    for (side, label), league in zip(SIDES, leagues, strict=True)
                ],
                unrecognised_url=with_query(reverse("citation_authority", args=[UNRECOGNISED]), context.query),
            ),
        )


def _items_of(table: Table, key: str) -> int:
    row = table.row(key)
    return row.tally.items if row else 0


def _families(context: Context, tables: Mapping[str, Table]) -> list[dict[str, Any]]:
    """One row a family: both sides' items beside each other."""
    found = []
    for family in FAMILIES:
        sides = []
        for side, _label in SIDES:
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


def _matrix(context: Context, pairs: Table) -> list[dict[str, Any]]:
    """Rows: what the reviewer cites; cells: what the claims administrator cites."""
    most = max((row.tally.items for row in pairs.rows), default=0)
    found = []
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
    same, different = _items_of(agreement, "same"), _items_of(agreement, "different")
    return Tally(same + different, same + different, same)


def _league(context: Context, side: str, label: str) -> dict[str, Any]:
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
        years, rows = _editions(context, cited)
        return render(
            request,
            "citations/editions.html",
            context.frame("editions", years=years, editions=rows, standings=_standings(context, cited)),
        )


def _editions(context: Context, cited: list[Cited]) -> tuple[list[int | None], list[dict[str, Any]]]:
    """Years, and one row a side, authority and edition with its items by year."""
    years = sorted({group.raw[3] for group in cited}, key=lambda year: (year is None, year or 0))
    totals = add_up_cited(cited, lambda side, authority, edition, year, standing: (side, authority, edition))
    by_year = add_up_cited(cited, lambda side, authority, edition, year, standing: (side, authority, edition, year))
    old = add_up_cited(
        cited,
        lambda side, authority, edition, year, standing: (
            (side, authority, edition) if standing == "superseded" else None
        ),
    )
    sides = dict(SIDES)
    rows = []
    for key in sorted(totals, key=lambda key: (-totals[key].items, key)):
        side, authority_id, edition = key
        authority = context.labels.authority_by_id[authority_id]
        part = f"{authority.key}@{edition}"
        filters = {f"{side}_edition": [part]}
        superseded = old.get(key, Tally())
        rows.append({
            "side": sides[side],
            "authority": str(authority),
            "key": authority.key,
            "url": with_query(reverse("citation_authority", args=[authority.key]), context.query),
            "edition": edition or "not printed",
            "tally": totals[key],
            "items": context.items(totals[key].items, filters),
            "superseded": context.items(superseded.items, {f"{side}_superseded": [part]}),
            "superseded_count": superseded.items,
            "years": [
                context.items(by_year[(*key, year)].items, {**filters, **_year_filters(year)})
                if (*key, year) in by_year else None
                for year in years
            ],
        })  # fmt: skip
    return years, rows


def _year_filters(year: int | None) -> Filters:
    if year is None:
        return month_filters("unknown")
    return {"decided_from": [f"{year}-01-01"], "decided_to": [f"{year}-12-31"]}


_STANDING_WORDS = {
    "current": "in force on the day",
    "superseded": "superseded on the day",
    "early": "not yet in force on the day",
    "undated": "day not known",
    "unjudged": "validity of the edition not known",
}


def _standings(context: Context, cited: list[Cited]) -> list[dict[str, Any]]:
    """Citations (mentions) of each side by how their edition stood."""
    tallies = add_up_cited(cited, lambda side, authority, edition, year, standing: (side, standing))
    totals = {side: sum(each.items for (one, _), each in tallies.items() if one == side) for side, _ in SIDES}
    return [
        {
            "label": word,
            "sides": [
                {"mentions": (tally := tallies.get((side, key), Tally())).items, "share": tally.share_of(totals[side])}
                for side, _label in SIDES
            ],
        }
        for key, word in _STANDING_WORDS.items()
    ]


@require_safe
@may_view
def editions_export(request: HttpRequest, format: str) -> HttpResponse:
    """The editions as a file."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        years, rows = _editions(context, engine.count_editions(context.chosen.selection))
        heads = ("side", "authority", "title", "edition", *TALLY_HEADS, "superseded items", SMALL_HEAD,
                 *(str(year or "no date") for year in years))  # fmt: skip
        cells = [
            [
                row["side"], row["key"], row["authority"], row["edition"], *tally_cells(row["tally"]),
                row["superseded_count"],
                small_mark(
                    (row["tally"].items, row["tally"].overturned, row["superseded_count"],
                     *(number.value for number in row["years"] if number)), context.limits,
                ),
                *(number.value if number else 0 for number in row["years"]),
            ]
            for row in rows
        ]  # fmt: skip
        sheet = Sheet("editions", "Editions cited", heads, cells, ("Counts items.", small_note(context.limits)))
    return send_sheet(request, sheet, format)


@require_safe
@may_view
def citation_authority(request: HttpRequest, key: str) -> HttpResponse:
    """One authority: who cites it, for which treatments, with what result; its sections, pages and editions."""
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        sides = [_side_of(context, authority, side, label) for side, label in SIDES]
        return render(
            request,
            "citations/authority.html",
            context.frame(
                "citations",
                authority=authority,
                title=str(context.labels.authority_by_id[authority.pk]),
                sides=sides,
                months=_trend(context, sides),
                parts_url=with_query(reverse("citation_parts", args=[key]), context.query),
                editions_url=with_query(reverse("authority_editions", args=[key]), context.query),
                citations_url=with_query(reverse("citations"), context.query),
                export_base=reverse("authority_export", args=[key, "csv"]).removesuffix("csv"),
                unrecognised=key == UNRECOGNISED,
            ),
        )


@require_safe
@may_view
def citation_parts(request: HttpRequest, key: str) -> HttpResponse:
    """Sections and pages cited of one authority: a part of its page, and a page of its own without scripts."""
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        inside = bool(request.htmx)  # type: ignore[attr-defined]
        return render(
            request,
            "citations/_parts.html" if inside else "citations/parts.html",
            context.frame(
                "citations",
                authority=authority,
                title=str(context.labels.authority_by_id[authority.pk]),
                parts=_parts(context, authority),
                unrecognised=key == UNRECOGNISED,
            ),
        )


@require_safe
@may_view
def authority_editions(request: HttpRequest, key: str) -> HttpResponse:
    """Editions cited of one authority: a part of its page, and a page of its own without scripts."""
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        years, rows = _editions(context, engine.count_editions(context.chosen.selection, authority.pk))
        title = str(context.labels.authority_by_id[authority.pk])
        inside = bool(request.htmx)  # type: ignore[attr-defined]
        return render(
            request,
            "citations/_editions.html" if inside else "citations/authority_editions.html",
            context.frame("citations", authority=authority, title=title, years=years, editions=rows),
        )


def _side_of(context: Context, authority: Authority, side: str, label: str) -> dict[str, Any]:
    """The items for which one side cites the authority: how many, how they ended, and what they were about."""
    filters = {f"{side}_authority": [authority.key]}
    query = narrow(context.query, filters)
    chosen = choose(query)
    own = Context.of(context.request, context.engine, query, like=context)
    groups = context.engine.count_items(chosen.selection, ("decision_month", "category_id"))
    statistic = BY_KEY["category"]
    by_category = [group._replace(raw=group.raw[1:]) for group in groups]
    table = tabulate(statistic, by_category, context.labels, context.limits)
    by_month = [group._replace(raw=group.raw[:1]) for group in groups]
    return {
        "side": side,
        "label": label,
        "query": query,
        "items": own.items(table.total.items),
        "overturned": own.items(table.total.overturned, {"decision": ["overturned"]}),
        "tally": table.total,
        "enough": table.total.decided >= context.limits.rate_needs,
        "categories": own.row_views(table),
        "months": tabulate(BY_KEY["month"], by_month, context.labels, context.limits),
        "context": own,
    }


def _trend(context: Context, sides: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Items by month in which each side cites the authority."""
    keys = {row.key for side in sides for row in side["months"].rows}
    word = BY_KEY["month"].word
    return [
        {
            "key": key,
            "label": word(key, context.labels),
            "sides": [side["context"].items(_items_of(side["months"], key), month_filters(key)) for side in sides],
        }
        for key in sorted(keys, key=lambda key: (key == "unknown", key))
    ]


_PARTS = (("sections", "cites", "Sections"), ("pages", "page", "Pages"))


def _parts(context: Context, authority: Authority) -> list[dict[str, Any]]:
    """Sections and pages named under the authority, by side."""
    found = []
    for column, filter_name, title in _PARTS:
        tallies = _part_tallies(context, authority, column)
        totals = add_up_by_part(tallies)
        rows = []
        for part in sorted(totals, key=lambda part: (-totals[part].items, part))[:_MOST_PARTS]:
            sides = []
            for side, _label in SIDES:
                tally = tallies.get((side, part), Tally())
                filters = {f"{side}_{filter_name}": [f"{authority.key}@{part}"]}
                sides.append({
                    "number": context.items(tally.items, filters),
                    "tally": tally,
                    "enough": tally.decided >= context.limits.rate_needs,
                })  # fmt: skip
            rows.append({"label": part, "sides": sides})
        found.append({"key": column, "title": title, "rows": rows, "left_out": max(0, len(totals) - _MOST_PARTS)})
    return found


def _part_tallies(context: Context, authority: Authority, column: str) -> dict[tuple[str, str], Tally]:
    selection: Selection = context.chosen.selection
    return add_up_cited(context.engine.count_parts(selection, authority.pk, column), lambda side, part: (side, part))


def add_up_by_part(tallies: Mapping[tuple[str, str], Tally]) -> dict[str, Tally]:
    """Both sides together, only to put the parts in order: an item can count on both sides."""
    found: dict[str, Tally] = {}
    for (_side, part), tally in tallies.items():
        found[part] = found.get(part, Tally()) + tally
    return found


@require_safe
@may_view
def authority_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """Sections and pages of an authority as a file."""
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        rows = [
            [str(Side(side).label), title, part, *tally_cells(tally),
             small_mark((tally.items, tally.overturned), context.limits)]
            for column, _name, title in _PARTS
            for (side, part), tally in sorted(
                _part_tallies(context, authority, column).items(), key=lambda each: (-each[1].items, each[0])
            )
        ]  # fmt: skip
        if not rows and format not in ("csv", "xlsx", "json"):
            raise Http404
        sheet = Sheet(
            name=key.replace("/", "-"),
            title=f"Sections and pages cited of {authority.title}",
            heads=("side", "kind", "part", *TALLY_HEADS, SMALL_HEAD),
            rows=rows,
            notes=("Counts items.", small_note(context.limits)),
        )
    return send_sheet(request, sheet, format)
