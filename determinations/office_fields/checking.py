"""What the rows of an imported table do: new, changed or unchanged values, or why a row cannot be used."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from determinations.cases.typed_numbers import read_case_number
from determinations.extraction.spreadsheets.results import CUT, FORMULA
from determinations.models import Case, CaseValues, OfficeField, OfficeImport, OfficeImportRow, OfficeValue, RowOutcome
from determinations.models.office_fields import column_of
from determinations.office_fields.matching import CASE_NUMBER
from determinations.office_fields.values import BadValue, Entered, read_value, values_by_id

#: Rows that are looked at together.
AT_ONCE = 2_000
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row that can be used: the values by slot, None to erase one, each with its text."""

    row: OfficeImportRow
    case_number: str
    values: Mapping[int, tuple[Entered | None, str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of an import hold."""

    case_number: int
    slots: Mapping[int, int]  # by column
    erase_empty: bool

    @classmethod
    def of(cls, source: OfficeImport, fields: Mapping[int, OfficeField]) -> "Columns":
        """The columns as chosen, without fields that are not given."""
        meanings: Sequence[str] = source.meanings
        slots = {
            at: int(meaning) for at, meaning in enumerate(meanings) if meaning.isdigit() and int(meaning) in fields
        }
        return cls(meanings.index(CASE_NUMBER), slots, source.erase_empty)


def in_chunks(rows: Iterator[OfficeImportRow]) -> Iterator[list[OfficeImportRow]]:
    """The rows in lists of ``AT_ONCE``."""
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk


def check_rows(source: OfficeImport, fields: Mapping[int, OfficeField]) -> dict[str, int]:
    """Store the outcome of every row; returns how many rows have each."""
    columns = Columns.of(source, fields)
    counts = dict.fromkeys((*RowOutcome.values, "waiting", "rows"), 0)
    seen: dict[str, int] = {}
    for chunk in in_chunks(source.rows.order_by("number").iterator(chunk_size=AT_ONCE)):
        wanted = [found for row in chunk if (found := read_row(row, columns, fields, seen))]
        _compare(wanted)
        OfficeImportRow.objects.bulk_update(chunk, ["case_number", "outcome", "waiting", "reason"], batch_size=AT_ONCE)
        for row in chunk:
            counts["rows"] += 1
            counts[row.outcome] += 1
            counts["waiting"] += row.waiting and row.outcome != RowOutcome.SAME
    return counts


def read_row(
    row: OfficeImportRow, columns: Columns, fields: Mapping[int, OfficeField], seen: dict[str, int]
) -> Wanted | None:
    """What a row wants; None if it cannot be used, and then its outcome and reason say why."""
    row.case_number, row.waiting, row.reason, row.outcome = "", False, "", RowOutcome.ERROR
    typed, odd = _cell(row, columns.case_number)
    number = None if odd else read_case_number(typed)
    if number is None:
        row.reason = (
            f"“{typed[:60]}” is not a case number like CM17-0000001." if typed else "The case number is missing."
        )
        return None
    if number in seen:
        row.reason = f"Row {seen[number]} has the same case number."
        return None
    values: dict[int, tuple[Entered | None, str]] = {}
    reasons = []
    for at, slot in columns.slots.items():
        text, odd = _cell(row, at)
        try:
            value = None if odd else read_value(fields[slot], text)
        except BadValue as bad:
            reasons.append(f"{fields[slot].name}: {bad}")
            continue
        if odd:
            reasons.append(f"{fields[slot].name}: {_odd(odd)}")
        elif value or columns.erase_empty:
            values[slot] = (value, text)
    if reasons:
        row.reason = " ".join(reasons)[:_LONGEST_REASON]
        return None
    seen[number] = row.number
    row.case_number = number
    return Wanted(row, number, values)


def _cell(row: OfficeImportRow, at: int) -> tuple[str, str]:
    cell = row.cells[at] if at < len(row.cells) else ""
    return (cell, "") if isinstance(cell, str) else (cell[0], cell[1])


def _odd(odd: str) -> str:
    if odd == FORMULA:
        return "The cell holds a formula. Copy the column and paste its values."
    if odd == CUT:
        return (
            "Excel keeps 15 digits of a number, and this one has more: its last digits are lost. Format the column as "
            "text, and enter the number again."
        )
    return "Excel shows an error in this cell."


def _compare(wanted: Sequence[Wanted]) -> None:
    """Set the outcome of rows by the values that their case numbers have now."""
    numbers = [row.case_number for row in wanted]
    known = set(Case.objects.filter(case_number__in=numbers).values_list("case_number", flat=True))
    kept = CaseValues.objects.in_bulk(numbers)
    normals = current_normals(kept.values(), {slot for row in wanted for slot in row.values})
    for row in wanted:
        row.row.waiting = row.case_number not in known
        row.row.outcome = _outcome(row, kept.get(row.case_number), normals)


def _outcome(row: Wanted, kept: CaseValues | None, normals: Mapping[int, frozenset[str]]) -> RowOutcome:
    outcome = RowOutcome.SAME
    for slot, (value, _typed) in row.values.items():
        old = getattr(kept, column_of(slot)) if kept else None
        if old is None:
            outcome = RowOutcome.NEW if value and outcome == RowOutcome.SAME else outcome
        elif value is None or value.normal not in normals[old]:
            return RowOutcome.CHANGED
    return outcome


def current_normals(kept: Iterable[CaseValues], slots: set[int]) -> dict[int, frozenset[str]]:
    """The normal forms of the values of rows, by ID: the value's own, and that of the one it was merged into."""
    ids = {getattr(row, column_of(slot)) for row in kept for slot in slots} - {None}
    rows = OfficeValue.objects.filter(pk__in=ids).values_list("pk", "normal", "merged_into__normal")
    return {pk: frozenset(filter(None, (normal, merged))) for pk, normal, merged in rows}


@dataclass(frozen=True, slots=True)
class ChangeOfRow:
    """What a row does to one field: ``old`` and ``new`` are empty for no value."""

    field: OfficeField
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RowPreview:
    """A row with what it does."""

    row: OfficeImportRow
    changes: Sequence[ChangeOfRow]


def preview(
    source: OfficeImport, rows: Sequence[OfficeImportRow], fields: Mapping[int, OfficeField]
) -> list[RowPreview]:
    """What rows that were checked do to the values that their case numbers have now. Three queries at most."""
    usable = [row for row in rows if row.outcome != RowOutcome.ERROR]
    kept = CaseValues.objects.in_bulk([row.case_number for row in usable])
    columns = Columns.of(source, fields) if CASE_NUMBER in source.meanings else None
    values = values_by_id(getattr(one, field.column) for one in kept.values() for field in fields.values())
    values |= values_by_id({value.merged_into_id for value in values.values()} - values.keys())
    previews = []
    for row in rows:
        changes: list[ChangeOfRow] = []
        if columns and row.outcome != RowOutcome.ERROR:
            number, outcome, waiting = row.case_number, row.outcome, row.waiting
            wanted = read_row(row, columns, fields, {})
            row.case_number, row.outcome, row.waiting = number, outcome, waiting
            changes = list(_changes(wanted, kept.get(number), values, fields)) if wanted else []
        previews.append(RowPreview(row, changes))
    return previews


def _changes(
    wanted: Wanted, kept: CaseValues | None, values: Mapping[int, OfficeValue], fields: Mapping[int, OfficeField]
) -> Iterator[ChangeOfRow]:
    for slot, (value, _typed) in wanted.values.items():
        stored = values.get(getattr(kept, column_of(slot)) or 0) if kept else None
        shown = values.get(stored.merged_into_id or stored.pk, stored) if stored else None
        if value and stored and value.normal in (stored.normal, shown.normal if shown else ""):
            continue
        if value or shown:
            yield ChangeOfRow(fields[slot], shown.printed if shown else "", value.printed if value else "")
