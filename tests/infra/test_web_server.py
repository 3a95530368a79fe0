"""The web server over loopback: slow clients keep nobody waiting, and bodies are refused before they are read."""

import contextlib
import gc
import json
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from imrsite.local.processes import spawn, stop_process
from imrsite.serving.body_limits import COOKIE, FORMS_VALID, Allowance, Ticket, most_bytes
from imrsite.serving.garbage import collect_young
from tests.fixtures import ROOT
from tests.fixtures.people import People
from tests.fixtures.worker import child_environment

HEAD = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
LARGE = 200 * 1024 * 1024


@pytest.fixture(scope="module")
def port(services: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a web server with two threads, as gunicorn starts it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    log = tmp_path_factory.mktemp("web") / "web.log"
    command = [
        sys.executable, "-m", "gunicorn", "--config", str(ROOT / "imrsite" / "deploy" / "gunicorn.conf.py"),
        "--bind", f"127.0.0.1:{port}", "--worker-class", "tests.infra.quick_worker.QuickWorker", "--workers", "1",
        "--threads", "2", "imrsite.wsgi:application",
    ]  # fmt: skip
    process = spawn(command, log=log, dies_by="KILL", cwd=ROOT, env=child_environment())
    try:
        give_up_at = time.monotonic() + 60
        while "200" not in answer_of(port, "GET /health/", ""):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up_at, log.read_text()
            time.sleep(0.05)
        yield port
    finally:
        stop_process(process, signal.SIGTERM, within=10)
    assert "Traceback" not in log.read_text()


def connected(port: int, sent: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(sent.encode())
    return connection


def answer_of(port: int, line: str, head: str, body: Iterable[bytes] = ()) -> str:
    """The whole response to a request, and as much of the body sent as the server takes."""
    try:
        with connected(port, f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n") as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for part in body:
                    connection.sendall(part)
            with connection.makefile("rb") as answer:
                return answer.read().decode()
    except ConnectionRefusedError:
        return ""


def seconds_of_health(port: int) -> float:
    began = time.monotonic()
    assert answer_of(port, "GET /health/", "").endswith("ok")
    return time.monotonic() - began


@pytest.mark.parametrize(
    "beginning",
    [
        f"POST /accounts/login/ HTTP/1.1\r\n{HEAD}Content-Length: 5000\r\n\r\nname=",
        "GET /health/ HTTP/1.1\r\nHost: localhost\r\nX-Unfinished: ",
        "",
    ],
    ids=["trickling bodies", "half heads", "nothing"],
)
def test_slow_clients_keep_nobody_waiting_and_are_closed(port: int, beginning: str) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(port, beginning)) for _ in range(16)]
        assert seconds_of_health(port) < 1
        if beginning:
            for _ in range(4):  # a byte now and then does not help them
                time.sleep(0.3)
                for connection in slow:
                    with contextlib.suppress(OSError):
                        connection.sendall(b"a")
        for connection in slow:
            connection.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        assert seconds_of_health(port) < 1


def test_more_connections_than_allowed_replace_those_that_wait(port: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connected(port, "GET /health/ HTTP/1.1\r\n"))
        assert seconds_of_health(port) < 1


def test_a_large_body_of_an_unsigned_visitor_is_refused_by_its_length(port: int) -> None:
    answer = answer_of(port, "POST /uploads/", f"Content-Length: {LARGE}\r\n", [b"a" * 100_000])
    assert answer.startswith("HTTP/1.1 413 ")
    assert "This is too large to send" in answer
    answer = answer_of(port, "POST /uploads/", f"Content-Length: {LARGE}\r\nExpect: 100-continue\r\n")
    assert answer.startswith("HTTP/1.1 413 ")
    answer = answer_of(port, "POST /uploads/", f"Content-Length: {LARGE}\r\nAccept: application/json\r\n")
    assert "too large" in json.loads(answer.partition("\r\n\r\n")[2])["error"]


def test_a_body_without_a_length_is_counted_as_it_arrives(port: int) -> None:
    parts = (b"10000\r\n" + b"a" * 65536 + b"\r\n" for _ in range(1000))
    assert answer_of(port, "POST /uploads/", "Transfer-Encoding: chunked\r\n", parts).startswith("HTTP/1.1 413 ")


def test_what_follows_a_refused_head_is_no_request_of_its_own(port: int) -> None:
    hidden = b"GET /health/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = answer_of(port, "POST /uploads/", f"Content-Length: {LARGE}\r\n", [hidden])
    assert answer.count("HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("line", "head", "status"),
    [
        (f"GET /cases/?{'a' * 70_000}", "", 431),
        ("GET /", f"Cookie: {'a' * 70_000}\r\n", 431),
        ("POST /accounts/login/", f"Content-Length: {'9' * 400}\r\n", 413),
        ("POST /accounts/login/", f"Content-Length: {'9' * 6000}\r\n", 400),
        ("POST /accounts/login/", "Content-Length: -5\r\n", 400),
        ("POST /accounts/login/", "Content-Length: 5\r\nContent-Length: 7\r\n", 400),
        ("GET http://[::1", "", 400),
    ],
)
def test_a_head_that_is_too_large_or_makes_no_sense_is_refused(port: int, line: str, head: str, status: int) -> None:
    assert f" {status} " in answer_of(port, line, head).partition("\r\n")[0]
    assert seconds_of_health(port) < 1


def test_a_body_is_accepted_with_a_signed_ticket(port: int) -> None:
    """It then reaches Django, which rejects it: the ticket opens no page."""
    ticket = Ticket(Allowance.FILES, time.time()).sign()
    length = 3 * 1024 * 1024
    for cookie, status in ((ticket, 403), (f"{ticket}x", 413)):
        head = f"Cookie: {COOKIE}={cookie}\r\nContent-Length: {length}\r\n"
        assert f" {status} " in answer_of(port, "POST /uploads/", head, [b"a" * length]).partition("\r\n")[0]


def test_a_ticket_allows_files_as_long_as_a_session_and_forms_for_a_day() -> None:
    ticket = Ticket(Allowance.FILES, 1_000_000)
    assert Ticket.read(ticket.sign()) == ticket
    later = ticket.issued_at + settings.SESSION_COOKIE_AGE + 1
    allowed = [ticket.allows(at) for at in (ticket.issued_at, later, ticket.issued_at + FORMS_VALID + 1)]
    assert allowed == [Allowance.FILES, Allowance.FORMS, None]
    uploads = reverse("upload_list")
    assert [most_bytes(uploads, allowance) for allowance in allowed] == [
        settings.UPLOAD_BYTES, settings.FORM_BYTES, settings.SMALL_FORM_BYTES,
    ]  # fmt: skip
    assert most_bytes("/cases/", Allowance.FILES) == settings.FORM_BYTES
    assert Ticket.read("files:9999999999:forged") is None


def test_any_web_server_refuses_large_bodies_before_they_are_read(client: Client, people: People) -> None:
    def status(path: str, size: int, **headers: Any) -> int:
        unread: dict[str, Any] = {"CONTENT_LENGTH": str(size), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
        return int(client.generic("POST", path, **unread, **headers).status_code)

    assert status("/uploads/", LARGE) == 413
    assert status("/accounts/login/", 70_000) == 413
    client.force_login(people.outsider)
    assert status("/uploads/", LARGE) == 413
    client.force_login(people.casemanager)
    assert status("/uploads/", settings.UPLOAD_BYTES + 1) == 413
    assert status("/cases/columns/", LARGE) == 413


def test_signing_in_gives_a_ticket_and_signing_out_takes_it(client: Client, people: People) -> None:
    client.force_login(people.casemanager)
    client.get("/cases/")
    ticket = Ticket.read(client.cookies[COOKIE].value)
    assert ticket is not None
    assert ticket.allowance is Allowance.FILES
    assert COOKIE not in client.get("/cases/").cookies, "a recent ticket is not sent again"
    assert client.post("/accounts/logout/").cookies[COOKIE].value == ""


def test_the_limit_of_statements_holds_under_gunicorn() -> None:
    """The worker class is loaded before the application, and loads the settings: the limit has to be set first."""
    program = (
        "import imrsite.serving.worker; from django.conf import settings;"
        "print(settings.STATEMENT_SECONDS, settings.DATABASES['default']['OPTIONS']['options'])"
    )
    unset = {"DJANGO_SETTINGS_MODULE", "STATEMENT_SECONDS"}
    environment = {name: value for name, value in child_environment().items() if name not in unset}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("60 ")
    assert "statement_timeout=60s" in ran.stdout


def test_what_requests_left_in_cycles_is_freed_once_it_is_enough() -> None:
    class Left:
        def __init__(self) -> None:
            self.itself = self

    gc.disable()  # which would free it by itself
    try:
        gc.collect()
        left = weakref.ref(Left())
        collect_young()
        assert left() is not None
        more = [Left() for _ in range(1_000)]
        del more
        collect_young()
        assert left() is None
    finally:
        gc.enable()
