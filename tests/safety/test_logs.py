"""No words of a letter in logs and error reports, also where PostgreSQL quotes the row that it refuses."""

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


def refused() -> None:
    """Have PostgreSQL refuse a row that holds the words."""
    with transaction.atomic():
        AuditEvent.objects.create(at=NOW, action="test", detail={"words": f"{WORDS}\0"})


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the settings' own formatter makes of everything that is logged."""
    formatter: Any = settings.LOGGING["formatters"]
    formatter = formatter["plain"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(import_string(formatter["()"])(formatter["format"]))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def test_a_refused_row_is_logged_without_its_words(lines: io.StringIO) -> None:
    with pytest.raises(DataError, match=WORDS) as raised:
        refused()
    try:
        raise RuntimeError("further on") from raised.value
    except RuntimeError:
        logging.getLogger("django.request").error("Internal Server Error: %s", "/", exc_info=sys.exc_info())
    said = lines.getvalue()
    assert WORDS not in said
    assert "DataError (database error 22P05)" in said
    assert "RuntimeError: further on" in said
    assert "in refused" in said, "where it happened is still told"


def test_a_failed_task_is_logged_without_its_words(lines: io.StringIO) -> None:
    task = app.task(name="tests.refused")(refused)
    try:
        task.apply(throw=False)
    finally:
        app.tasks.pop("tests.refused")
    said = lines.getvalue()
    assert "raised unexpected" in said
    assert "DataError (database error 22P05)" in said
    assert WORDS not in said


def test_why_the_database_is_not_reached_is_said(lines: io.StringIO) -> None:
    try:
        psycopg.connect("host=/no/such/folder dbname=none")
    except psycopg.OperationalError:
        logging.getLogger("imrsite").exception("It failed")
    assert "/no/such/folder" in lines.getvalue()


def test_other_exceptions_say_what_they_say(lines: io.StringIO) -> None:
    try:
        raise ValueError("a number is missing")
    except ValueError:
        logging.getLogger("imrsite").exception("It failed")
    assert "ValueError: a number is missing" in lines.getvalue()


def test_the_web_servers_own_errors_take_the_same_way() -> None:
    loggers: Any = settings.LOGGING["loggers"]
    assert loggers["gunicorn.error"] == {"handlers": [], "propagate": True}
    assert isinstance(import_string("imrsite.logs.Plain")(), Plain)


def test_error_reports_hold_no_variable_and_nothing_typed(rf: RequestFactory) -> None:
    request = rf.post("/", {"value:summary": WORDS})
    letter = WORDS  # noqa: F841 a local variable of a frame
    reporter: Any = get_exception_reporter_class(request)
    try:
        refused()
    except DataError:
        report = reporter(request, *sys.exc_info())
    assert WORDS not in report.get_traceback_text()
    html = report.get_traceback_html()
    assert "Request Method" in html
    # What remains is this file's own source, which the report prints around the line that failed.
    assert WORDS not in html.replace(f"WORDS = &quot;{WORDS}&quot;", "")


@pytest.mark.usefixtures("broker")
def test_a_nul_in_a_correction_is_left_out(as_admin: Client) -> None:
    letter = stored_letter(document(item("Knee brace")))
    fields = opened(as_admin, letter.pk) | {"value:summary": f"{WORDS}\0 and more", "note": "why\0 not"}
    response = as_admin.post(reverse("review_letter", args=[letter.pk]), fields)
    assert response.status_code == 302
    assert Correction.objects.get().new_value == f"{WORDS} and more"
    assert Case.objects.get(pk=letter.pk).pk
