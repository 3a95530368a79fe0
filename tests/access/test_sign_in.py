"""Signing in: what is recorded, and how failed attempts are limited without locking anyone out."""

import re
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.access import throttle
from determinations.access.accounts import unlock
from determinations.access.throttle import Attempt, Wait, limit, rule_of
from determinations.models import AuditEvent, LimitKind, SignInLimit
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

NOW = timezone.now()


def sign_in(client: Client, username: str = "admin", password: str = PASSWORD, address: str = "192.0.2.1") -> Any:
    return client.post(reverse("login"), {"username": username, "password": password}, REMOTE_ADDR=address)


def fail(times: int, username: str = "admin", address: str = "203.0.113.9") -> Any:
    answers = [sign_in(Client(), username, "not it", address) for _ in range(times)]
    return answers[-1]


@pytest.fixture(autouse=True)
def few_attempts(settings: Any) -> None:
    """Three wrong passwords for one name from one address cost nothing."""
    settings.SIGN_IN_ATTEMPTS = 3


def test_sign_ins_and_failures_are_recorded_with_address_and_method(client: Client, people: People) -> None:
    sign_in(client, password="not it")
    sign_in(client, username="my secret typed into the wrong field", password="x")
    sign_in(client)
    client.post(reverse("logout"))
    events = AuditEvent.objects.order_by("pk").values_list("action", "by_name", "address", "detail")
    assert list(events) == [
        ("signin.failed", "admin", "192.0.2.1", {"known_name": True}),
        ("signin.failed", "", "192.0.2.1", {"known_name": False}),
        ("signin.succeeded", "admin", "192.0.2.1", {"methods": ["password"]}),
        ("signin.ended", "admin", "127.0.0.1", {}),
    ]
    assert not re.search("secret", str(list(SignInLimit.objects.values())))


def test_the_page_says_truly_when_the_next_attempt_counts(people: People) -> None:
    answer = fail(3)
    assert answer.status_code == 429
    row = SignInLimit.objects.get(kind=LimitKind.PAIR)
    assert row.next_attempt_at is not None
    clock = timezone.localtime(row.next_attempt_at)
    page = answer.content.decode()
    assert f"{clock:%-I:%M:%S %p}" in page
    assert int(answer.headers["Retry-After"]) == 5
    assert 'value="admin"' in page
    during = sign_in(Client(), address="203.0.113.9")
    assert during.status_code == 429, "the right password is not checked during the wait"
    assert SignInLimit.objects.get(pk=row.pk).failures == row.failures, "nor does it make the wait longer"
    SignInLimit.objects.update(next_attempt_at=timezone.now() - timedelta(milliseconds=1))
    assert sign_in(Client(), address="203.0.113.9").status_code == 302
    assert AuditEvent.objects.filter(action="signin.held", address="203.0.113.9").count() == 1, "once a minute"
    delayed = AuditEvent.objects.get(action="signin.delayed")
    assert delayed.detail["until"][:19] == row.next_attempt_at.isoformat()[:19]


def test_strangers_keep_no_user_out(people: People) -> None:
    known = Client()
    sign_in(known)
    known.post(reverse("logout"))
    fail(5)
    assert sign_in(Client(), address="192.0.2.77").status_code == 302, "at another address"
    for host in range(16):  # from many addresses, until the name itself waits everywhere
        fail(1, address=f"198.51.100.{host}")
    assert sign_in(Client(), address="192.0.2.78").status_code == 429
    assert sign_in(known, address="192.0.2.79").status_code == 302, "a browser that the user signed in with before"


def test_a_known_device_has_limits_of_its_own(people: People) -> None:
    known = Client()
    sign_in(known)
    known.post(reverse("logout"))
    assert [sign_in(known, password="not it").status_code for _ in range(3)] == [200, 200, 429]
    assert sign_in(known).status_code == 429
    assert sign_in(Client()).status_code == 302, "other browsers do not wait for it"
    forged = Client()
    forged.cookies["imrsite_device"] = "forged"
    assert sign_in(forged).status_code == 302


def test_a_device_that_one_user_knows_is_unknown_to_others(people: People) -> None:
    shared = Client()
    sign_in(shared, "supervisor")
    shared.post(reverse("logout"))
    fail(3, address="192.0.2.1")
    assert sign_in(shared).status_code == 429


