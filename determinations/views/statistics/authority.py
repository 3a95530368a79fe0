"""One authority: who cites it, for which treatments, with what result; its sections, pages and editions."""

from typing import TypedDict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.models import Authority
from determinations.paging.addresses import with_query
from determinations.parsing.results import Side
from determinations.statistics.authority_parts import PARTS, count_parts, most_cited
from determinations.statistics.catalog import BY_KEY, month_filters
from determinations.statistics.definition import UNKNOWN
from determinations.statistics.interface import Cited, Group, Sums
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Table, Tally, tabulate
from determinations.views.statistics.citations import SIDE_LABELS, UNRECOGNISED, editions, items_of
from determinations.views.statistics.context import Context, Number, RowView, may_view
from determinations.views.statistics.lazy_sections import section, show_section, whole_url
from determinations.views.statistics.selection import narrow

_MOST_PARTS = 100
_PARTS = ("Sections and pages cited", "statistics/_citation_parts.html")
_EDITIONS = ("Editions cited", "statistics/_editions.html")


class SideOfAuthority(TypedDict):
    """What one side cites an authority for."""

    side: Side
    label: str
    items: Number
    overturned: Number
    tally: Tally
    enough: bool
    categories: list[RowView]
    months: Table
    context: Context


@require_safe
@may_view
def citation_authority(request: HttpRequest, key: str) -> HttpResponse:
    """Both sides' items by month and treatment, and the result."""
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        cited = engine.count_citing(context.chosen.selection, authority.pk, ("decision_month", "category_id"))
        sides = [_side_of(context, authority, side, label, cited) for side, label in SIDE_LABELS]
        parts_url, editions_url = (
            with_query(reverse(name, args=[key]), context.query) for name in ("citation_parts", "authority_editions")
        )
        return render(
            request,
            "statistics/authority.html",
            context.frame(
                "citations",
                authority=authority,
                title=str(context.labels.authority_by_id[authority.pk]),
                sides=sides,
                months=_trend(context, sides),
                parts=section(context, parts_url, *_PARTS, lambda context: _parts(context, authority)),
                editions=section(context, editions_url, *_EDITIONS, lambda context: _editions(context, authority)),
                whole_url=whole_url(context),
                citations_url=with_query(reverse("citations"), context.query),
                export_base=reverse("authority_export", args=[key, "csv"]).removesuffix("csv"),
            ),
        )


@require_safe
@may_view
def citation_parts(request: HttpRequest, key: str) -> HttpResponse:
    """Sections and pages cited of one authority: a section of its page."""
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        title = f"Sections and pages of {context.labels.authority_by_id[authority.pk]}"
        return show_section(request, "citations", title, _PARTS[1], context.frame("", **_parts(context, authority)))


@require_safe
@may_view
def authority_editions(request: HttpRequest, key: str) -> HttpResponse:
    """Editions cited of one authority: a section of its page."""
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        title = f"Editions of {context.labels.authority_by_id[authority.pk]}"
        found = context.frame("", **_editions(context, authority))
        return show_section(request, "citations", title, _EDITIONS[1], found)


def _side_of(context: Context, authority: Authority, side: Side, label: str, cited: list[Cited]) -> SideOfAuthority:
    """The items for which one side cites the authority: how many, how they ended, and what they were about."""
    own = Context.of(
        context.request, context.engine, narrow(context.query, {f"{side}_authority": [authority.key]}), like=context
    )
    by_category, by_month = Sums(), Sums()
    for (citing, month, category), *counts in cited:
        if citing == side:
            by_category.add(category, *counts)
            by_month.add(month, *counts)
    table, months = (
        tabulate(BY_KEY[key], [Group((raw,), *counts) for raw, counts in sums.items()], own.labels, own.limits)
        for key, sums in (("category", by_category), ("month", by_month))
    )
    return {
        "side": side,
        "label": label,
        "items": own.items(table.total.items),
        "overturned": own.items(table.total.overturned, {"decision": ["overturned"]}),
        "tally": table.total,
        "enough": table.total.decided >= own.limits.rate_needs,
        "categories": own.row_views(table),
        "months": months,
        "context": own,
    }


def _trend(context: Context, sides: list[SideOfAuthority]) -> list[dict[str, object]]:
    """Items by month in which each side cites the authority."""
    keys = {row.key for side in sides for row in side["months"].rows}
    word = BY_KEY["month"].word
    return [
        {
            "key": key,
            "label": word(key, context.labels),
            "sides": [side["context"].items(items_of(side["months"], key), month_filters(key)) for side in sides],
        }
        for key in sorted(keys, key=lambda key: (key == UNKNOWN, key))
    ]


def _parts(context: Context, authority: Authority) -> dict[str, object]:
    """Sections and pages named under the authority, by side."""
    found = []
    for part in PARTS:
        tallies = count_parts(context.engine, context.chosen.selection, authority.pk, part)
        names = most_cited(tallies)
        rows = []
        for name in names[:_MOST_PARTS]:
            sides = []
            for side, _label in SIDE_LABELS:
                tally = tallies.get((side, name), Tally())
                filters = {f"{side}_{part.filter}": [f"{authority.key}@{name}"]}
                enough = tally.decided >= context.limits.rate_needs
                sides.append({"number": context.items(tally.items, filters), "tally": tally, "enough": enough})
            rows.append({"label": name, "sides": sides})
        found.append({"part": part, "rows": rows, "left_out": max(0, len(names) - _MOST_PARTS)})
    return {"parts": found, "unrecognised": authority.key == UNRECOGNISED}


def _editions(context: Context, authority: Authority) -> dict[str, object]:
    return editions(context, context.engine.count_editions(context.chosen.selection, authority.pk))
