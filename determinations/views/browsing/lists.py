"""The list pages: cases, disputed items, decisions. The address is the state; htmx fetches the list part alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, cast

from django.contrib.auth.decorators import permission_required
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from determinations.access import audit
from determinations.access.roles import may_move
from determinations.access.row_rules import MASKED_COLUMNS
from determinations.access.scope import current_scope
from determinations.browsing.facets import FacetCounts, count_facets
from determinations.browsing.lists import (
    CASES,
    DECISIONS,
    ITEMS,
    LISTS,
    ListKind,
    page_and_what_was_read,
    with_work,
)
from determinations.browsing.rail import rail, with_value_texts
from determinations.casework.work import owners_and_tags
from determinations.filters import active_filters, chips, filters_only, mistakes, unknown_parameters
from determinations.filters.lookups import Lookups
from determinations.filters.moving_dates import offers
from determinations.models import ColumnChoice, DisputedItem, ItemFact, Letter, OfficeField
from determinations.models.dimensions import DIMENSIONS, Dimension, Kind
from determinations.models.letters import OPEN_STATES
from determinations.paging.addresses import CURSOR, changed, link_to, with_query
from determinations.paging.composed import ME, Part, first_of, read_parts
from determinations.paging.counts import count_up_to
from determinations.paging.keyset import page_of
from determinations.tables import CaseRow, CaseTable, DecisionTable, ItemRow, ItemTable, ListTable
from determinations.tables.work import WORK_COLUMNS, Work
from determinations.templatetags.frame import day
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.browsing.periods import period_of
from determinations.views.frame_counts import given_by, note_frame_counts, parts_of_frame
from determinations.views.requests import held_by, person_of, wants_part
from determinations.wording.labels import Labels, read_labels, value_texts

_TABLES: dict[str, type[ListTable]] = {"cases": CaseTable, "items": ItemTable, "decisions": DecisionTable}
_SUMMARIES = {
    "cases": "one row per letter",
    "items": "one row per request, across all cases",
    "decisions": "requests and their outcomes, by day",
}
#: Columns and filters that lists of masked cases do not offer, for they are empty or find nothing.
_MASKED_CELLS = ("specialty", "injured", "worker", "doubts", "grounds", "region")
_MASKED_KINDS = (Kind.WORDS, Kind.DUTY, Kind.DUTY_RULE, Kind.DUTY_DUE, Kind.DUE)
#: The columns of a case that the cells of its row, and the places of pages, are made of.
_CASE_CELLS = (
    "case_number", "decision_date", "date_of_injury", "ur_denial_date", "application_received", "due_on", "priority",
    "age", "sex", "specialties", "outcome", "item_count", "overturned_count", "problem_count", "category_ids",
    "claims_authority_ids", "reviewer_authority_ids",
)  # fmt: skip
#: Parameters that other pages of the same list do not share.
_OF_ONE_PAGE = (*CURSOR, "show", "list", "item")
_OUTCOME_TABS = (
    ("All", ()),
    ("Overturned or partly", ("overturned", "partly")),
    ("Upheld", ("upheld",)),
)


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def case_list(request: HttpRequest) -> HttpResponse:
    """Cases: one row per letter."""
    return _list_page(request, CASES)


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def item_list(request: HttpRequest) -> HttpResponse:
    """Disputed items: one row per request."""
    return _list_page(request, ITEMS)


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def decision_list(request: HttpRequest) -> HttpResponse:
    """Decisions by day, overturned and partly overturned first within a day."""
    return _list_page(request, DECISIONS)


def recent_decisions(query: str, limit: int) -> DecisionTable:
    """The newest decisions of a list's address, such as ``outcome=overturned``, as a table for another page."""
    filters = QueryDict(query)
    rows = page_of(
        _for_list(DECISIONS, DECISIONS.filterset(filters).qs),
        DECISIONS.orders["-decided"],
        filters,
        limit,
    ).rows
    hidden = {*DecisionTable.hidden_at_first, "specialty", "category"} - {"decided"}
    if current_scope().masked:
        hidden |= {*_MASKED_CELLS}
    came_from, labels = _came_from(DECISIONS, filters), read_labels()
    cases = [CaseRow(case, _case_url(case.pk, came_from), labels, case.items_said) for case in rows]
    table = DecisionTable(cases, query=filters, hidden=hidden)
    table.sort_links = {}
    return table


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def list_facets(request: HttpRequest, list_name: str) -> HttpResponse:
    """The rail's options with their counts, which replace the options without."""
    kind = LISTS[list_name]
    filterset = kind.filterset(request.GET, by=person_of(request))
    counted = count_facets(kind, filterset, request.GET)
    owners, tags = owners_and_tags()
    labels = replace(
        with_value_texts(filterset.lookups.labels, counted),
        owners=tuple(owners),
        tags=tuple(tags),
    )
    facets = rail(request.GET, labels, counted, _dimensions())
    # Without the request: nothing of the frame, which counts what it shows, is part of it.
    return HttpResponse(render_to_string("browsing/facets.html", {"facets": facets, "counted": counted}))


