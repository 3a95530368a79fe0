"""The profile of a treatment: requests, overturn rate, grounds, guidelines and quantities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.browsing.selection import narrow
from determinations.cases.old_grounds import count_old_grounds
from determinations.models import Category, ItemFact
from determinations.models.any_of import AnyOf
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.results import SIDES, Decision
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.definition import Statistic
from determinations.statistics.ground_tables import with_decision
from determinations.statistics.measured_accuracy import Share
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import Table, Tally
from determinations.statistics.treatments import RECENT_REQUESTS
from determinations.views.statistics.context import Context, Number, RowView, may_read, table_of
from determinations.views.statistics.ground_sentences import DOCUMENTATION, documentation
from determinations.views.statistics.lazy_sections import section, whole_url
from determinations.views.statistics.over_time import periods_of
from determinations.views.statistics.quantities import (
    RecentRequest,
    quantity_rows,
    recent_requests,
    recent_with_decision,
    requests_for,
)
from determinations.views.statistics.questions import question_rows
from determinations.views.statistics.sections import SECTIONS, cited_sections

_MOST_ROWS = 12
_EXAMPLES = 5
_WON_AND_LOST: tuple[Decision, Decision] = ("overturned", "upheld")
#: What the profile counts by, in one pass.
_GROUPINGS = [
    BY_KEY[key].columns for key in ("ground", "claims-authority", "reviewer-authority", "body-region", "month")
]


@dataclass(frozen=True)
class Example:
    """A recent request for the treatment, with the address of its item."""

    wording: str
    url: str
    grounds: str


@dataclass(frozen=True)
class GroundShare:
    """A ground among the items with one decision; ``width`` is of the bar, as a percentage of the widest."""

    label: str
    items: Number
    share: Share
    width: int


@require_safe
@may_read
def treatment_list(request: HttpRequest) -> HttpResponse:
    """All treatments, most requested first, with links to their profiles."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        table = table_of(context, BY_KEY["subcategory"])
        return render(
            request,
            "statistics/treatments.html",
            context.frame(
                "treatments",
                rows=context.row_views(table),
                total=context.items(table.total.items),
                old_grounds=count_old_grounds(),
            ),
        )


@require_safe
@may_read
def treatment(request: HttpRequest, category: str, subcategory: str) -> HttpResponse:
    """The profile of a treatment within the selection of the address."""
    key = f"{category}/{subcategory}"
    found = Category.objects.filter(name=category, subcategory=subcategory).first()
    if found is None:
        raise Http404("This treatment does not exist.")
    with one_snapshot() as engine:
        whole = Context.of(request, engine)
        context = Context.of(request, engine, narrow(whole.query, {"subcategory": [key]}), like=whole)
        content = _profile(context, found)
        return render(
            request,
            "statistics/treatment.html",
            whole.frame(
                "treatments",
                title=whole.labels.of("subcategory", key),
                treatment=key,
                treatments_url=whole.url("treatments"),
                grounds_url=context.url("grounds"),
                list_url=context.items(1).link,
                whole_url=whole_url(whole),
                **content,
            ),
        )


def _profile(context: Context, category: Category) -> dict[str, object]:
    """Everything that the profile shows of the items of the selection."""
    context.engine.precompute(context.selection, _GROUPINGS)
    grounds = table_of(context, BY_KEY["ground"])
    by_ground = {row.key: row.tally for row in grounds.rows}
    cited = {side: _first_rows(context, BY_KEY[f"{side}-authority"]) for side in SIDES}
    recent = recent_requests(context, requests_for(context, category))
    won, lost = _examples(context, category, recent)
    steps, periods = periods_of(context)
    return {
        "tally": grounds.total,
        "enough": grounds.total.decided >= context.limits.rate_needs,
        "items": context.items(grounds.total.items),
        "upheld": context.items(grounds.total.decided - grounds.total.overturned, {"decision": ["upheld"]}),
        "overturned": context.items(grounds.total.overturned, {"decision": ["overturned"]}),
        "questions": question_rows(context, by_ground),
        "upheld_grounds": _grounds_of(context, grounds, "upheld"),
        "overturned_grounds": _grounds_of(context, grounds, "overturned"),
        "without_grounds": context.items(by_ground.get("unknown", Tally()).items, {"ground": ["unknown"]}),
        "old_grounds": count_old_grounds(),
        "claims": cited["claims"],
        "reviewer": cited["reviewer"],
        "regions": _first_rows(context, BY_KEY["body-region"]),
        "periods": periods,
        **steps,
        "quantities": quantity_rows(context, category, recent),
        "recent_count": len(recent),
        "won": won,
        "lost": lost,
        "sections_part": section(context, context.url("cited_sections"), *SECTIONS, cited_sections),
        "documentation_part": section(context, context.url("grounds_documentation"), *DOCUMENTATION, documentation),
    }


def _first_rows(context: Context, statistic: Statistic) -> list[RowView]:
    """The first rows of a statistic. Links are written for these rows only."""
    table = table_of(context, statistic)
    return context.row_views(replace(table, rows=table.rows[:_MOST_ROWS]))


def _grounds_of(context: Context, grounds: Table, decision: Decision) -> list[GroundShare]:
    """Grounds of the items with the decision, most items first."""
    of = with_decision(grounds.total, decision)
    counts = [
        (row, with_decision(row.tally, decision))
        for row in grounds.rows
        if row.key in GROUNDS and GROUNDS[row.key].decision in (decision, None)
    ]
    most = max((count for _row, count in counts), default=0)
    return [
        GroundShare(
            label=row.label,
            items=context.items(count, {"ground": [row.key], "decision": [decision]}),
            share=Share(count, of),
            width=round(100 * count / most),
        )
        for row, count in counts
        if count
    ]


def _examples(
    context: Context, category: Category, recent: Sequence[RecentRequest]
) -> tuple[list[Example], list[Example]]:
    """The most recent requests that were overturned, and those that were upheld, with their grounds.

    One query, if enough of each are among the recent ones, as usually.
    """
    if not context.may_browse:
        return [], []
    chosen = [_most_recent(context, category, recent, decision) for decision in _WON_AND_LOST]
    items = [request.item_id for requests in chosen for request in requests]
    grounds = dict(ItemFact.objects.filter(AnyOf("pk", items)).values_list("pk", "grounds"))
    won, lost = (
        [
            Example(r.wording, r.url, ", ".join(context.labels.of("ground", code) for code in grounds[r.item_id]))
            for r in requests
        ]
        for requests in chosen
    )
    return won, lost


def _most_recent(
    context: Context, category: Category, recent: Sequence[RecentRequest], decision: Decision
) -> list[RecentRequest]:
    requests = recent_with_decision(recent, decision)[:_EXAMPLES]
    if len(requests) < _EXAMPLES and len(recent) == RECENT_REQUESTS:
        older = requests_for(context, category).filter(overturned=decision == "overturned")
        return recent_requests(context, older, _EXAMPLES)
    return requests
