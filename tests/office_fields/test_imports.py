"""Imports: what the rows would do is shown first, applied as a whole, and can be taken back."""

import io
import os
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from determinations import tasks
from determinations.cases.office_values import copy_pending
from determinations.models import AuditEvent, Case, CaseValues, ImportState, OfficeField, OfficeImport, ValueChange
from determinations.models.office_fields import RowOutcome
from determinations.office_fields import imports
from determinations.office_fields.imports import ImportRefused
from tests.browsing.conftest import NOW
from tests.fixtures.people import People
from tests.fixtures.worker import Worker
from tests.office_fields.conftest import (
    Enter,
    applied,
    as_csv,
    as_excel,
    copied,
    field,
    number,
    stored,
    texts,
    uploaded,
)
from tests.reading.sending import wait_until

pytestmark = pytest.mark.django_db

HEADS = ("IMR Case #", "Claim No.", "Insured", "Requesting Physician", "Remark")


def bomb() -> bytes:
    """An Excel file of some kB whose sheet is said to unpack to 3 GB."""
    data = bytearray(as_excel(HEADS, (number(1), "WC-1", "Acme", "", "")))
    entry = data.rindex(b"xl/worksheets/sheet1.xml") - 46  # in the directory at the end
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = (3 * 1024**3).to_bytes(4, "little")
    return bytes(data)


def packed(text: str) -> bytes:
    """An Excel file with a cell that repeats the text: some kB that unpack to many MB."""
    file, whole = io.BytesIO(), io.BytesIO(as_excel(HEADS, (number(1), "LONG", "Acme", "", "")))
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name in before.namelist():
            book.writestr(name, before.read(name).replace(b"LONG", text.encode()))
    return file.getvalue()


def outcomes(source: OfficeImport) -> list[tuple[int, str, bool]]:
    return list(source.rows.order_by("number").values_list("number", "outcome", "waiting"))


def test_the_preview_says_what_each_row_does_and_writes_nothing(enter: Enter, people: People) -> None:
    for serial in (1, 2, 3, 4):
        stored(serial)
    enter(2, employer="Acme", claim="WC-2")
    enter(3, employer="ACME.", claim="WC-3")
    table = as_csv(
        HEADS,
        (number(1), "WC-1", "Acme", "Dr. Synthetic", "first"),
        (number(2), "WC-2", "Globex", "", ""),
        (number(3), "wc 3", "acme", "", ""),
        (number(9), "WC-9", "Acme", "", "no letter yet"),
        ("CM26-12", "WC-4", "Acme", "", ""),
        (number(1), "WC-5", "Acme", "", "twice"),
        ("", "", "", "", ""),
    )
    before = list(CaseValues.objects.order_by("pk").values())
    source = uploaded(table, people)
    assert source.state == ImportState.READY
    assert source.meanings == ["case_number", "1", "2", "5", ""]
    assert outcomes(source) == [
        (2, "new", False), (3, "changed", False), (4, "same", False), (5, "new", True), (6, "error", False),
        (7, "error", False),
    ]  # fmt: skip
    assert source.counts == {"rows": 6, "new": 2, "changed": 1, "same": 1, "error": 2, "waiting": 1}
    reasons = list(source.rows.filter(outcome="error").order_by("number").values_list("reason", flat=True))
    assert reasons == ["“CM26-12” is not a case number like CM17-0000001.", "Row 2 has the same case number."]
    assert list(CaseValues.objects.order_by("pk").values()) == before


def test_applying_writes_all_rows_without_errors_and_a_letter_that_arrives_later_has_its_values(
    enter: Enter, people: People
) -> None:
    pk = stored(1)
    enter(1, employer="Globex", adjuster="A. Synthetic")
    source = applied(
        uploaded(as_csv(HEADS, (number(1), "WC-1", "Acme", "", ""), (number(2), "WC-2", "ACME", "", "")), people),
        people,
    )
    assert source.state == ImportState.APPLIED
    assert (source.counts["numbers_written"], source.counts["values_written"]) == (2, 4)
    assert texts(1) == {
        "employer": "Acme",
        "adjuster": "A. Synthetic",
        "claim": "WC-1",
    }  # an empty cell leaves a value
    assert copy_pending() == 2
    assert copied(Case.objects.get(pk=pk)) == texts(1)
    assert copied(Case.objects.get(pk=stored(2))) == {"employer": "Acme", "claim": "WC-2"}
    assert AuditEvent.objects.filter(action__in=("office_import.uploaded", "office_import.applied")).count() == 2


def test_importing_again_updates_and_repeating_changes_nothing(people: People) -> None:
    first = as_csv(HEADS, (number(1), "WC-1", "Acme", "", ""), (number(2), "WC-2", "Acme", "", ""))
    applied(uploaded(first, people), people)
    again = uploaded(first, people)
    assert again.counts["same"] == 2
    with pytest.raises(ImportRefused, match="No row has new or changed values"):
        imports.apply_import(again.pk, by=people.supervisor, now=NOW)
    updated = as_csv(HEADS, (number(1), "WC-1", "Globex", "", ""), (number(2), "WC-2", "Acme", "", ""))
    source = applied(uploaded(updated, people), people)
    assert source.counts["values_written"] == 1
    assert texts(1) == {"employer": "Globex", "claim": "WC-1"}


