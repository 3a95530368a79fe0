"""Synthetic letters with case numbers, and tables of values for them."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from openpyxl import Workbook

from determinations.extraction.process import ChildProcess
from determinations.extraction.results import Limits
from determinations.extraction.spreadsheets import reader
from determinations.extraction.spreadsheets.results import LIMITS
from determinations.models import CaseValues, OfficeField, OfficeImport, OfficeValue
from determinations.office_fields import imports, records
from determinations.office_fields.records import Submitted
from imrsite.local.people import make_people
from tests.browsing.conftest import NOW, store_texts
from tests.duties.conftest import letter_text
from tests.fixtures.people import PASSWORD, People

ITEMS = {"Twelve physical therapy sessions": "Overturned", "One synthetic knee brace": "Upheld"}
Enter = Callable[..., int]


@pytest.fixture(scope="session")
def _child() -> Iterator[ChildProcess]:
    with ChildProcess(reader.CHILD, LIMITS) as child:
        yield child


@pytest.fixture(autouse=True)
def one_child_reads_tables(_child: ChildProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """One child reads the tables of all tests: to start one takes longer than most of them do."""

    def child_of(module: str, limits: Limits) -> AbstractContextManager[ChildProcess]:
        return nullcontext(_child) if limits == LIMITS else ChildProcess(module, limits)

    monkeypatch.setattr(reader, "ChildProcess", child_of)


def number(serial: int) -> str:
    """The case number of a letter that ``stored`` stores."""
    return f"CM26-{serial:07d}"


def stored(serial: int, items: dict[str, str] = ITEMS) -> int:
    """Store a letter as the worker does; returns its ID."""
    (pk,) = store_texts([letter_text(serial, items)])
    return pk


def field(key: str) -> OfficeField:
    return OfficeField.objects.get(key=key)


def entering(by: User) -> Enter:
    """``enter(serial, employer="Acme")`` edits values of a case number as this user."""

    def enter(serial: int, **typed: str) -> int:
        fields = list(OfficeField.objects.all())
        shown = {one.field.key: one.value for one in records.values_of(number(serial), fields)}
        submitted = [
            Submitted(field(key).slot, text, value.pk if (value := shown[key]) else 0) for key, text in typed.items()
        ]
        return records.edit_values(number(serial), submitted, fields, by=by, now=NOW)

    return enter


@pytest.fixture
def enter(people: People) -> Enter:
    """Edits values as the case manager."""
    return entering(people.casemanager)


@pytest.fixture(scope="module")
def enter_for_module(module_transaction: None) -> Enter:
    """Edits values as the case manager, for all tests of the module."""
    return entering(make_people(PASSWORD)["casemanager"])


def texts(serial: int) -> dict[str, str]:
    """The values of a case number as they are shown, by key; those that are empty are left out."""
    shown = records.values_of(number(serial), list(OfficeField.objects.all()))
    return {one.field.key: one.text for one in shown if one.text}


def copied(row: object) -> dict[str, str]:
    """The values that a case or fact has, by key."""
    fields = {one.column: one.key for one in OfficeField.objects.all()}
    named = dict(OfficeValue.objects.values_list("pk", "printed"))
    return {key: named[pk] for column, key in fields.items() if (pk := getattr(row, column)) is not None}


def as_csv(*rows: Sequence[str]) -> bytes:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in rows).encode()


def as_excel(*rows: Sequence[object]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def uploaded(data: bytes, people: People, name: str = "claims.csv", now: datetime = NOW) -> OfficeImport:
    """A table that was uploaded and read by the worker's step."""
    source = imports.receive_table(data, name, by=people.supervisor, now=now)
    imports.work_on(source.pk, now=now)
    source.refresh_from_db()
    return source


def applied(source: OfficeImport, people: People) -> OfficeImport:
    """The import after it was applied."""
    imports.apply_import(source.pk, by=people.supervisor, now=NOW)
    imports.work_on(source.pk, now=NOW)
    source.refresh_from_db()
    return source


def pending() -> int:
    return CaseValues.objects.filter(pending=True).count()
