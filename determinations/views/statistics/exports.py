"""Exports of statistics: the same counts as the page, for the same selection."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from determinations.filters import chips
from determinations.models import Authority
from determinations.statistics.authority_parts import PARTS, count_parts
from determinations.statistics.editions import edition_rows
from determinations.statistics.export_tables import (
    Cell,
    ExportTable,
    breakdown_table,
    editions_table,
    grounds_table,
    parts_table,
    periods_table,
)
from determinations.statistics.ground_tables import ground_table
from determinations.statistics.measured_accuracy import Run, read_runs, share
from determinations.statistics.quality import read_quality
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import by_period
from determinations.statistics.time_steps import requested_step, step_label
from determinations.views.statistics.accuracy import accuracy_rows, layout_label
from determinations.views.statistics.context import Context, may_read, may_view, table_of
from determinations.views.statistics.export_files import send_table
from determinations.views.statistics.grounds import axis_for, columns_of, requested_table, steps_for
from determinations.views.statistics.overview import find_statistic
from determinations.views.statistics.quality import may_view_quality
from determinations.wording.paths import label_of_field


def _send(request: HttpRequest, format: str, build: Callable[[Context], ExportTable]) -> HttpResponse:
    with one_snapshot() as engine:
        table = build(Context.of(request, engine))
    return send_table(request, table, format)


def notes_of(context: Context) -> list[str]:
    """What an exported file says of its selection."""
    filters = "; ".join(f"{chip.label}: {chip.value}" for chip in chips(context.query, context.labels))
    return [f"Selection: {filters or 'all items of all current letters'}."]


@require_safe
@may_view
def statistics_export(request: HttpRequest, format: str) -> HttpResponse:
    """The periods on the overview: months, or the quarters or years that ``step`` requests."""
    step = requested_step(request.GET.get("step")) or "month"

    def build(context: Context) -> ExportTable:
        periods = by_period(context.engine.count_letters(context.selection), step)
        named = [(step_label(key), letters) for key, letters in periods]
        return periods_table(step, named, context.limits, notes_of(context))

    return _send(request, format, build)


@require_safe
@may_view
def statistic_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """One breakdown."""
    return _send(
        request,
        format,
        lambda context: breakdown_table(
            table_of(context, find_statistic(context, key)), context.limits, notes_of(context)
        ),
    )


@require_safe
@may_view
def grounds_export(request: HttpRequest, format: str) -> HttpResponse:
    """The table of grounds."""
    by, decision = requested_table(request)

    def build(context: Context) -> ExportTable:
        axis = axis_for(by, steps_for(context, decision) if by == "time" else None)
        table = ground_table(context.engine, axis, context.selection, context.labels)
        return grounds_table(table, decision, columns_of(table, decision), context.limits, notes_of(context))

    return _send(request, format, build)


@require_safe
@may_view
def editions_export(request: HttpRequest, format: str) -> HttpResponse:
    """Editions by year of decision."""

    def build(context: Context) -> ExportTable:
        rows = edition_rows(context.engine.count_editions(context.selection), context.labels)
        return editions_table(rows, context.limits, notes_of(context))

    return _send(request, format, build)


@require_safe
@may_view
def authority_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """Sections and pages of one authority."""
    authority = get_object_or_404(Authority, key=key)

    def build(context: Context) -> ExportTable:
        parts = [(part.title, count_parts(context.engine, context.selection, authority.pk, part)) for part in PARTS]
        return parts_table(
            key.replace("/", "-"),
            str(context.labels.authority_by_id[authority.pk]),
            parts,
            context.limits,
            notes_of(context),
        )

    return _send(request, format, build)


@require_safe
@may_read
def accuracy_export(request: HttpRequest, format: str) -> HttpResponse:
    """Accuracy by field and by ground."""

    def build(context: Context) -> ExportTable:
        runs = read_runs()
        return accuracy_table(runs[0] if runs else None, context)

    return _send(request, format, build)


def accuracy_table(run: Run | None, context: Context) -> ExportTable:
    """One row for each field and layout, each field as staff checked it, and each ground."""
    rows: list[list[Cell]] = []
    for score in run.fields if run else ():
        part = share([score])
        rows.append(["labeled letters", label_of_field(score.field), layout_label(score.layout), part.right, part.of])
    for row in accuracy_rows(run):
        if row.office.of:
            rows.append(["checked by staff", row.label, "all layouts", row.office.right, row.office.of])
    for measured in run.grounds if run else ():
        for ground in measured.scores:
            rows.append(
                [
                    measured.name,
                    context.labels.of("ground", ground.code),
                    "ground found where labeled",
                    ground.hit,
                    ground.labeled,
                ]
            )
    about = f"Parser {run.parser_version}, measured {run.date}." if run else "Nothing was measured."
    return ExportTable("accuracy", "Accuracy", ("measured on", "value", "of", "right", "values"), rows, (about,))


@require_safe
@may_view_quality
def quality_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """One table of the quality page."""

    def build(context: Context) -> ExportTable:
        tables = {table.name: table for table in read_quality(context.engine).export_tables()}
        if key not in tables:
            raise Http404(f"The quality page has no table {key!r}.")
        return tables[key]

    return _send(request, format, build)
