"""Keeps the text of letters out of logs and error reports.

What PostgreSQL says of a refused row quotes the row (``DETAIL``, ``CONTEXT``), and psycopg's exceptions carry that.
Of such an exception only its class and the server's code of the error are told, wherever it stands in a chain.
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
    """Lines of the log, without what the database quotes."""

    def format(self, record: logging.LogRecord) -> str:
        """The line and its traceback. Celery puts the exception into the line itself, so that is read too."""
        record.exc_text = None  # another handler may have kept a traceback of its own
        line = super().format(record)
        raised = record.exc_info[1] if record.exc_info else None
        for error in chain_of(raised):
            if isinstance(error, _OF_DATABASE):
                for quoted in (repr(error), str(error)):
                    line = line.replace(quoted, told_of(error)) if quoted else line
        return line

    def formatException(self, ei: Any) -> str:
        """The traceback, each exception of the database told by its class."""
        kind, error, trace = ei
        if error is None:
            return super().formatException(ei)
        told = traceback.TracebackException(kind, error, trace)
        _tell_less(told, error, set())
        return "".join(told.format()).rstrip("\n")


def told_of(error: BaseException) -> str:
    """What may be said of an exception: of one of the database its class and code, of any other what it says.

    An operational error without a code comes from the connection, before any row was looked at: it says why.
    """
    if not isinstance(error, _OF_DATABASE):
        return str(error)
    of_server = error if isinstance(error, psycopg.Error) else error.__cause__
    code = getattr(of_server, "sqlstate", None)
    if code is None and isinstance(error, db.OperationalError | psycopg.OperationalError):
        return str(error)
    return f"{type(error).__name__} (error {code} of the database)" if code else type(error).__name__


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those that it came from, each once."""
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _tell_less(told: traceback.TracebackException, error: BaseException, seen: set[int]) -> None:
    """Walk an exception and its printed form side by side."""
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
    """What an error report shows of a request and of the code's variables: neither what was typed nor any value."""

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Nothing: corrections come this way."""
        return {}

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> ItemsView[str, Any]:
        """None: a variable may hold a letter."""
        return dict[str, Any]().items()


class Report(ExceptionReporter):
    """Django's report of an exception, without what the database quotes."""

    def get_traceback_data(self) -> dict[str, Any]:
        """What the report's template shows."""
        data = super().get_traceback_data()
        data |= {"unicode_hint": "", "request_FILES_items": []}
        if isinstance(self.exc_value, _OF_DATABASE):
            data["exception_value"] = told_of(self.exc_value)
            data.pop("exception_notes", None)
        for frame in data.get("frames", ()):
            if isinstance(cause := frame.get("exc_cause"), _OF_DATABASE):
                frame["exc_cause"] = told_of(cause)
        return data
