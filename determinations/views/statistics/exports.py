"""The tables of statistics as files: each the same counts as its page, of the same selection."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from determinations.filters import chips
from determinations.models import Authority
from determinations.statistics.authority_parts import PARTS, count_parts
from determinations.statistics.catalog import BY_KEY
from determinations.statistics.editions import edition_rows
from determinations.statistics.export_tables import Sheet, editions_sheet, months_sheet, parts_sheet, sheet_of
from determinations.statistics.quality import read_quality
from determinations.statistics.sql_engine import one_snapshot
from determinations.statistics.tabulate import by_month
from determinations.views.statistics.context import Context, may_view, table_of
from determinations.views.statistics.export_files import send_sheet
from determinations.views.statistics.overview import entry_of
from determinations.views.statistics.quality import may_view_quality


def _send(request: HttpRequest, format: str, sheet_from: Callable[[Context], Sheet]) -> HttpResponse:
    with one_snapshot() as engine:
        sheet = sheet_from(Context.of(request, engine))
    return send_sheet(request, sheet, format)


def _notes(context: Context) -> list[str]:
    shown = "; ".join(f"{chip.label}: {chip.value}" for chip in chips(context.query, context.labels))
    return [f"Selection: {shown or 'all items of all current letters'}."]


@require_safe
@may_view
def statistics_export(request: HttpRequest, format: str) -> HttpResponse:
    """The months of the overview."""

    def sheet(context: Context) -> Sheet:
        word = BY_KEY["month"].word
        months = by_month(context.engine.count_letters(context.chosen.selection))
        named = [(word(key, context.labels), each) for key, each in months]
        return months_sheet(named, context.limits, _notes(context))

    return _send(request, format, sheet)


@require_safe
@may_view
def statistic_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """One breakdown."""
    entry = entry_of(key)
    return _send(request, format, lambda context: sheet_of(table_of(context, entry), context.limits, _notes(context)))


@require_safe
@may_view
def editions_export(request: HttpRequest, format: str) -> HttpResponse:
    """The editions by year."""

    def sheet(context: Context) -> Sheet:
        rows = edition_rows(context.engine.count_editions(context.chosen.selection), context.labels)
        return editions_sheet(rows, context.limits, _notes(context))

    return _send(request, format, sheet)


@require_safe
@may_view
def authority_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """Sections and pages of an authority."""
    authority = get_object_or_404(Authority, key=key)

    def sheet(context: Context) -> Sheet:
        found = [
            (part.title, count_parts(context.engine, context.chosen.selection, authority.pk, part)) for part in PARTS
        ]
        return parts_sheet(key.replace("/", "-"), authority.title, found, context.limits, _notes(context))

    return _send(request, format, sheet)


@require_safe
@may_view_quality
def quality_export(request: HttpRequest, key: str, format: str) -> HttpResponse:
    """One table of the quality page."""

    def sheet(context: Context) -> Sheet:
        found = {sheet.name: sheet for sheet in read_quality(context.engine.state).sheets()}
        if key not in found:
            raise Http404(f"The quality page has no table {key!r}.")
        return found[key]

    return _send(request, format, sheet)
