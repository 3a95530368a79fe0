"""Events as files: CSV line by line, or Excel."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from determinations.audit.trail import entries_of
from determinations.browsing.exports import Cell, csv_lines, scratch_folder, write_xlsx
from determinations.models import AuditEvent

#: A file has no more events than this; the period is narrowed, or the stream is used.
MOST_ROWS = {"csv": 100_000, "xlsx": 20_000}
_HEADS = ("Event", "Time", "User", "User ID", "Address", "Action", "In words", "Letter", "Details")
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_READ_AT_ONCE = 2_000


def events_file(events: QuerySet[AuditEvent], format: str, name: str) -> HttpResponseBase:
    """The events, newest first, as a download."""
    file_name = f"{name}-{timezone.localdate():%Y-%m-%d}.{format}"
    rows = _rows(events.order_by("-at", "-pk")[: MOST_ROWS[format]])
    if format == "csv":
        response = StreamingHttpResponse(csv_lines(_HEADS, rows), content_type=_TYPES["csv"])
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
        return response
    with scratch_folder() as folder:
        path = folder / "events.xlsx"
        write_xlsx(path, "Audit trail", _HEADS, rows)
        # The file stays readable through its open handle after the folder is gone.
        return FileResponse(path.open("rb"), as_attachment=True, filename=file_name, content_type=_TYPES["xlsx"])


def _rows(events: QuerySet[AuditEvent]) -> Iterator[list[Cell]]:
    for entry in entries_of(events.iterator(chunk_size=_READ_AT_ONCE)):
        event = entry.event
        yield [
            event.pk, timezone.localtime(event.at).isoformat(timespec="seconds"), entry.who, event.by_id,
            event.address or "", event.action, entry.action, event.letter_id, entry.details_in_words,
        ]  # fmt: skip
