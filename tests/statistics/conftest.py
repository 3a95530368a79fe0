"""A folder of column files for a test, and memory that runs out while one is written."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest

from determinations.statistics.columns import opened
from determinations.statistics.columns.sets import writing as set_writing


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.COLUMNS_DIR = tmp_path / "columns"
    settings.COLUMN_LISTS_FROM = 0
    opened.process.close()
    yield tmp_path / "columns"
    opened.process.close()


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
