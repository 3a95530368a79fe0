"""What tests share: a real PostgreSQL and Valkey, a real worker, a real browser, the same four people everywhere."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from imrsite import env
from imrsite.local.embedded import Services
from imrsite.local.processes import spawn, stop_process
from imrsite.local.wheels import ServiceError

ROOT = Path(__file__).resolve().parent.parent
LETTERS = ROOT.parent / "shared" / "letters"  # real letters; absent in most places
PASSWORD = "a password for tests"


# The run


def pytest_configure(config: pytest.Config) -> None:
    """With xdist the first process starts the services, since its workers come and go."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        _start_services()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _running is not None:
        _running.stop()
    if not hasattr(config, "workerinput"):
        shutil.rmtree(settings.TEST_DIR, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that commits empties all tables at its end; have the rows of the migrations put back before the next."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        names = set(getattr(item, "fixturenames", ()))
        if names & {"transactional_db", "live_server", "worker"} or (marker and marker.kwargs.get("transaction")):
            item.add_marker(pytest.mark.django_db(transaction=True, serialized_rollback=True), append=False)


@pytest.fixture(autouse=True, scope="session")
def only_this_machine() -> Iterator[None]:
    """No test talks to another host."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test connects to {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


# PostgreSQL and Valkey

_running: Services | None = None


def _start_services() -> None:
    """Start the embedded services unless they run already or the environment names servers of one's own."""
    global _running
    if _running is None and "IMRSITE_TEST_SERVICES" not in os.environ:
        services = Services(settings.STATE_DIR, durable=False)
        mine = str(services.addresses.sockets)
        services.start(
            postgres=settings.DATABASES["default"]["HOST"] == mine,
            valkey=settings.REDIS_URL.startswith(f"unix://{mine}/"),
        )
        os.environ["IMRSITE_TEST_SERVICES"] = "running"
        _running = services


@pytest.fixture(scope="session")
def services(django_db_blocker: Any) -> None:
    """PostgreSQL and Valkey answer; servers of one's own that do not end the run with one sentence."""
    from django.db import connection

    from imrsite.backing import check_broker, check_database

    try:
        _start_services()
        if not settings.DATABASES["default"]["HOST"].startswith(str(settings.EMBEDDED.sockets)):
            with django_db_blocker.unblock():
                check_database()
                connection.close()
        check_broker()
    except ServiceError as error:
        pytest.exit(f"imrsite: {error}", returncode=2)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: None, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Have pytest-django wait for PostgreSQL; tests without a database never start it."""


@pytest.fixture
def broker(services: None) -> Iterator[None]:
    """Valkey answers; queues and cache are empty before and after."""
    _empty_broker()
    yield
    _empty_broker()


def _empty_broker() -> None:
    from django.core.cache import cache

    from imrsite.celery import BULK, INTERACTIVE

    with broker_client() as client:
        client.delete(INTERACTIVE, BULK, "unacked", "unacked_index")  # a killed worker leaves what it had taken
    cache.clear()


@contextlib.contextmanager
def broker_client() -> Iterator[Any]:
    """The Redis client of the broker's connection."""
    from imrsite.celery import app

    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        yield channel.client


# The worker


@dataclass(frozen=True)
class Worker:
    """A running Celery worker process on the test database."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_idle(self, *, within: float = 60) -> None:
        """Wait until no message is queued and none is being worked on.

        Seen some times: for an instant a message that was taken stands neither in its queue nor among those at work.
        """
        give_up_at, seen = time.monotonic() + within, 0
        with broker_client() as client:
            while (seen := 0 if _messages_in(client) else seen + 1) < _IDLE_WHEN_SEEN:
                if self.process.poll() is not None or time.monotonic() > give_up_at:
                    pytest.fail(f"the worker does not finish; its log ends:\n{self.log.read_text()[-3000:]}")
                time.sleep(0.02)


_IDLE_WHEN_SEEN = 3


def _messages_in(client: Any) -> int:
    from imrsite.celery import BULK, INTERACTIVE

    with client.pipeline(transaction=True) as asked:
        asked.llen(INTERACTIVE).llen(BULK).hlen("unacked")
        return sum(asked.execute())


def start_worker(log: Path, *arguments: str) -> Worker:
    """Start a worker on the test database and wait until it takes tasks."""
    command = [
        sys.executable, "-m", "celery", "--app", "imrsite", "worker", "--concurrency", "2", "--loglevel", "INFO",
        "--without-mingle", "--without-gossip", *arguments,
    ]  # fmt: skip
    process = spawn(command, log=log, dies_by="KILL", cwd=ROOT, env=child_environment())
    give_up_at = time.monotonic() + 60
    while " ready." not in log.read_text():
        if process.poll() is not None or time.monotonic() > give_up_at:
            stop_process(process, signal.SIGKILL, within=5)
            pytest.fail(f"the worker does not start; its log ends:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)
    return Worker(process, log)


def child_environment() -> dict[str, str]:
    """The environment in which a child process finds the test database."""
    database = settings.DATABASES["default"]
    user = f"{database['USER']}:{database['PASSWORD']}@" if database["USER"] else ""
    if database["HOST"].startswith("/"):
        url = f"postgresql://{user}/{database['NAME']}?host={database['HOST']}"
    else:
        url = f"postgresql://{user}{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "PYTHONWARNINGS": "default",
    }


class _SharedWorker:
    """One worker process for all tests that want one, ended for those that want none."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self.folders = folders
        self.running: Worker | None = None

    def start(self) -> Worker:
        if self.running is None or self.running.process.poll() is not None:
            self.running = start_worker(self.folders.mktemp("worker") / "worker.log")
        return self.running

    def stop(self) -> None:
        if self.running is not None:
            stop_process(self.running.process, signal.SIGTERM, within=10)
            self.running = None


@pytest.fixture(scope="session")
def _shared_worker(
    services: None, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_SharedWorker]:
    shared = _SharedWorker(tmp_path_factory)
    yield shared
    shared.stop()


@pytest.fixture
def worker(_shared_worker: _SharedWorker, transactional_db: None, broker: None) -> Iterator[Worker]:
    """A worker process that runs what the test queues. It is idle again before the tables are emptied."""
    running = _shared_worker.start()
    yield running
    running.wait_until_idle()


@pytest.fixture
def no_worker(_shared_worker: _SharedWorker, broker: None) -> None:
    """The broker answers and nobody takes what is queued."""
    _shared_worker.stop()
    _empty_broker()  # of its last heartbeat too


# People


@dataclass(frozen=True)
class People:
    """One of each role, and an outsider: somebody who can sign in but has no role. All have ``PASSWORD``."""

    casemanager: Any
    supervisor: Any
    admin: Any
    outsider: Any


@pytest.fixture
def people(db: None) -> People:
    """The same four people in every test."""
    from imrsite.local.people import make_people

    return People(**make_people(PASSWORD), outsider=_outsider())


def _outsider() -> Any:
    from django.contrib.auth.models import User

    return User.objects.create_user("outsider", password=PASSWORD)


@pytest.fixture
def as_casemanager(client: Any, people: People) -> Any:
    """The test client, signed in as the case manager."""
    client.force_login(people.casemanager)
    return client


@pytest.fixture
def as_supervisor(client: Any, people: People) -> Any:
    """The test client, signed in as the supervisor."""
    client.force_login(people.supervisor)
    return client


@pytest.fixture
def as_admin(client: Any, people: People) -> Any:
    """The test client, signed in as the admin."""
    client.force_login(people.admin)
    return client


# The browser

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]  # fmt: skip
#: How long a browser test waits for what it expects, in ms: a busy machine is slow, and that is no fault of a page.
_PATIENCE = 60_000


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> Iterator[Any]:
    """Headless Chromium, one for the run; every page has a fresh profile."""
    if _CHROMIUM is None:
        (pytest.fail if env.flag("IMRSITE_BROWSER_REQUIRED") else pytest.skip)("no Chromium is installed")
    from django.db import connection
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=_PATIENCE)

    # Playwright's loop runs in this thread. Django takes that for asynchronous code, and gives such code a connection
    # of its own, which has to be told of the rows to put back after a test that commits.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
    rows = getattr(connection, "_test_serialized_contents", None)
    connection.close()
    with sync_playwright() as playwright:
        connection._test_serialized_contents = rows  # type: ignore[attr-defined]
        chromium = playwright.chromium.launch(executable_path=_CHROMIUM, args=_CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, live_server: Any, broker: None) -> Iterator[Any]:
    """An empty page on the test server. A script error, a broken policy or a foreign address fails the test."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    page.on(
        "requestfailed", lambda request: faults.append(f"failed: {request.url}") if _is_foreign(request.url) else None
    )
    page.set_default_timeout(_PATIENCE)
    yield page
    context.close()
    assert not faults


def _is_foreign(url: str) -> bool:
    return url.startswith("http") and "//localhost" not in url and "//127.0.0.1" not in url


@pytest.fixture
def sign_in(page: Any, live_server: Any, people: People) -> Any:
    """``sign_in(people.admin)`` gives the browser that person's session and returns the page."""
    from django.test import Client

    def sign_in(person: Any) -> Any:
        client = Client()
        client.force_login(person)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        return page

    return sign_in


@pytest.fixture
def letters() -> Path:
    """The folder of real letters; the test is left out where it is absent."""
    if not LETTERS.is_dir():
        pytest.skip("the real letters are not beside this checkout")
    return LETTERS


with contextlib.suppress(ImportError):
    from hypothesis import settings as hypothesis_settings

    hypothesis_settings.register_profile("imrsite", deadline=None, derandomize=True)
    hypothesis_settings.load_profile("imrsite")
