"""Letters that were received, a worker that does not wait, and what keeps letters from being read or stored."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from determinations.intake import store_health
from determinations.intake.receiving import receive_files
from determinations.models import Letter
from determinations.reading import breaker, readiness
from determinations.tasks import guards
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_text


@pytest.fixture
def refuse_document(db: None) -> Callable[[int], None]:
    """Make PostgreSQL refuse all documents of a letter until the end of the test."""

    def refuse(letter_id: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse_document() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " RAISE 'words of the letter' USING ERRCODE = 'check_violation'; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER refuse_document BEFORE INSERT OR UPDATE ON determinations_parseddocument"
                f" FOR EACH ROW WHEN (NEW.letter_id = {int(letter_id)}) EXECUTE FUNCTION refuse_document()"
            )

    return refuse


def bring_letters(count: int, first: int = 1) -> list[int]:
    """Upload letters; returns their IDs."""
    files = [ContentFile(letter_text(first + number).encode(), name="letter") for number in range(count)]
    upload = receive_files(by=None, files=files, lane="interactive")
    return list(upload.files.order_by("id").values_list("letter_id", flat=True))


def states_of_all() -> set[str]:
    return set(Letter.objects.values_list("state", flat=True))


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker that is not ready leaves its letters at once; the process starts without earlier failures."""
    monkeypatch.setattr(guards, "WAITS_FOR_READINESS", 0.0)
    yield
    breaker.breaker.succeeded()
    readiness._reported.clear()


@pytest.fixture
def store() -> Iterator[Path]:
    """The folder of letters, with its marker."""
    store_health.check_store()
    folder = stored_path("")
    yield folder
    aside = folder.with_name("letters-aside")
    if aside.exists():
        aside.rename(folder)
