"""Keeps letter text and secret addresses out of logs and error reports.

PostgreSQL's message about a rejected row quotes the row (``DETAIL``, ``CONTEXT``), and psycopg's exceptions contain
it. Of such an exception only the class and the error code are reported, wherever it occurs in a chain. Addresses are
logged without their query strings, and without the long parts that open something by themselves.
"""

import logging
import re
import traceback
from collections.abc import ItemsView, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import psycopg
from django import db
from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter
from pythonjsonlogger.json import JsonFormatter

from imrsite.request_ids import current_request_id

#: What a line in JSON has beside time, level, logger and message.
_FIELDS = ("request_id", "method", "route", "status", "ms", "user")
#: A part of an address that may open something by itself, as that of a calendar feed does.
_LONG_PART = re.compile(r"[^/]{25,}")
#: The same in a line of which only the text is known.
_SECRET_ADDRESS = re.compile(r"(/(?:calendar|accounts/link/[^/\s]+)/)[^/\s'\"]{20,}")
_OF_DATABASE = (db.Error, psycopg.Error)
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def shown_path(path: str) -> str:
    """The path of an address as it may be logged: long parts are left out."""
    return _LONG_PART.sub("...", path)


class ClientFaults(logging.Filter):
    """What a client did wrong is a short warning: no traceback, nothing of what was sent, no secret address."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record; it is always logged."""
        if isinstance(record.args, tuple):
            record.args = tuple(_shown_argument(argument) for argument in record.args)
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            if record.name.startswith("django.security."):  # its message quotes the request
                record.msg, record.args = "Refused: %s", (record.name.removeprefix("django.security."),)
        return True


def _shown_argument(argument: object) -> object:
    return shown_path(argument) if isinstance(argument, str) and argument.startswith("/") else argument


class _Discreet(logging.Formatter):
    """Formats records without what the database quotes."""

    def formatException(self, ei: Any) -> str:
        """The traceback, with database exceptions reduced to their class."""
        kind, error, trace = ei
        if error is None:
            return super().formatException(ei)
        told = traceback.TracebackException(kind, error, trace)
        _tell_less(told, error, set())
        return "".join(told.format()).rstrip("\n")


class Plain(_Discreet):
    """One line per record, for people to read."""

    def format(self, record: logging.LogRecord) -> str:
        """The line and its traceback. Celery puts the exception into the line itself, so that is cleaned too."""
        record.exc_text = None  # another handler may have cached a traceback
        line = _cleaned(super().format(record), record)
        if request_id := current_request_id():
            first, *rest = line.split("\n", 1)
            line = "\n".join([f"{first} [{request_id}]", *rest])
        return line


class Json(_Discreet, JsonFormatter):
    """One JSON object per record: time, level, logger, message, and what is known of the request."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The object as one line."""
        record.exc_text = None
        return super().format(record)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Only the fields that are known to hold no letter text; other attributes may hold a request."""
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data |= {"level": record.levelname, "logger": record.name, "process": record.process}
        log_data["message"] = _cleaned(record.getMessage(), record)
        if request_id := current_request_id():
            log_data["request_id"] = request_id
        log_data |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        if trace := message_dict.get("exc_info"):
            log_data["traceback"] = _cleaned(str(trace), record)


def _cleaned(line: str, record: logging.LogRecord) -> str:
    """The text without what database errors quote, and without secret addresses."""
    raised = record.exc_info[1] if record.exc_info else None
    for error in chain_of(raised):
        if isinstance(error, _OF_DATABASE):
            for quoted in (repr(error), str(error)):
                line = line.replace(quoted, told_of(error)) if quoted else line
    return _SECRET_ADDRESS.sub(r"\1...", line)


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
        told._str = told_of(error)  # type: ignore[attr-defined] # the text that it prints; there is no other way
        told.__notes__ = None
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