def test_an_address_and_all_addresses_together_are_limited(people: People) -> None:
    for person in range(15):
        answer = fail(1, username=f"name{person}")
    assert answer.status_code == 429
    assert sign_in(Client(), "supervisor", address="203.0.113.9").status_code == 429
    assert sign_in(Client(), "supervisor", address="203.0.113.10").status_code == 302
    overall = limit(LimitKind.OVERALL, "")
    SignInLimit.objects.filter(key=overall.key).update(failures=149, counted_at=timezone.now())
    assert fail(1, address="203.0.113.200").status_code == 429
    assert sign_in(Client(), "supervisor", address="203.0.113.201").status_code == 429


def wait_of(kind: LimitKind, failures: int) -> float:
    wait = rule_of(kind).wait_after(failures)
    return wait.total_seconds() if wait else 0


def test_waits_double_up_to_a_bound_and_failures_fade() -> None:
    assert [wait_of(LimitKind.PAIR, failures) for failures in (2, 3, 4, 5, 10, 11, 10_000)] == [
        0, 5, 10, 20, 640, 900, 900,
    ]  # fmt: skip
    assert max(wait_of(kind, 10**9) for kind in LimitKind) == 3_600
    assert wait_of(LimitKind.OVERALL, 10**9) == 60, "a flood delays everyone by a minute at most"
    entry = limit(LimitKind.PAIR, "somewhere")
    now = NOW
    for _ in range(6):
        now = _next(throttle.begin([entry], now=now), now)
    assert round(SignInLimit.objects.get().failures) == 6
    throttle.begin([entry], now=now + timedelta(hours=2))
    assert SignInLimit.objects.get().failures == 1
    assert throttle.delete_faded(now=now + timedelta(days=2)) == 1


def _next(outcome: Attempt | Wait, now: datetime) -> datetime:
    assert isinstance(outcome, Attempt)
    return outcome.next_attempt_at or now


def test_success_takes_back_its_own_charge_only() -> None:
    address, name = limit(LimitKind.ADDRESS, "a"), limit(LimitKind.NAME, "n", owner="n")
    for _ in range(4):
        throttle.begin([address, name], now=NOW)
    attempt = throttle.begin([address, name], now=NOW)
    assert isinstance(attempt, Attempt)
    throttle.succeeded(attempt)
    assert round(SignInLimit.objects.get(key=address.key).failures) == 4
    assert not SignInLimit.objects.filter(key=name.key).exists()


def test_an_administrator_ends_the_wait_of_a_user(people: People) -> None:
    fail(3)
    assert sign_in(Client(), address="203.0.113.9").status_code == 429
    unlock(people.admin, by=people.admin, at=NOW)
    assert sign_in(Client(), address="203.0.113.9").status_code == 302
    assert AuditEvent.objects.get(action="person.unlocked").detail["person"] == "admin"


@pytest.mark.django_db(transaction=True)
def test_parallel_attempts_get_no_more_tries_than_one_after_the_other(people: People) -> None:
    ready = threading.Barrier(8)

    def guess() -> None:
        try:
            ready.wait()
            fail(1)
        finally:
            connection.close()

    guessers = [threading.Thread(target=guess) for _ in range(8)]
    for thread in guessers:
        thread.start()
    for thread in guessers:
        thread.join()
    assert AuditEvent.objects.filter(action="signin.failed").count() == 3
    assert sign_in(Client(), address="203.0.113.9").status_code == 429


@pytest.mark.parametrize("typed", ["a" * 10_000, "a\0b", "\ud800", "", " "])
def test_any_name_and_password_get_an_answer(client: Client, typed: str) -> None:
    typed = typed.encode(errors="replace").decode()
    assert sign_in(client, typed, typed).status_code == 200


def test_the_administration_has_no_sign_in_of_its_own(client: Client, people: People) -> None:
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    client.force_login(people.supervisor)
    assert client.get("/admin/login/?next=/admin/").status_code == 403
    answer = client.get("/admin/password_change/")
    assert answer.headers["Location"] == reverse("password_change")


def test_the_next_address_is_kept_if_it_is_ours(client: Client, people: People) -> None:
    typed = {"username": "admin", "password": PASSWORD}
    assert client.post(reverse("login"), typed | {"next": "/items/?q=a"}).headers["Location"] == "/items/?q=a"
    client.post(reverse("logout"))
    assert client.post(reverse("login"), typed | {"next": "https://example.org/"}).headers["Location"] == "/"
