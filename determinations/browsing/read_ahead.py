"""The rows of a long statement: PostgreSQL works on the next ones while this process works on the last ones.

A thread only fetches results; rows are made of them in the caller's thread. A thread that made rows would wait for the
interpreter, which the caller uses nearly always, and PostgreSQL would wait for the thread.
"""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar, cast

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection
from django.db.models import Model, QuerySet
from psycopg import sql
from psycopg.errors import InFailedSqlTransaction

T = TypeVar("T")
Row = tuple[object, ...]
Rows = Sequence[Row]
logger = logging.getLogger(__name__)

_ROWS_AT_ONCE = 4_000
#: Results that are fetched before they are needed: one that PostgreSQL works on, and one that is complete.
_AHEAD = 2
#: Seconds in which rows that nobody wants any more may still come, and in which PostgreSQL takes the wish to stop.
_READ_TO_THE_END, _CANCEL = 1.0, 5.0


@contextmanager
def chunks_of(rows: QuerySet[Model, Row]) -> Iterator[Iterator[Rows]]:
    """The rows, some at a time, as the tuples that PostgreSQL gives. Within a transaction they are read ahead; outside
    of one, all are fetched at once, since a cursor would have PostgreSQL store them.

    A block that is left early cancels the statement. Where reading failed, and a statement of the block only for that,
    the error of reading is raised.
    """
    try:
        statement, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        yield iter(())
        return
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            yield iter(lambda: cursor.fetchmany(_ROWS_AT_ONCE), [])
        return
    with connection.chunked_cursor() as declared:
        declared.execute(statement, parameters)
        with _ahead(_results(declared.cursor.name)) as results:
            yield (result.fetchall() for result in results)


def _results(name: str) -> Iterator["psycopg.Cursor[Row]"]:
    """The results of a declared cursor; all but the last one have as many rows as are read at once."""
    session, told_as_others = cast(psycopg.Connection, connection.connection), connection.wrap_database_errors
    fetch = sql.SQL("FETCH FORWARD {} FROM {}").format(_ROWS_AT_ONCE, sql.Identifier(name))
    while True:
        result = session.cursor()
        with told_as_others:
            result.execute(fetch)
        yield result
        if result.rowcount < _ROWS_AT_ONCE:
            return


@contextmanager
def _ahead(results: Iterator[T]) -> Iterator[Iterator[T]]:
    """The results, each taken in a thread before it is needed. The first is taken in the caller's thread."""
    first = next(results, None)
    if first is None:
        yield iter(())
        return
    session: psycopg.Connection | None = connection.connection
    with ThreadPoolExecutor(1) as reader:
        coming = deque(reader.submit(next, results, None) for _ in range(_AHEAD))

        def taken() -> Iterator[T]:
            result: T | None = first
            while result is not None:
                yield result
                result = coming[0].result()
                coming.popleft()
                coming.append(reader.submit(next, results, None))

        try:
            yield taken()
        except BaseException as fault:
            _stop(coming, session)
            if isinstance(fault, DatabaseError) and isinstance(fault.__cause__, InFailedSqlTransaction):
                _raise_first(coming)
            raise


def _stop(coming: "deque[Future[T | None]]", session: psycopg.Connection | None) -> None:
    """Wait for rows that are read in vain, but not for long: a task that takes too long is killed soon after."""
    for result in reversed(coming):
        result.cancel()
    if wait(coming, _READ_TO_THE_END).not_done and session is not None:
        try:
            session.cancel_safe(timeout=_CANCEL)
        except psycopg.Error as fault:
            logger.warning("A statement of an export could not be canceled (%s).", type(fault).__name__)


def _raise_first(coming: "deque[Future[T | None]]") -> None:
    for result in coming:
        if not result.cancelled():
            result.result()
