"""Keeps letter text out of logs and error reports.

PostgreSQL's message about a rejected row quotes the row (``DETAIL``, ``CONTEXT``), and psycopg's exceptions contain
it. Of such an exception only the class and the error code are reported, wherever it occurs in a chain.
"""

import logging
import traceback
from collections.abc import ItemsView, Iterator
from types import TracebackType
from typing import Any

import psycopg
from django import db
from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

_OF_DATABASE = (db.Error, psycopg.Error)
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Plain(logging.Formatter):
    """Formats log lines without what the database quotes."""

    def format(self, record: logging.LogRecord) -> str:
        """The line and its traceback. Celery puts the exception into the line itself, so that is cleaned too."""
        record.exc_text = None  # another handler may have cached a traceback
        line = super().format(record)
        raised = record.exc_info[1] if record.exc_info else None
        for error in chain_of(raised):
            if isinstance(error, _OF_DATABASE):
                for quoted in (repr(error), str(error)):
                    line = line.replace(quoted, told_of(error)) if quoted else line
        return line

    def formatException(self, ei: Any) -> str:
        """The traceback, with database exceptions reduced to their class."""
        kind, error, trace = ei
        if error is None:
            return super().formatException(ei)
        told = traceback.TracebackException(kind, error, trace)
        _tell_less(told, error, set())
        return "".join(told.format()).rstrip("\n")


def told_of(error: BaseException) -> str:
    """What may be reported of an exception: class and code of a database error, the message of any other.

    An operational error without a code comes from the connection, before any row was read, so its message is safe.
    """
    if not isinstance(error, _OF_DATABASE):
        return str(error)
    of_server = error if isinstance(error, psycopg.Error) else error.__cause__
    code = getattr(of_server, "sqlstate", None)
    if code is None and isinstance(error, db.OperationalError | psycopg.OperationalError):
        return str(error)
    return f"{type(error).__name__} (database error {code})" if code else type(error).__name__


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and its causes, each once."""
    waiting, seen = [error], set()
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__, *getattr(link, "exceptions", ())]


def _tell_less(told: traceback.TracebackException, error: BaseException, seen: set[int]) -> None:
    """Walk an exception and its formatted counterpart side by side."""
    if id(error) in seen:
        return
    seen.add(id(error))
    if isinstance(error, _OF_DATABASE):
        told._str = told_of(error)  # type: ignore[attr-defined]
        told.__notes__ = None  # type: ignore[attr-defined]
    pairs = [(told.__cause__, error.__cause__), (told.__context__, error.__context__)]
    pairs += zip(told.exceptions or (), getattr(error, "exceptions", ()), strict=False)
    for printed, raised in pairs:
        if printed is not None and raised is not None:
            _tell_less(printed, raised, seen)


class NothingTyped(SafeExceptionReporterFilter):
    """Removes form input and variables from error reports."""

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Nothing: forms contain corrections."""
        return {}

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        """Nothing: a variable may contain a letter."""
        return dict[str, Any]().items()


class Report(ExceptionReporter):
    """Django's error report, without what the database quotes."""

    def get_traceback_data(self) -> dict[str, Any]:
        """The context of the report's template."""
        data = super().get_traceback_data()
        data |= {"unicode_hint": "", "request_FILES_items": []}
        if isinstance(self.exc_value, _OF_DATABASE):
            data["exception_value"] = told_of(self.exc_value)
            data.pop("exception_notes", None)
        for frame in data.get("frames", ()):
            if isinstance(cause := frame.get("exc_cause"), _OF_DATABASE):
                frame["exc_cause"] = told_of(cause)
        return data
