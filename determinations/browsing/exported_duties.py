"""Duties as an export holds them: the columns, and the rows of a part of the worklist."""

from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from datetime import date
from itertools import islice
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils import timezone

from determinations.browsing.export_formats import Cell, csv_lines
from determinations.browsing.exports import read_as_it_comes
from determinations.browsing.workbooks import Sheet, rows_as_xml, write_workbook
from determinations.duties import worklist
from determinations.filters.lookups import Lookups
from determinations.models import Duty, DutyState, Export, OfficeField
from determinations.models.browsing import ExportFormat
from determinations.wording.labels import value_texts

#: Duties that are read at a time.
_AT_A_TIME = 2_000
#: The columns before the request; then the request; then those after it, and the fields of the office.
_BEFORE: Sequence[tuple[str, Callable[[Duty], Cell]]] = (
    ("Due", lambda duty: duty.due_on),
    ("Due at the earliest", lambda duty: duty.earliest_on if duty.due_on is None else None),
    ("Due at the latest", lambda duty: duty.latest_on if duty.due_on is None else None),
    ("Duty", lambda duty: duty.rule.title),
    ("Source", lambda duty: duty.rule.source),
    ("Letter", lambda duty: duty.letter_id),
    ("Case number", lambda duty: _of_case(duty, "case_number")),
    ("Item", lambda duty: duty.item_number),
)
_AFTER: Sequence[tuple[str, Callable[[Duty], Cell]]] = (
    ("Decided", lambda duty: _of_case(duty, "decision_date")),
    ("Letter received", lambda duty: duty.received_on),
    ("Receipt presumed", lambda duty: "yes" if duty.presumed else "no"),
    ("Assigned to", lambda duty: duty.assigned_to.get_username() if duty.assigned_to else None),
    ("State", lambda duty: duty.get_state_display()),
    ("Closed on", lambda duty: duty.closed_on),
    ("Closed by", lambda duty: duty.closed_by_name if duty.closed_on else None),
    ("Days late", lambda duty: duty.days_late if duty.state == DutyState.DONE else None),
    ("Note", lambda duty: duty.note),
)


def write_duties(export: Export, file: BinaryIO, seen: MutableSequence[int]) -> int:
    """Write all duties of a part of the worklist as it was when requested; returns how many. Adds their letters to
    ``seen``, each once. Raises ``TooManyRows``."""
    today = timezone.localdate(export.requested_at)
    part = worklist.Part.of(QueryDict(export.query), me=export.by)
    letters: dict[int, None] = {}

    def noted() -> Iterator[Duty]:
        for duty in worklist.in_letter_order(part.rows(today).iterator(_AT_A_TIME), part.order):
            letters[duty.letter_id] = None
            yield duty

    with read_as_it_comes():
        count = write_rows(file, export.format, noted(), by=export.by, today=today)
    seen.extend(letters)
    return count


def write_rows(file: BinaryIO, form: str, duties: Iterable[Duty], *, by: User, today: date) -> int:
    """Write duties, with the fields of the office that the user may see, as CSV or Excel; returns how many."""
    office = Lookups(user=by).listed_fields
    heads = [*(head for head, _cell in _BEFORE), "Days until due", "Request", *(head for head, _cell in _AFTER)]
    heads += [field.name for field in office]
    rows = _rows(duties, office, today)
    if form == ExportFormat.XLSX:
        return write_workbook(file, [Sheet("Worklist", heads, rows_as_xml(rows))])
    count = -1  # the first line has the heads
    for line in csv_lines(heads, rows):
        file.write(line.encode())
        count += 1
    return count


def _rows(duties: Iterable[Duty], office: Sequence[OfficeField], today: date) -> Iterator[Sequence[Cell]]:
    remaining = iter(duties)
    while some := list(islice(remaining, _AT_A_TIME)):
        requests = worklist.requests_of(some)
        texts = value_texts(_of_case(duty, field.column) for duty in some for field in office)
        for duty in some:
            yield [
                *(cell(duty) for _head, cell in _BEFORE),
                (duty.due_on - today).days if duty.due_on and duty.state == DutyState.OPEN else None,
                requests.get((duty.letter_id, duty.item_number), ""),
                *(cell(duty) for _head, cell in _AFTER),
                *(texts.get(_of_case(duty, field.column) or 0, "") for field in office),
            ]


def _of_case(duty: Duty, column: str) -> Any:
    """The value of a column of the duty's case; None without a case."""
    return getattr(worklist.case_of(duty), column, None)