@require_POST
@permission_required("determinations.browse_cases", raise_exception=True)
@recorded_form
def choose_columns(request: HttpRequest, list_name: str) -> HttpResponse:
    """Remember which columns of a list the user wants to see."""
    kind = LISTS[list_name]
    office = {field.column for field in _office_columns(Lookups(user=person_of(request)).labels)}
    names = set(_TABLES[list_name].base_columns) | office
    hidden = sorted(names - set(request.POST.getlist("column")) - {_first_column(list_name)})
    ColumnChoice.objects.update_or_create(by=person_of(request), list_name=kind.name, defaults={"hidden": hidden})
    back = QueryDict(request.POST.get("query", ""))
    return redirect(with_query(reverse(kind.url_name), back))


def _list_page(request: HttpRequest, kind: ListKind) -> HttpResponse:
    filterset = kind.filterset(request.GET, by=person_of(request))
    sort = kind.sort_of(request.GET)
    labels = filterset.lookups.labels
    filtered = any(True for _ in active_filters(request.GET))
    office = _office_columns(labels)
    hidden = _hidden_columns(_chosen_columns(request, kind), kind, office)
    shown = [field for field in office if field.column not in set(hidden)]
    shown_rows = _for_list(kind, kind.all_rows(), shown)
    if not set(WORK_COLUMNS) <= set(hidden):
        shown_rows = with_work(shown_rows)
    page, count, looked = page_and_what_was_read(kind, filterset, request.GET, shown_rows)
    letter_ids = [row.case_id if kind.of_items else row.pk for row in page.rows]
    audit.note_list(request, kind.name, letter_ids, total=str(count))
    texts = value_texts(getattr(row, field.column) for row in page.rows for field in shown)
    labels = replace(labels, office_values=texts)
    rows = _table_rows(kind, page.rows, request.GET, labels)
    table = _TABLES[kind.name](rows, query=request.GET, sort=sort, hidden=hidden, office=shown)
    context = {
        "list": kind,
        "summary": _SUMMARIES[kind.name],
        "page": page,
        "table": table,
        "count": count,
        "looked": looked,
        "chips": chips(request.GET, labels),
        "mistakes": [*mistakes(filterset), *unknown_parameters(request.GET, kind.orders)],
        "words_unseen": current_scope().masked and filterset.searches_words,
        "filtered": filtered,
        "waiting": 0 if page.rows or filtered else count_up_to(Letter.objects.filter(state__in=OPEN_STATES)),
        "sort": sort if "sort" in request.GET else "",
        "query": changed(request.GET, without=_OF_ONE_PAGE),
        "filters_query": filters_only(request.GET).urlencode(),
        "columns": _columns(kind, hidden, office),
        "dates_to_keep": offers(request.GET, timezone.localdate(), labels),
        "move_url": _move_url(request) if kind is CASES else "",
    }
    if kind is DECISIONS:
        context |= {"tabs": _outcome_tabs(request.GET), "period": period_of(request.GET, page.rows)}
    if wants_part(request):
        response = render(request, "browsing/_list.html", context)
    else:
        with_counts = request.GET.get("show") == "counts"
        counted = count_facets(kind, filterset, request.GET) if with_counts else FacetCounts()
        facets = rail(request.GET, with_value_texts(labels, counted), counted, _dimensions())
        context |= {"facets": facets, "counted": counted}
        response = render(request, "browsing/list.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _move_url(request: HttpRequest) -> str:
    """The page that moves the letters of the list to other offices, for users who may."""
    return with_query(reverse("move_list"), filters_only(request.GET)) if may_move(person_of(request)) else ""


def _dimensions() -> Sequence[Dimension]:
    """The filters that the rail offers to the user."""
    if not current_scope().masked:
        return DIMENSIONS
    return [d for d in DIMENSIONS if d.item_column not in MASKED_COLUMNS and d.kind not in _MASKED_KINDS]


def _for_list(kind: ListKind, rows: QuerySet[Any], office: Iterable[OfficeField] = ()) -> QuerySet[Any]:
    """The rows with what their cells show, and no more."""
    if kind.of_items:
        return rows.select_related("item").annotate(case_number=F("case__case_number")).only(
            "case", "decision_date", "date_of_injury", "ur_denial_date", "category_id", "age", "sex", "body_region",
            "grounds", "overturned", "case_items",
            "specialties", "claims_authority_ids", "reviewer_authority_ids", "item__number", "item__request",
            "item__disputed", "item__decision", "item__partly_approved", "item__problem_codes",
            *(field.column for field in office),
        )  # fmt: skip
    if kind is DECISIONS:
        items = DisputedItem.objects.filter(case=OuterRef("pk")).order_by("number")
        said = JSONObject(decision="decision", disputed="disputed")
        rows = rows.annotate(items_said=ArraySubquery(items.values(said=said)))
    return rows.only(*_CASE_CELLS, *(field.column for field in office))


def _table_rows(kind: ListKind, rows: Iterable[Any], query: QueryDict, labels: Labels) -> Sequence[object]:
    came_from = _came_from(kind, query)
    if kind.of_items:
        return [ItemRow(fact, _item_url(fact, came_from), labels, work=Work.of(fact)) for fact in rows]
    by_day = kind is DECISIONS
    cases = [
        CaseRow(case, _case_url(case.pk, came_from), labels, case.items_said if by_day else (), work=Work.of(case))
        for case in rows
    ]
    return _by_day(cases) if by_day else cases


def _by_day(rows: list[CaseRow]) -> list[CaseRow]:
    """Within a day overturned cases first, then partly overturned ones."""
    place = {"overturned": 0, "partly": 1, "unknown": 2, "upheld": 3}
    days = {row.case.decision_date: at for at, row in reversed(list(enumerate(rows)))}
    rows = sorted(rows, key=lambda row: (days[row.case.decision_date], place[row.case.outcome]))
    for before, row in zip([None, *rows], rows, strict=False):
        if before is None or before.case.decision_date != row.case.decision_date:
            row.group_head = day(row.case.decision_date) or "Decision date unknown"
    return rows


def _came_from(kind: ListKind, query: QueryDict) -> str:
    """The query that lets a case page link to the previous and next case of this list."""
    return changed(query, {"list": str(kind.name)}, without=_OF_ONE_PAGE).urlencode()


def _case_url(case_id: int, came_from: str) -> str:
    start, end = _around_case()
    return f"{start}{case_id}{end}?{came_from}"


@cache
def _around_case() -> tuple[str, str]:
    """The parts of a case's address before and after its ID, looked up once for all rows."""
    start, _zero, end = reverse("case_detail", args=[0]).rpartition("0")
    return start, end


def _item_url(fact: ItemFact, came_from: str) -> str:
    number = fact.item.number
    return f"{_case_url(fact.case_id, came_from)}&item={number}#item-{number}"


def _first_column(list_name: str) -> str:
    return "request" if list_name == "items" else "number"


def _office_columns(labels: Labels) -> list[OfficeField]:
    """The office's fields that the user may show as columns."""
    if current_scope().masked:
        return []
    return [field for field in labels.shown_fields() if field.in_lists]


def _columns_hidden_in(name: str) -> Part[object]:
    return first_of(lambda: ColumnChoice.objects.filter(by=ME.sample, list_name=name).values("hidden"))


#: The columns that a user has hidden in each list.
_CHOSEN: Mapping[str, Part[object]] = {name: _columns_hidden_in(name) for name in LISTS}


def _chosen_columns(request: HttpRequest, kind: ListKind) -> list[str] | None:
    """The columns that the user has hidden, if any were ever chosen; read with what the frame of the page counts."""
    parts = {"hidden": _CHOSEN[kind.name], **parts_of_frame(held_by(person_of(request)))}
    values = read_parts(parts, given_by(request))
    note_frame_counts(request, values)
    return cast("list[str] | None", values["hidden"])


def _hidden_columns(chosen: Sequence[str] | None, kind: ListKind, office: Sequence[OfficeField]) -> tuple[str, ...]:
    """The columns that are hidden; at first, also most of the office's fields, and what gives way to them."""
    table = _TABLES[kind.name]
    others = (field.column for field in office[table.office_at_first :])
    at_first = (*table.hidden_at_first, *others, *(table.gives_way if office else ()))
    hidden = at_first if chosen is None else tuple(chosen)
    return (*hidden, *_MASKED_CELLS) if current_scope().masked else hidden


def _columns(kind: ListKind, hidden: Iterable[str], office: Iterable[OfficeField]) -> list[dict[str, object]]:
    table = _TABLES[kind.name]
    sequence = [name for name in table._meta.sequence if name != "..."]
    names = [*sequence, *(name for name in table.base_columns if name not in sequence)]
    labels = {name: table.base_columns[name].verbose_name for name in names if name != _first_column(kind.name)}
    labels |= {field.column: field.name for field in office}
    left_out = _MASKED_CELLS if current_scope().masked else ()
    return [
        {"name": name, "label": label, "shown": name not in set(hidden)}
        for name, label in labels.items()
        if name not in left_out
    ]


def _outcome_tabs(query: QueryDict) -> list[dict[str, object]]:
    chosen = set(query.getlist("outcome"))
    tabs = []
    for label, outcomes in _OUTCOME_TABS:
        link = link_to(changed(query, {"outcome": outcomes}, without=_OF_ONE_PAGE))
        tabs.append({"label": label, "query": link, "current": chosen == set(outcomes)})
    return tabs
