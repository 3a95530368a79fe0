"""Timeliness: how many duties were done in time, late and by how much."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from determinations.models import OfficeField
from determinations.paging.addresses import with_query
from determinations.statistics.definition import Filters
from determinations.statistics.office_catalog import fields_with_names
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.time_steps import step_filters
from determinations.statistics.timeliness import Timeliness, TimelinessRow, read_timeliness, timeliness_table
from determinations.views.statistics.context import MOST_ROWS, Context, Number, export_base, may_view
from determinations.views.statistics.export_files import send_table
from determinations.views.statistics.exports import notes_of


@dataclass(frozen=True)
class RowView:
    """A row as shown: its numbers lead to the lists of their items."""

    row: TimelinessRow
    met: Number
    late: Number
    done_undated: Number
    not_required: Number
    open: Number
    overdue: Number
    enough: bool


@require_safe
@may_view
def timeliness(request: HttpRequest) -> HttpResponse:
    """Duties by rule, by the month in which they were due and by person, for the selection of the address."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        field = _field_of(context)
        read = _read(context, field)
        by_value = (
            [_view(context, row, {field.column: [row.key]}) for row in read.by_value[:MOST_ROWS]] if field else []
        )
        return render(
            request,
            "statistics/timeliness.html",
            context.frame(
                "timeliness",
                total=_view(context, read.total, {}),
                tables=[
                    ("By duty", "Duty", [_view(context, row, {"duty_rule": [row.key]}) for row in read.by_rule]),
                    ("By month due", "Month", [_view(context, row, _due_in(row.key)) for row in read.by_month]),
                    ("By person", "Person", [_view(context, row, {"duty_of": [row.key]}) for row in read.by_person]),
                    *([(f"By {field.name.lower()}", field.name, by_value)] if field else []),
                ],
                value_fields=[
                    (one.name, with_query("", context.query, by=f"office-{one.key}"), one == field)
                    for one in fields_with_names(context.labels)
                ],
                export_base=export_base("timeliness_export"),
            ),
        )


@require_safe
@may_view
def timeliness_export(request: HttpRequest, format: str) -> HttpResponse:
    """The same as CSV, Excel or JSON."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        field = _field_of(context)
        name = field.name.lower() if field else ""
        table = timeliness_table(_read(context, field), context.limits, notes_of(context), name)
    return send_table(request, table, format)


def _field_of(context: Context) -> OfficeField | None:
    """The office field that duties are counted by: that of the address, or the first."""
    fields = fields_with_names(context.labels)
    chosen = [field for field in fields if context.request.GET.get("by") == f"office-{field.key}"]
    return next(iter([*chosen, *fields]), None)


def _read(context: Context, field: OfficeField | None) -> Timeliness:
    column = field.column if field else ""
    return read_timeliness(context.selection, today=timezone.localdate(), column=column)


def _due_in(month: str) -> Filters:
    if not month:
        return {"duty_due": ["unknown"]}
    dates = step_filters(month)
    return {"due_from": dates["decided_from"], "due_to": dates["decided_to"]}


def _view(context: Context, row: TimelinessRow, filters: Filters) -> RowView:
    def number(name: str, **more: list[str]) -> Number:
        return context.items(row.counts[name], {**filters, **more})

    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()
    return RowView(
        row=row,
        met=number("met", duty=["met"]),
        late=number("late", duty=["late"]),
        done_undated=number("done_undated", duty=["done_undated"]),
        not_required=number("not_required", duty=["not_required"]),
        open=number("open", duty=["open"]),
        overdue=number("overdue", duty=["open"], due_to=[min(*filters.get("due_to", [yesterday]), yesterday)]),
        enough=row.judged >= context.limits.rate_needs,
    )
