"""Events as files: CSV line by line, or Excel."""

from collections.abc import Iterable, Iterator

from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from determinations.audit.trail import entries_of
from determinations.browsing.export_formats import Cell, csv_lines
from determinations.browsing.exports import scratch_folder
from determinations.browsing.workbooks import write_xlsx
from determinations.models import AuditEvent

#: CSV is streamed, however many events match; an Excel file is written whole first, and has no more than this.
FORMATS = ("csv", "xlsx")
MOST_IN_EXCEL = 20_000
NOT_IN_EXCEL = "Nothing was exported: an Excel file has at most {most:,} events. Choose CSV, which has all of them."
_HEADS = ("Event", "Time", "User", "User ID", "Address", "Action", "In words", "Letter", "Details")
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_READ_AT_ONCE = 2_000


def events_file(events: QuerySet[AuditEvent], format: str, name: str) -> HttpResponseBase:
    """The events, newest first, as a download. The caller refuses an Excel file of more than ``MOST_IN_EXCEL``."""
    file_name = f"{name}-{timezone.localdate():%Y-%m-%d}.{format}"
    if format == "csv":
        response = StreamingHttpResponse(csv_lines(_HEADS, _rows(_in_parts(events))), content_type=_TYPES["csv"])
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
        return response
    with scratch_folder() as folder:
        path = folder / "events.xlsx"
        write_xlsx(path, "Audit trail", _HEADS, _rows(_in_parts(events)))
        # The file stays readable through its open handle after the folder is gone.
        return FileResponse(path.open("rb"), as_attachment=True, filename=file_name, content_type=_TYPES["xlsx"])


def _in_parts(events: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    """All events, newest first, each part by a statement of its own: none of them is long, or holds up the trail.

    Events that are recorded meanwhile are not among them.
    """
    last = events.order_by("-at", "-pk").first()
    while last is not None:
        yield last
        earlier = Q(at=last.at, pk__lt=last.pk) | Q(at__lt=last.at)
        part = list(events.filter(earlier, at__lte=last.at).order_by("-at", "-pk")[:_READ_AT_ONCE])
        yield from part[:-1]
        last = part[-1] if part else None


def _rows(events: Iterable[AuditEvent]) -> Iterator[list[Cell]]:
    for entry in entries_of(iter(events)):
        event = entry.event
        yield [
            event.pk, timezone.localtime(event.at).isoformat(timespec="seconds"), entry.who, event.by_id,
            event.address or "", event.action, entry.action, event.letter_id, entry.details_in_words,
        ]  # fmt: skip
