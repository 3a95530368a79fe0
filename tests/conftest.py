"""Loads what tests share; see ``tests/fixtures/``."""

import signal
import sys
import time
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

pytest_plugins = [
    "tests.fixtures.run",
    "tests.fixtures.services",
    "tests.fixtures.once",
    "tests.fixtures.worker",
    "tests.fixtures.people",
    "tests.fixtures.browser",
]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database; at the end it can be dropped even if a killed worker left a session open."""
    yield
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """A test leaves no handler of a signal behind: it would keep later processes of this one from ending."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    yield
    assert {number: signal.getsignal(number) for number in before} == before


@pytest.fixture(autouse=True)
def no_earlier_failures() -> Iterator[None]:
    """Failures of letters that a test provokes stop no reading in the next one."""
    yield
    if module := sys.modules.get("determinations.reading.breaker"):
        module.breaker.succeeded()


@pytest.fixture(autouse=True)
def minute_does_not_end(request: pytest.FixtureRequest) -> None:
    """What a process asks once a minute counts as asked: the number of queries does not depend on the time."""
    if {"db", "transactional_db"} & set(request.fixturenames) or request.node.get_closest_marker("django_db"):
        from determinations.cases import search_words

        for remembered in (search_words._old, search_words._kept):
            remembered.is_so, remembered.until = False, time.monotonic() + 3_600
