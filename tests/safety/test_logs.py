"""Logs and error reports contain no letter text, even if PostgreSQL quotes a rejected row."""

import io
import logging
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DataError, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.debug import get_exception_reporter_class

from determinations.models import AuditEvent, Case, Correction
from imrsite.celery import app
from imrsite.logs import Plain
from tests.corrections.letters import NOW, document, item, stored_letter
from tests.corrections.screen import opened

pytestmark = pytest.mark.django_db

WORDS = "synthetic words of a letter"


def reject_row() -> None:
    """Make PostgreSQL reject a row that contains the words."""
    with transaction.atomic():
        AuditEvent.objects.create(at=NOW, action="test", detail={"words": f"{WORDS}\0"})


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, as formatted by the formatter in the settings."""
    formatter: Any = settings.LOGGING["formatters"]
    formatter = formatter["plain"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(import_string(formatter["()"])(formatter["format"]))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def test_a_rejected_row_is_logged_without_its_text(lines: io.StringIO) -> None:
    with pytest.raises(DataError, match=WORDS) as raised:
        reject_row()
    try:
        raise RuntimeError("further on") from raised.value
    except RuntimeError:
        logging.getLogger("django.request").error("Internal Server Error: %s", "/", exc_info=sys.exc_info())
    logged = lines.getvalue()
    assert WORDS not in logged
    assert "DataError (database error 22P05)" in logged
    assert "RuntimeError: further on" in logged
    assert "in reject_row" in logged, "the traceback is still logged"


def test_a_failed_task_is_logged_without_its_text(lines: io.StringIO) -> None:
    task = app.task(name="tests.reject_row")(reject_row)
    try:
        task.apply(throw=False)
    finally:
        app.tasks.pop("tests.reject_row")
    logged = lines.getvalue()
    assert "raised unexpected" in logged
    assert "DataError (database error 22P05)" in logged
    assert WORDS not in logged


def test_the_reason_of_a_failed_database_connection_is_logged(lines: io.StringIO) -> None:
    try:
        psycopg.connect("host=/no/such/folder dbname=none")
    except psycopg.OperationalError:
        logging.getLogger("imrsite").exception("It failed")
    assert "/no/such/folder" in lines.getvalue()


def test_messages_of_other_exceptions_are_logged(lines: io.StringIO) -> None:
    try:
        raise ValueError("a number is missing")
    except ValueError:
        logging.getLogger("imrsite").exception("It failed")
    assert "ValueError: a number is missing" in lines.getvalue()


def test_errors_of_the_web_server_use_the_same_formatter() -> None:
    loggers: Any = settings.LOGGING["loggers"]
    assert loggers["gunicorn.error"] == {"handlers": [], "propagate": True}
    assert isinstance(import_string("imrsite.logs.Plain")(), Plain)


def test_error_reports_contain_no_variables_and_no_form_input(rf: RequestFactory) -> None:
    request = rf.post("/", {"value:summary": WORDS})
    letter = WORDS  # noqa: F841 a local variable of a frame
    reporter: Any = get_exception_reporter_class(request)
    try:
        reject_row()
    except DataError:
        report = reporter(request, *sys.exc_info())
    assert WORDS not in report.get_traceback_text()
    html = report.get_traceback_html()
    assert "Request Method" in html
    # The only occurrence is the source of this file, which the report prints around the failing line.
    assert WORDS not in html.replace(f"WORDS = &quot;{WORDS}&quot;", "")


@pytest.mark.usefixtures("broker")
def test_nul_characters_in_a_correction_are_removed(as_admin: Client) -> None:
    letter = stored_letter(document(item("Knee brace")))
    fields = opened(as_admin, letter.pk) | {"value:summary": f"{WORDS}\0 and more", "note": "why\0 not"}
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert response.status_code == 302
    assert Correction.objects.get().new_value == f"{WORDS} and more"
    assert Case.objects.get(pk=letter.pk).pk
