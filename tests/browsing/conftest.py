"""A small collection of synthetic letters, read by the real parser and written by the real writer."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache

import pytest
from django.db import connection
from django.db.models import Model, QuerySet

from determinations.cases.effective import write_cases
from determinations.cases.holding import holding
from determinations.models import Case, Letter, LetterText, ParsedDocument
from determinations.paging import reach
from determinations.paging.sql import Expected, expected
from determinations.parsing import PARSER_VERSION, parse_letter
from determinations.parsing.results import LetterRecord, to_record
from determinations.synthetic import write_letter

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def store_texts(texts: Iterable[str]) -> list[int]:
    """Letters of these texts as cases, as the worker writes them; returns their IDs."""
    stored = list(texts)
    letters = Letter.objects.bulk_create(
        Letter(
            sha256=_digest(text),
            size=len(text),
            media_type="text/plain",
            state="parsed",
            pages=text.count("\f") + 1,
            received_at=NOW,
            finished_at=NOW,
            parser_version=PARSER_VERSION,
        )
        for text in stored
    )
    LetterText.objects.bulk_create(
        LetterText(
            letter=letter, text=text, page_offsets=_page_offsets(text), folded_sha256=_digest("".join(text.split()))
        )
        for letter, text in zip(letters, stored, strict=True)
    )
    read = {letter.pk: _record_of(text) for letter, text in zip(letters, stored, strict=True)}
    ParsedDocument.objects.bulk_create(
        ParsedDocument(letter_id=pk, parser_version=PARSER_VERSION, parsed_at=NOW, document=record)
        for pk, record in read.items()
    )
    numbers = [record["case_number"] for record in read.values()]
    holding(read, lambda held: write_cases(read.keys(), held, read), numbers=numbers)
    return list(read)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _page_offsets(text: str) -> list[int]:
    return [0, *(at + 1 for at, character in enumerate(text) if character == "\f")]


@lru_cache(200)
def _record_of(text: str) -> LetterRecord:
    """What the parser reads, once for a text: many tests store the same ones."""
    return to_record(parse_letter(text))


@cache
def _texts() -> list[str]:
    return [write_letter(number, 5).text for number in range(60)]


@pytest.fixture(scope="module")
def _collection_ids(module_transaction: None) -> list[int]:
    """Sixty synthetic cases."""
    return store_texts(_texts())


@pytest.fixture
def collection(_collection_ids: list[int], db: None) -> list[Case]:
    """A full page of a list, and the start of a second."""
    return list(Case.objects.filter(pk__in=_collection_ids).order_by("pk"))


@pytest.fixture
def analyzed(collection: list[Case], monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """The collection as :func:`analyze` leaves it, without rows that were deleted or replaced."""
    monkeypatch.setattr(reach, "_dead", lambda model: 0)
    analyze()
    return collection


def analyze() -> None:
    """Let PostgreSQL have statistics of the rows, and find words by the index as it does among many.

    How many rows were deleted or replaced it knows of committed ones only.
    """
    with connection.cursor() as database:
        for table in ("determinations_case", "determinations_itemfact"):  # without the collections of other tests
            database.execute(f"SET CONSTRAINTS ALL IMMEDIATE; CLUSTER {table} USING {table}_pkey")
        database.execute("ANALYZE determinations_case, determinations_itemfact")
        database.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'determinations_case' AND indexdef ~ 'superseded_by'"
        )
        for (name,) in database.fetchall():  # it has most of so few rows
            database.execute(f"DROP INDEX {name}")


def planned_by_bitmaps(rows: QuerySet[Model]) -> Expected:
    """What PostgreSQL expects where many rows make it read them by bitmaps, as it does not for this few."""
    with connection.cursor() as database:
        database.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    return expected(rows)


def within(patch: pytest.MonkeyPatch, rows: int) -> None:
    """Let no more rows of the order be tried first, for each row that is wanted."""
    patch.setattr(reach, "_FIRST", rows)
    patch.setattr(reach, "_LEAST", 0)
