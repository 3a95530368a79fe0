"""The page of one authority: who cites it, for which treatments and with what result; sections, pages, editions."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from determinations.browsing.selection import narrow
from determinations.models import Authority
from determinations.parsing.results import Side
from determinations.statistics.authority_parts import PARTS, CitedPart, count_parts, most_cited
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.definition import UNKNOWN
from determinations.statistics.interface import CitationGroup, ItemGroup
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Table, Tally, tabulate
from determinations.statistics.time_steps import step_filters
from determinations.views.statistics.citations import SIDE_LABELS, UNRECOGNIZED
from determinations.views.statistics.context import Context, Number, RowView, export_base, may_view
from determinations.views.statistics.editions import edition_table
from determinations.views.statistics.lazy_sections import section, show_section, whole_url

_PART_ROWS = 100
_PARTS = ("Sections and pages cited", "statistics/_citation_parts.html")
_EDITIONS = ("Editions cited", "statistics/_editions.html")


class SideOfAuthority(TypedDict):
    """The items for which one side cites the authority."""

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
    """Both sides' items by month and treatment, and their decisions."""
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        cited = engine.count_citing(context.selection, authority.pk, ("category_id", "decision_month"))
        sides = [_side_of(context, authority, side, label, cited) for side, label in SIDE_LABELS]
        parts_url, editions_url = (context.url(name, key) for name in ("citation_parts", "authority_editions"))
        return render(
            request,
            "statistics/authority.html",
            context.frame(
                "citations",
                authority=authority,
                title=str(context.labels.authority_by_id[authority.pk]),
                sides=sides,
                months=_months(context, sides),
                parts=section(context, parts_url, *_PARTS, lambda context: _parts(context, authority)),
                editions=section(context, editions_url, *_EDITIONS, lambda context: _editions(context, authority)),
                whole_url=whole_url(context),
                citations_url=context.url("citations"),
                export_base=export_base("authority_export", key),
            ),
        )


@require_safe
@may_view
def citation_parts(request: HttpRequest, key: str) -> HttpResponse:
    """Sections and pages of one authority that letters cite: a section of its page."""
    return _show_section(request, key, "Sections and pages", _PARTS[1], _parts)


@require_safe
@may_view
def authority_editions(request: HttpRequest, key: str) -> HttpResponse:
    """Editions of one authority that letters cite: a section of its page."""
    return _show_section(request, key, "Editions", _EDITIONS[1], _editions)


def _show_section(
    request: HttpRequest,
    key: str,
    what: str,
    template: str,
    content: Callable[[Context, Authority], Mapping[str, object]],
) -> HttpResponse:
    authority = get_object_or_404(Authority, key=key)
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        title = f"{what} of {context.labels.authority_by_id[authority.pk]}"
        return show_section(request, "citations", title, template, context.frame("", **content(context, authority)))


def _side_of(
    context: Context, authority: Authority, side: Side, label: str, cited: Sequence[list[CitationGroup]]
) -> SideOfAuthority:
    """The items for which one side cites the authority: how many, how decided, for which treatments."""
    query = narrow(context.query, {f"{side}_authority": [authority.key]})
    side_context = Context.of(context.request, context.engine, query, like=context)
    table, months = (
        tabulate(
            BY_KEY[key],
            [ItemGroup((value,), *counts) for (citing, value), *counts in groups if citing == side],
            context.labels,
            context.limits,
        )
        for key, groups in zip(("category", "month"), cited, strict=True)
    )
    return {
        "side": side,
        "label": label,
        "items": side_context.items(table.total.items),
        "overturned": side_context.items(table.total.overturned, {"decision": ["overturned"]}),
        "tally": table.total,
        "enough": table.total.decided >= context.limits.rate_needs,
        "categories": side_context.row_views(table),
        "months": months,
        "context": side_context,
    }


def _months(context: Context, sides: list[SideOfAuthority]) -> list[dict[str, object]]:
    """Items by month for which each side cites the authority."""
    items_of = [{row.key: row.items for row in side["months"].rows} for side in sides]
    keys = {key for items in items_of for key in items}
    label = BY_KEY["month"].row_label
    return [
        {
            "key": key,
            "label": label(key, context.labels),
            "sides": [
                side["context"].items(items.get(key, 0), step_filters(key))
                for side, items in zip(sides, items_of, strict=True)
            ],
        }
        for key in sorted(keys, key=lambda key: (key == UNKNOWN, key))
    ]


def _parts(context: Context, authority: Authority) -> dict[str, object]:
    """Sections and pages of the authority, by side."""
    return {
        "parts": [_part_table(context, authority, part) for part in PARTS],
        "unrecognized": authority.key == UNRECOGNIZED,
    }


def _part_table(context: Context, authority: Authority, part: CitedPart) -> dict[str, object]:
    tallies = count_parts(context.engine, context.selection, authority.pk, part)
    names = most_cited(tallies)
    rows = []
    for name in names[:_PART_ROWS]:
        sides = []
        for side, _label in SIDE_LABELS:
            tally = tallies.get((side, name), Tally())
            filters = {f"{side}_{part.filter}": [f"{authority.key}@{name}"]}
            enough = tally.decided >= context.limits.rate_needs
            sides.append({"number": context.items(tally.items, filters), "tally": tally, "enough": enough})
        rows.append({"label": name, "sides": sides})
    return {"part": part, "rows": rows, "left_out": max(0, len(names) - _PART_ROWS)}


def _editions(context: Context, authority: Authority) -> dict[str, object]:
    return edition_table(context, context.engine.count_editions(context.selection, authority.pk))
