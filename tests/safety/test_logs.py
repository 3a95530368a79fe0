"""Logs and error reports contain no letter text, even if PostgreSQL quotes a rejected row."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DataError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, reverse
from django.utils.module_loading import import_string
from django.views.debug import get_exception_reporter_class

from determinations.models import AuditEvent, Case, Correction
from imrsite.celery import app
from imrsite.logs import ClientFaults, Json, Plain, shown_path
from imrsite.request_ids import HEADER
from imrsite.urls import urlpatterns as pages
from tests.corrections.letters import NOW, document, item, stored_letter
from tests.corrections.screen import opened
from tests.fixtures import ROOT
from tests.fixtures.people import People
from tests.fixtures.worker import Worker, child_environment

pytestmark = pytest.mark.django_db

WORDS = "synthetic words of a letter"


SECRET = "Kq3vXo0b7tU9sYw2LzJdR5mPnCfHgEaBiM1TQ8xVeSk"


def slow_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """A page whose statement exceeds its time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 10")
        cursor.execute("SELECT pg_sleep(30)")
    return HttpResponse()


def broken_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a defect."""
    raise RuntimeError("a defect")


urlpatterns = [
    path("calendar/slow/<str:token>.ics", slow_calendar),
    path("calendar/broken/<str:token>", broken_calendar),
]
urlpatterns += pages


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
    handler.addFilter(ClientFaults())
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
    letter = WORDS  # noqa: F841 - a local variable of a frame
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


@pytest.mark.urls("tests.safety.test_logs")
@pytest.mark.usefixtures("broker")
def test_a_secret_address_is_in_no_line(as_casemanager: Client, lines: io.StringIO) -> None:
    """Of a feed whose statement took too long, that was revoked, that has a defect, and of a link for a password."""
    as_casemanager.raise_request_exception = False
    for address, status in (
        (f"/calendar/slow/{SECRET}.ics", 503),
        (f"/calendar/broken/{SECRET}", 500),
        (f"/calendar/{SECRET}.ics", 404),
        (f"/calendar/{SECRET}.ics/more?token={SECRET}", 404),
        (f"/accounts/link/Mg/{SECRET}/", 200),
    ):
        assert as_casemanager.get(address).status_code == status, address
    logged = lines.getvalue()
    assert "Statement timed out: /calendar/slow/..." in logged
    assert "Not Found: /calendar/..." in logged
    assert "RuntimeError: a defect" in logged
    assert SECRET not in logged
    record = logging.makeLogRecord({"msg": f"Exception while serving /calendar/{SECRET}.ics"})
    assert SECRET not in Plain().format(record) + Json().format(record)
    assert shown_path("/cases/12/report/") == "/cases/12/report/"


def test_what_clients_do_wrong_is_logged_without_a_traceback(
    client: Client, people: People, lines: io.StringIO
) -> None:
    for address, options, status in (
        ("/accounts/login/", {"HTTP_HOST": "stranger.example.org"}, 400),
        ("/accounts/login/", {"HTTP_HOST": ""}, 400),
        (f"/search/?q={WORDS.split()[0]}%00", {}, 302),
        ("/no/such/page/", {}, 404),
    ):
        assert client.get(address, **options).status_code == status, address  # type: ignore[arg-type]  # headers
    client.force_login(people.outsider)
    assert client.get("/cases/").status_code == 403
    assert client.post("/accounts/login/", {"a": "b" * 70_000}).status_code in {413, 302}
    logged = lines.getvalue()
    assert "Refused: DisallowedHost" in logged
    assert "Forbidden (Permission denied): /cases/" in logged
    assert "Traceback" not in logged
    assert "ERROR" not in logged
    assert "stranger" not in logged
    assert WORDS.split()[0] not in logged


def test_a_line_in_json_has_fields_and_nothing_else_of_the_request(rf: RequestFactory) -> None:
    request = rf.get("/cases/", {"q": WORDS})
    record = logging.makeLogRecord(
        {"name": "django.request", "msg": "Forbidden: %s", "args": ("/cases/",), "levelname": "WARNING",
         "status_code": 403, "request": request, "route": "case_list", "ms": 12}
    )  # fmt: skip
    line = Json().format(record)
    fields = json.loads(line)
    assert fields["message"] == "Forbidden: /cases/"
    assert (fields["level"], fields["logger"], fields["route"], fields["ms"]) == (
        "WARNING",
        "django.request",
        "case_list",
        12,
    )
    assert fields["time"].endswith("+00:00")
    assert WORDS not in line
    try:
        reject_row()
    except DataError:
        record = logging.makeLogRecord({"msg": "It failed", "exc_info": sys.exc_info()})
    fields = json.loads(Json().format(record))
    assert "in reject_row" in fields["traceback"]
    assert WORDS not in str(fields)


@pytest.mark.usefixtures("broker")
def test_a_request_has_one_id_in_its_lines_and_its_response(
    as_casemanager: Client, people: People, lines: io.StringIO, settings: Any
) -> None:
    settings.LOG_REQUESTS = True
    answer = as_casemanager.get(f"/cases/?q={WORDS.split()[0]}")
    request_id = answer.headers[HEADER]
    line = next(line for line in lines.getvalue().splitlines() if "case_list" in line)
    assert "GET case_list: 200 in" in line
    assert line.endswith(f"[{request_id}]")
    assert WORDS.split()[0] not in line
    assert (
        as_casemanager.get("/cases/", headers={HEADER: "chosen-by-a-client"}).headers[HEADER] != "chosen-by-a-client"
    )
    settings.HTTPS = True
    secure = as_casemanager.get("/cases/", headers={HEADER: "from-the-proxy-1"}, secure=True)
    assert secure.headers[HEADER] == "from-the-proxy-1"
    secure = as_casemanager.get("/cases/", headers={HEADER: "with a space\tand more"}, secure=True)
    assert secure.headers[HEADER] != "with a space\tand more"


@pytest.mark.django_db(transaction=True)
def test_a_task_logs_with_the_id_of_the_request_that_queued_it(worker: Worker, people: People) -> None:
    """A task that fails at once, since its user does not exist."""
    from determinations.tasks import enter_receipts
    from imrsite.request_ids import begin_request, end_request

    begin_request("of-the-request-77")
    enter_receipts.delay(1, "2026-01-02", "mail", 0, only_missing=True)
    end_request()
    worker.wait_until_idle()
    assert any(
        "enter_receipts" in line and line.endswith("[of-the-request-77]")
        for line in worker.log.read_text().splitlines()
    )


def test_a_log_file_is_rotated_by_the_processes_that_write_it(tmp_path: Path) -> None:
    """Two processes at once: no line is lost or torn, and old ones are kept up to a limit."""
    log = tmp_path / "web.log"
    program = (
        "import logging.config; from django.conf import settings; logging.config.dictConfig(settings.LOGGING);"
        "[logging.getLogger('test').warning('line %d %s', n, 'x' * 20_000) for n in range(60)]"
    )
    environment = child_environment() | {
        "LOG_FILE": str(log), "LOG_MAX_MB": "1", "LOG_KEEP": "5", "LOG_FORMAT": "json",
    }  # fmt: skip
    running = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    files = [path for path in tmp_path.glob("web.log*") if not path.name.endswith(".lock")]
    assert len(files) == 3
    assert all(path.stat().st_size < 1024 * 1024 + 50_000 for path in files)
    assert log.stat().st_mode & 0o777 == 0o640
    lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert len([line for line in lines if line["logger"] == "test"]) == 120
