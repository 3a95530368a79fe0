"""Typical quantities of a treatment's recent requests, and the requests behind each number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import get_args

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.access import audit
from determinations.browsing.selection import narrow
from determinations.models import Category, DisputedItem, ItemFact
from determinations.models.any_of import AnyOf
from determinations.paging.addresses import with_query
from determinations.parsing.results import Decision
from determinations.statistics.newest import newest_rows
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.treatments import RECENT_REQUESTS, UNITS, Quantities, quantities_of, quantity_of
from determinations.views.statistics.context import Context, Number

_DECISIONS: tuple[Decision, ...] = get_args(Decision)


@dataclass(frozen=True, slots=True)
class RecentRequest:
    """One of the most recent requests for a treatment, with the quantity that its wording names, if any."""

    item_id: int
    case_id: int
    number: int
    decision_date: date | None
    overturned: bool | None
    wording: str
    quantity: tuple[str, int] | None

    @property
    def url(self) -> str:
        """The address of the item on its case page."""
        return f"{reverse('case_detail', args=[self.case_id])}?item={self.number}#item-{self.number}"


@dataclass(frozen=True)
class Quartiles:
    """Quantities of requests in one unit, and how many requests name one, linked to these requests."""

    quantities: Quantities
    requests: Number


@dataclass(frozen=True)
class QuantityRow:
    """The quantities that requests name in one unit: of all, of those upheld, of those overturned."""

    every: Quartiles
    upheld: Quartiles | None
    overturned: Quartiles | None


def requests_for(context: Context, category: Category) -> QuerySet[ItemFact]:
    """The requests of the selection for one treatment; naming the one category lets an index keep their order."""
    return context.selection.items.filter(category=category)


def recent_requests(
    context: Context, requests: QuerySet[ItemFact], most: int = RECENT_REQUESTS
) -> list[RecentRequest]:
    """The most recent of these requests, most recent first. Two queries, or one where sets tell which these are."""
    rows = newest_rows(context.engine, requests, most)
    texts = DisputedItem.objects.filter(AnyOf("pk", [row.item_id for row in rows]))
    wordings = {pk: (number, wording) for pk, number, wording in texts.values_list("pk", "number", "disputed")}
    recent = []
    for item_id, case_id, decision_date, overturned in rows:
        number, wording = wordings[item_id]
        quantity = quantity_of(wording)
        recent.append(RecentRequest(item_id, case_id, number, decision_date, overturned, wording, quantity))
    return recent


def recent_with_decision(requests: Iterable[RecentRequest], decision: str) -> list[RecentRequest]:
    """Those of the requests that have the decision."""
    return [request for request in requests if request.overturned is (decision == "overturned")]


def quantity_rows(context: Context, category: Category, requests: Sequence[RecentRequest]) -> list[QuantityRow]:
    """Typical quantities of recent requests, of all and by decision, most frequent unit first."""

    def quartiles(chosen: Iterable[RecentRequest], decision: str) -> dict[str, Quartiles]:
        rows = quantities_of(request.quantity for request in chosen)
        return {row.unit: Quartiles(row, _number(context, category, row, decision)) for row in rows}

    by_decision = {decision: quartiles(recent_with_decision(requests, decision), decision) for decision in _DECISIONS}
    return [
        QuantityRow(every, by_decision["upheld"].get(unit), by_decision["overturned"].get(unit))
        for unit, every in quartiles(requests, "").items()
    ]


def _number(context: Context, category: Category, row: Quantities, decision: str) -> Number:
    if not context.may_browse:
        return Number(row.requests)
    path = reverse("treatment_quantities", args=[category.name, category.subcategory])
    which = {"unit": row.unit} | ({"of": decision} if decision else {})
    return Number(row.requests, with_query(path, context.query, **which))


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def treatment_quantities(request: HttpRequest, category: str, subcategory: str) -> HttpResponse:
    """The recent requests that name a quantity in the ``unit`` of the address; ``of`` limits them to one decision."""
    treatment = Category.objects.filter(name=category, subcategory=subcategory).first()
    unit, decision = request.GET.get("unit", ""), request.GET.get("of", "")
    if treatment is None or unit not in UNITS or decision not in ("", *_DECISIONS):
        raise Http404("This list does not exist.")
    key = f"{category}/{subcategory}"
    with one_snapshot() as engine:
        whole = Context.of(request, engine)
        context = Context.of(request, engine, narrow(whole.query, {"subcategory": [key]}), like=whole)
        recent = recent_requests(context, requests_for(context, treatment))
        chosen = recent_with_decision(recent, decision) if decision else recent
        rows = [row for row in chosen if row.quantity and row.quantity[0] == unit]
        response = render(
            request,
            "statistics/treatment_quantities.html",
            whole.frame(
                "treatments",
                title=whole.labels.of("subcategory", key),
                profile_url=whole.url("treatment", category, subcategory),
                unit=unit,
                decision=decision,
                rows=rows,
                recent_count=len(recent),
            ),
        )
    audit.note_list(request, "quantities of a treatment", [row.case_id for row in rows])
    return response