def test_undoing_takes_back_what_nobody_changed_since(enter: Enter, people: People) -> None:
    enter(1, employer="Globex")
    table = as_csv(HEADS, (number(1), "WC-1", "Acme", "", ""), (number(2), "WC-2", "Acme", "", ""))
    source = applied(uploaded(table, people), people)
    enter(2, claim="WC-2-A")
    imports.undo_import(source.pk, by=people.supervisor, now=NOW)
    imports.work_on(source.pk, now=NOW)
    source.refresh_from_db()
    assert (source.state, source.counts["undone"], source.counts["kept"]) == (ImportState.UNDONE, 3, 1)
    assert (texts(1), texts(2)) == ({"employer": "Globex"}, {"claim": "WC-2-A"})
    assert ValueChange.objects.filter(source=source, undoes=True).count() == 3


def test_excel_tables_are_read_like_csv_and_formulas_are_never_run(people: People) -> None:
    OfficeField.objects.filter(key="adjuster").update(kind="date", name="Hired on")
    from datetime import date

    source = uploaded(
        as_excel(
            ("Case Number", "Hired on", "Claim number", "Employer"),
            (number(1), date(2016, 6, 9), 123456789012, "Acme"),
            (number(2), "6/9/16", 1.5, '=HYPERLINK("http://example.org","Acme")'),
        ),
        people,
        "claims.xlsx",
    )
    assert outcomes(source) == [(2, "new", True), (3, "error", False)]
    assert "holds a formula" in source.rows.get(number=3).reason
    applied(source, people)
    assert texts(1) == {"claim": "123456789012", "employer": "Acme", "adjuster": "2016-06-09"}


def test_lines_of_a_cell_end_as_excel_shows_them(people: People) -> None:
    """Excel keeps the carriage return of a text that was pasted from elsewhere as ``_x000D_``."""
    source = uploaded(
        as_excel(("Case Number", "Employer"), (number(1), "Acme_x000D_\nFresno_x000D_")), people, "claims.xlsx"
    )
    applied(source, people)
    assert texts(1) == {"employer": "Acme Fresno"}


def test_numbers_are_read_as_excel_shows_them_and_cut_ones_are_refused(people: People) -> None:
    book = load_workbook(
        io.BytesIO(
            as_excel(
                ("Case Number", "Claim number"),
                (number(1), 4217),
                (number(2), 42),
                (number(3), 1234567890123450),
                (number(4), 1234567890123456),
                (number(5), 1.23456789012345e17),
                (number(6), 7.01907000001e19),
            )
        )
    )
    assert book.active is not None
    book.active["B2"].number_format, book.active["B3"].number_format = "000000", '"WC-"0000'
    book.save(file := io.BytesIO())
    source = uploaded(file.getvalue(), people, "claims.xlsx")
    assert [outcome for _, outcome, _ in outcomes(source)] == ["new", "new", "error", "new", "error", "error"]
    assert all("Format the column as text" in source.rows.get(number=row).reason for row in (4, 6, 7))
    applied(source, people)
    assert (texts(1), texts(2)) == ({"claim": "004217"}, {"claim": "WC-0042"})


def test_columns_can_be_chosen_and_empty_cells_can_erase(enter: Enter, people: People) -> None:
    enter(1, employer="Acme", claim="WC-1")
    source = uploaded(as_csv(("Ref", "Who", "X"), (number(1), "Globex", "")), people)
    assert source.meanings == ["case_number", "", ""]
    chosen = ["case_number", str(field("employer").slot), str(field("claim").slot)]
    imports.set_columns(source.pk, chosen, erase_empty=True, by=people.supervisor, now=NOW)
    imports.work_on(source.pk, now=NOW)
    source.refresh_from_db()
    applied(source, people)
    assert texts(1) == {"employer": "Globex"}
    remembered = uploaded(as_csv(("Ref", "Who", "X"), (number(2), "Globex", "WC-2")), people)
    assert remembered.meanings == chosen


@pytest.mark.parametrize(
    ("meanings", "reason"),
    [
        (["case_number", "2", "2"], "Two columns hold the same field"),
        (["", "2", "1"], "Choose the column that holds the case number"),
        (["case_number", "", "99"], "at least one column that holds a field"),
    ],
)
def test_columns_that_make_no_sense_are_refused(people: People, meanings: list[str], reason: str) -> None:
    source = uploaded(as_csv(HEADS, (number(1), "WC-1", "Acme", "", "")), people)
    with pytest.raises(ImportRefused, match=reason):
        imports.set_columns(source.pk, meanings, erase_empty=False, by=people.supervisor, now=NOW)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 no archive", "damaged"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel file"),
        (b"%PDF-1.7\x00\x01", "neither a CSV nor an Excel"),
        (b"Case number,Employer\r\n", "no rows below its headings"),
        (b"a," * 70 + b"\r\n1\r\n", "more than 60 columns"),
        (bomb(), "unpacks to more than"),
    ],
)
def test_what_is_no_table_fails_with_a_reason(people: People, data: bytes, reason: str) -> None:
    source = uploaded(data, people)
    assert source.state == ImportState.FAILED
    assert reason in source.message
    assert not OfficeImport.objects.filter(file__isnull=False).exists()  # no copy of the file is kept


