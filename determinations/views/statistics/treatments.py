"""The profile of a treatment: requests, overturn rate, grounds, guidelines and quantities."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.models import Category, ItemFact
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.results import SIDES
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Table, Tally
from determinations.statistics.treatments import COUNTERPARTS, RECENT_REQUESTS, quantities_of
from determinations.views.statistics.context import Context, Number, RowView, may_view, table_of
from determinations.views.statistics.selection import narrow

_MOST_ROWS = 12
_EXAMPLES = 5


@dataclass(frozen=True)
class Counterparts:
    """A ground of upheld items and its counterpart of overturned items.

    ``tally`` counts the items of both, so its rate is how often the question was decided in favor of the request.
    """

    upheld: str
    overturned: str
    upheld_items: Number
    overturned_items: Number
    tally: Tally
    enough: bool


@dataclass(frozen=True)
class Example:
    """A recent request for the treatment, with the address of its item."""

    fact: ItemFact
    url: str
    grounds: str


@require_safe
@may_view
def treatment_list(request: HttpRequest) -> HttpResponse:
    """All treatments, most requested first, with links to their profiles."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        table = table_of(context, BY_KEY["subcategory"])
        return render(
            request,
            "statistics/treatments.html",
            context.frame("treatments", rows=context.row_views(table), total=context.items(table.total.items)),
        )


@require_safe
@may_view
def treatment(request: HttpRequest, category: str, subcategory: str) -> HttpResponse:
    """The profile of a treatment within the selection of the address."""
    key = f"{category}/{subcategory}"
    if not Category.objects.filter(name=category, subcategory=subcategory).exists():
        raise Http404("This treatment does not exist.")
    with one_snapshot() as engine:
        whole = Context.of(request, engine)
        context = Context.of(request, engine, narrow(whole.query, {"subcategory": [key]}), like=whole)
        grounds = table_of(context, BY_KEY["ground"])
        cited = {side: context.row_views(table_of(context, BY_KEY[f"{side}-authority"])) for side in SIDES}
        recent = list(_recent(context))
        return render(
            request,
            "statistics/treatment.html",
            context.frame(
                "treatments",
                title=whole.labels.of("subcategory", key),
                tally=grounds.total,
                enough=grounds.total.decided >= context.limits.rate_needs,
                items=context.items(grounds.total.items),
                overturned=context.items(grounds.total.overturned, {"decision": ["overturned"]}),
                counterparts=_counterparts(context, grounds),
                upheld_grounds=_grounds_of(context, grounds, "upheld"),
                overturned_grounds=_grounds_of(context, grounds, "overturned"),
                claims=cited["claims"][:_MOST_ROWS],
                reviewer=cited["reviewer"][:_MOST_ROWS],
                months=context.row_views(table_of(context, BY_KEY["month"])),
                regions=context.row_views(table_of(context, BY_KEY["body-region"]))[:_MOST_ROWS],
                quantities=quantities_of(fact.item.disputed for fact in recent),
                recent_count=len(recent),
                won=_examples(context, [fact for fact in recent if fact.overturned]),
                lost=_examples(context, [fact for fact in recent if fact.overturned is False]),
                treatments_url=whole.url("treatments"),
            ),
        )


def _recent(context: Context) -> QuerySet[ItemFact]:
    facts = context.selection.items.select_related("item")
    return facts.order_by(F("decision_date").desc(nulls_last=True), F("item").desc())[:RECENT_REQUESTS]


def _counterparts(context: Context, grounds: Table) -> list[Counterparts]:
    """Pairs of grounds with at least one item."""
    pairs = []
    for upheld, overturned in COUNTERPARTS:
        lost, won = grounds.tally(upheld), grounds.tally(overturned)
        both = lost + won
        if both.items:
            pairs.append(
                Counterparts(
                    upheld=GROUNDS[upheld].label,
                    overturned=GROUNDS[overturned].label,
                    upheld_items=context.items(lost.items, {"ground": [upheld]}),
                    overturned_items=context.items(won.items, {"ground": [overturned]}),
                    tally=both,
                    enough=both.decided >= context.limits.rate_needs,
                )
            )
    return pairs


def _grounds_of(context: Context, grounds: Table, decision: str) -> list[RowView]:
    views = context.row_views(grounds)
    return [view for view in views if (kind := GROUNDS.get(view.row.key)) and kind.decision == decision]


def _examples(context: Context, facts: Sequence[ItemFact]) -> list[Example]:
    if not context.may_browse:
        return []
    return [
        Example(
            fact,
            f"{reverse('case_detail', args=[fact.case_id])}?item={fact.item.number}#item-{fact.item.number}",
            ", ".join(context.labels.of("ground", code) for code in fact.grounds),
        )
        for fact in facts[:_EXAMPLES]
    ]
