"""A folder of column files for a test, a world that is in one, and memory that runs out while one is written."""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from determinations.models import ColumnFile, FactChange
from determinations.statistics.columns import keeping, opened
from determinations.statistics.columns.found import gathering
from determinations.statistics.columns.sets import writing as set_writing
from tests.postgresql.snapshots import start_with
from tests.statistics.worlds import WORDS, stored_world


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.COLUMNS_DIR = tmp_path / "columns"
    settings.COLUMN_LISTS_FROM = 0
    opened.process.close()
    yield tmp_path / "columns"
    opened.process.close()


@pytest.fixture
def requested_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files have sets of words however few items there are: of those in requests alone, as each takes a statement."""
    every, starts = gathering._words, tuple({word[:4].lower() for request in WORDS for word in request.split()})
    monkeypatch.setattr(gathering, "FEWEST_ITEMS", 1)
    monkeypatch.setattr(
        gathering, "_words", lambda items: [word for word in every(items) if word.lstrip("=").startswith(starts)]
    )


@pytest.fixture(scope="session")
def _kept_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


@pytest.fixture
def world(transactional_db: None, folder: Path, _kept_files: Path) -> None:
    """Ten random letters, and a column file in which they are. Users come after this: it begins with no others."""
    begin_with_world("world", folder, _kept_files)


@pytest.fixture
def world_with_words(transactional_db: None, folder: Path, _kept_files: Path, requested_words: None) -> None:
    """The same, and the file has sets of words."""
    begin_with_world("world_with_words", folder, _kept_files)


def begin_with_world(name: str, folder: Path, kept: Path) -> None:
    """Copy the rows and the file of a world; the first test of a process makes both."""

    def write() -> None:
        stored_world(random.Random(9), 10)
        assert keeping.keep_columns() is not None
        shutil.copytree(folder, kept / name)

    assert not User.objects.exists()
    start_with(name, write)
    if not folder.exists():
        shutil.copytree(kept / name, folder)
        ColumnFile.objects.update(written_at=Now(), looked_at=Now())
        # No other test counted the same version of the data, whose answers the process keeps.
        FactChange.objects.create(mark=random.getrandbits(62))


@dataclass
class Failing:
    """A function that always fails, and what it was called with."""

    error: Exception | type[Exception]
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def __call__(self, *parameters: Any, **_options: Any) -> NoReturn:
        self.calls.append(parameters)
        raise self.error


class _FailingEngine:
    """An engine that fails at one of the rows that are written."""

    def __init__(self, engine: Any, table: str, nth: int, error: type[Exception]) -> None:
        self.engine, self.table, self.left, self.error = engine, table, nth, error

    def execute(self, sql: str, *parameters: Any) -> duckdb.DuckDBPyConnection:
        if f"INSERT INTO file.{self.table} " in sql:
            self.left -= 1
            if self.left == 0:
                raise self.error
        return self.engine.execute(sql, *parameters)


#: Within the block, the sets' writer fails at the nth row of a table.
FailWriting = Callable[[str, int, type[Exception]], AbstractContextManager[None]]


@pytest.fixture
def fail_writing(monkeypatch: pytest.MonkeyPatch) -> FailWriting:
    make: Any = set_writing._Writer.__init__

    @contextmanager
    def failing(table: str, nth: int, error: type[Exception]) -> Iterator[None]:
        def make_failing(writer: set_writing._Writer, engine: Any) -> None:
            make(writer, _FailingEngine(engine, table, nth, error))

        with monkeypatch.context() as patched:
            patched.setattr(set_writing, "_BYTES_AT_ONCE", 1)  # a statement for each set
            patched.setattr(set_writing._Writer, "__init__", make_failing)
            yield

    return failing
