"""Writes the values of an import in the caller's transaction, and takes them back.

Cases and facts follow in small transactions of their own (``cases.office_values.copy_pending``): what is applied as a
whole are the values by case number, which every page of a case reads.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from determinations.models import CaseValues, OfficeField, OfficeImport, OfficeValue, RowOutcome, ValueChange
from determinations.models.office_fields import COLUMNS, LONGEST_VALUE, column_of
from determinations.office_fields.checking import AT_ONCE, Columns, Wanted, current_normals, in_chunks, read_row
from determinations.office_fields.registry import active_fields
from determinations.office_fields.values import Entered, stored_values


def apply_rows(source: OfficeImport, *, now: datetime) -> dict[str, int]:
    """Write the values of all rows without errors; returns how many case numbers and values changed.

    Rows are locked in the order of their case numbers. A value that someone changed since the rows were checked is
    replaced, and its history has both.
    """
    fields = {field.slot: field for field in active_fields()}
    columns = Columns.of(source, fields)
    usable = source.rows.filter(outcome__in=(RowOutcome.NEW, RowOutcome.CHANGED)).order_by("case_number")
    written = {"numbers_written": 0, "values_written": 0}
    seen: dict[str, int] = {}
    for chunk in in_chunks(usable.iterator(chunk_size=AT_ONCE)):
        wanted = [found for row in chunk if (found := read_row(row, columns, fields, seen))]
        changes = _write(source, wanted, now)
        written["numbers_written"] += len({change.case_number for change in changes})
        written["values_written"] += len(changes)
    return written


def _write(source: OfficeImport, wanted: Sequence[Wanted], now: datetime) -> list[ValueChange]:
    entered: dict[tuple[int, str], Entered] = {}
    for row in wanted:
        for slot, (value, _typed) in row.values.items():
            if value:  # of several spellings the first is kept
                entered.setdefault((slot, value.normal), value)
    ids = stored_values(entered)
    kept = _locked([row.case_number for row in wanted])
    normals = current_normals(kept.values(), {slot for row in wanted for slot in row.values})
    changes: list[ValueChange] = []
    changed: dict[str, CaseValues] = {}
    for row in wanted:
        values = kept[row.case_number]
        for slot, (value, typed) in row.values.items():
            old = getattr(values, column_of(slot))
            if _is_same(value, old, normals):
                continue
            new = ids[slot, value.normal] if value else None
            changes.append(_change(source, row.case_number, slot, old, new, typed, now))
            setattr(values, column_of(slot), new)
            changed[row.case_number] = values
    _save(changed.values(), changes)
    return changes


def _is_same(value: Entered | None, old: int | None, normals: Mapping[int, frozenset[str]]) -> bool:
    if value is None or old is None:
        return value is None and old is None
    return value.normal in normals.get(old, ())


def _locked(numbers: Sequence[str]) -> dict[str, CaseValues]:
    """The rows of case numbers, added where missing, locked in their order."""
    ordered = sorted(numbers)
    CaseValues.objects.bulk_create([CaseValues(case_number=number) for number in ordered], ignore_conflicts=True)
    rows = CaseValues.objects.filter(pk__in=ordered).select_for_update().order_by("pk")
    return {row.pk: row for row in rows}


def _save(rows: Iterable[CaseValues], changes: Sequence[ValueChange]) -> None:
    changed = list(rows)
    for row in changed:
        row.version += 1
        row.pending = True
    CaseValues.objects.bulk_update(changed, [*COLUMNS, "version", "pending"], batch_size=500)
    ValueChange.objects.bulk_create(changes, batch_size=2_000)


def _change(
    source: OfficeImport, case_number: str, slot: int, old: int | None, new: int | None, typed: str, now: datetime
) -> ValueChange:
    return ValueChange(
        case_number=case_number, field_id=slot, old_id=old, new_id=new, typed=" ".join(typed.split())[:LONGEST_VALUE],
        by_id=source.by_id, by_name=source.by.get_username(), at=now, source=source,
    )  # fmt: skip


def undo_rows(source: OfficeImport, *, now: datetime) -> dict[str, int]:
    """Give values back what they were before the import; those that were changed since stay. Returns how many."""
    counts = {"undone": 0, "kept": 0}
    written = ValueChange.objects.filter(source=source, undoes=False).order_by("case_number", "field", "pk")
    for chunk in _chunks(written.iterator(chunk_size=AT_ONCE)):
        kept = _locked(list({change.case_number for change in chunk}))
        changes: list[ValueChange] = []
        changed: dict[str, CaseValues] = {}
        for change in chunk:
            values, column = kept[change.case_number], column_of(change.field_id)
            if getattr(values, column) != change.new_id:
                counts["kept"] += 1
                continue
            back = _change(source, change.case_number, change.field_id, change.new_id, change.old_id, "", now)
            back.undoes = True
            changes.append(back)
            setattr(values, column, change.old_id)
            changed[change.case_number] = values
        counts["undone"] += len(changes)
        _save(changed.values(), changes)
    return counts


def _chunks(changes: Iterator[ValueChange]) -> Iterator[list[ValueChange]]:
    chunk: list[ValueChange] = []
    for change in changes:
        chunk.append(change)
        if len(chunk) >= AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def merge_values(value: OfficeValue, into: OfficeValue) -> int:
    """Have a value count as another one of its field; returns how many case numbers that concerns.

    Their cases follow in the background. What was typed stays in the history.
    """
    target = into.merged_into or into
    merged = [value.pk, *OfficeValue.objects.filter(merged_into=value).values_list("pk", flat=True)]
    OfficeValue.objects.filter(pk__in=merged).update(merged_into=target)
    return _mark_pending(value.field, merged)


def part_values(value: OfficeValue) -> int:
    """Have a merged value count as its own again; returns how many case numbers that concerns."""
    OfficeValue.objects.filter(pk=value.pk).update(merged_into=None)
    return _mark_pending(value.field, [value.pk])


def _mark_pending(field: OfficeField, ids: Sequence[int]) -> int:
    return CaseValues.objects.filter(**{f"{field.column}__in": list(ids)}).update(pending=True)