def test_importing_needs_the_permission_and_fields_that_the_role_edits(people: People) -> None:
    table = as_csv(HEADS, (number(1), "WC-1", "Acme", "", ""))
    with pytest.raises(PermissionDenied):
        imports.receive_table(table, "t.csv", by=people.casemanager, now=NOW)
    OfficeField.objects.filter(key="employer").update(edited_by=["admin"])
    source = uploaded(table, people)
    assert source.meanings == ["case_number", "1", "", "5", ""]


def test_an_import_with_a_field_that_the_role_does_not_edit_is_closed_to_it(people: People) -> None:
    as_supervisor, as_admin = Client(), Client()
    as_supervisor.force_login(people.supervisor)
    as_admin.force_login(people.admin)
    source = uploaded(as_csv(HEADS, (number(1), "WC-1", "Acme", "", ""), ("none", "WC-2", "Acme", "", "")), people)
    for page in (f"/fields/imports/{source.pk}/", f"/fields/imports/{source.pk}/errors.csv"):
        assert as_supervisor.get(page).status_code == 200
    OfficeField.objects.filter(key="employer").update(seen_by=["admin"], edited_by=["admin"])
    for page in (f"/fields/imports/{source.pk}/", f"/fields/imports/{source.pk}/errors.csv"):
        assert (as_supervisor.get(page).status_code, as_admin.get(page).status_code) == (403, 200)
    OfficeField.objects.filter(key="employer").update(retired_at=NOW)
    assert as_supervisor.get(f"/fields/imports/{source.pk}/").status_code == 403, "its cells are shown as before"
    OfficeField.objects.filter(key="employer").update(retired_at=None)
    who = {"by": people.supervisor, "now": NOW}
    with pytest.raises(ImportRefused, match="fields that your role does not edit"):
        imports.apply_import(source.pk, **who)
    with pytest.raises(ImportRefused, match="fields that your role does not edit"):
        imports.set_columns(source.pk, ["case_number", "1", "", "", ""], erase_empty=False, **who)
    imports.apply_import(source.pk, by=people.admin, now=NOW)
    imports.work_on(source.pk, now=NOW)
    with pytest.raises(ImportRefused, match="fields that your role does not edit"):
        imports.undo_import(source.pk, **who)
    assert texts(1)["employer"] == "Acme"


def test_a_step_that_fails_leaves_values_as_they_were(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    source = uploaded(as_csv(HEADS, (number(1), "WC-1", "Acme", "", "")), people)
    imports.apply_import(source.pk, by=people.supervisor, now=NOW)
    imports.fail(source.pk, "This failed.")
    source.refresh_from_db()
    assert (source.state, source.message) == (ImportState.READY, "This failed.")
    assert not CaseValues.objects.exists()


def test_a_small_file_that_unpacks_to_much_is_read_within_limits(people: People) -> None:
    data = packed("zip bomb " * 2_500_000)
    assert len(data) < 100_000
    source = uploaded(data, people)
    (row,) = source.rows.all()
    assert (source.state, row.outcome) == (ImportState.READY, RowOutcome.ERROR)
    assert len(str(row.cells)) < 2_000


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_while_it_applies_an_import_writes_nothing_by_halves(
    worker: Worker, people: People
) -> None:
    table = as_csv(HEADS[:2], *((number(serial), f"WC-{serial}") for serial in (1, 2, 3)))
    source = uploaded(table, people, now=timezone.now())  # so that the sweep of the starting worker leaves it alone
    imports.apply_import(source.pk, by=people.supervisor, now=timezone.now())
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with connection.cursor() as cursor, transaction.atomic():
        CaseValues.objects.create(case_number=number(2))  # another transaction waits for it in the middle of its work
        tasks.send_office_import(source.pk)
        wait_until(lambda: _one(cursor, waits) > 0, worker)
        children = Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text().split()
        for pid in children:
            os.kill(int(pid), signal.SIGKILL)
        transaction.set_rollback(True)
    source.refresh_from_db()
    if source.state == ImportState.APPLYING:  # the worker may have taken its message again
        assert not ValueChange.objects.exists()
    wait_until(lambda: _applied(source), worker)
    typed = ValueChange.objects.order_by("case_number").values_list("typed", flat=True)
    assert list(typed) == ["WC-1", "WC-2", "WC-3"]
    assert texts(2) == {"claim": "WC-2"}


def _applied(source: OfficeImport) -> bool:
    tasks.work_on_office_import(source.pk)  # as the sweep has it done
    source.refresh_from_db()
    return source.state == ImportState.APPLIED


def _one(cursor: Any, statement: str) -> int:
    cursor.execute(statement)
    (number_of,) = cursor.fetchone()
    return int(number_of)
