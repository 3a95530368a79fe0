"""Values from the environment, sign-in, sessions, and headers of every response."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.contrib.staticfiles.finders import find
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.utils import timezone
from pytest_django import Settings

from imrsite import env
from imrsite.middleware import client_address
from tests.fixtures import ROOT
from tests.fixtures.people import PASSWORD, People


@pytest.mark.django_db
def test_health_check_needs_no_sign_in(client: Client) -> None:
    response = client.get("/health/")
    assert response.content == b"ok"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_database_is_postgresql_15_or_newer() -> None:
    assert connection.vendor == "postgresql"
    assert connection.pg_version >= 150_000  # type: ignore[attr-defined] # of PostgreSQL


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_roles_exist_after_a_test_that_committed(run: int) -> None:
    from django.contrib.auth.models import Group

    assert set(Group.objects.values_list("name", flat=True)) == {
        "case manager",
        "supervisor",
        "admin",
        "outside party",
    }


def test_a_process_with_the_settings_of_tests_leaves_no_folder(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "IMRSITE_TEST_DIR"}
    program = "import tests.settings as made; print(made.TEST_DIR, made.TEST_DIR.is_dir())"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment | {"TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.fullmatch(rf"{tmp_path}/imrsite-test-\w+ True\n", ran.stdout)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("reader", "value", "says"),
    [
        (lambda name: env.flag(name), "maybe", "write yes or no"),
        (lambda name: env.number(name, 3, least=1, most=9), "10", "from 1 to 9"),
        (lambda name: env.number(name, 3, least=1), "many", "of 1 or more"),
        (lambda name: env.database(name, ""), "mysql://x/y", "postgresql://"),
        (lambda name: env.database(name, ""), "postgresql://host:port/name", "port"),
        (lambda name: env.database(name, ""), "postgresql://host", "names no database"),
        (lambda name: env.redis(name, ""), "localhost:6379", "redis://"),
        (lambda name: env.redis(name, ""), "redis://cache.example.org:6379/0", "no password"),
        (lambda name: env.redis(name, ""), "rediss://10.0.0.7/0", "rediss://:password@10.0.0.7/0"),
        (lambda name: env.redis(name, ""), "redis://user@cache.example.org", "no password"),
    ],
)
def test_an_invalid_value_is_reported_in_one_sentence_that_says_how_to_fix_it(
    monkeypatch: pytest.MonkeyPatch, reader: Callable[[str], object], value: str, says: str
) -> None:
    monkeypatch.setenv("A_SETTING", value)
    with pytest.raises(ImproperlyConfigured, match="A_SETTING") as raised:
        reader("A_SETTING")
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "redis://localhost:6379/0", "redis://127.0.0.1", "redis://[::1]:6379/0", "unix:///run/valkey.sock",
        "redis://:secret@cache.example.org/0", "rediss://cache.example.org/0?password=secret",
    ],
)  # fmt: skip
def test_a_server_with_a_password_or_on_this_machine_is_accepted(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("A_SETTING", address)
    assert env.redis("A_SETTING", "") == address


def test_the_example_and_the_compose_file_set_a_password_for_the_broker() -> None:
    deploy = ROOT / "imrsite" / "deploy"
    assert re.search(r"^REDIS_URL=redis://:\w+@", (deploy / "example.env").read_text(), re.MULTILINE)
    assert "requirepass" in (deploy / "compose.yaml").read_text()


@pytest.mark.usefixtures("broker")
def test_nothing_in_the_cache_or_a_session_is_a_pickle() -> None:
    value = {
        "rows": [[1, "a", None, 2.5, True], [date(2016, 12, 9), datetime(2016, 12, 9, 8, tzinfo=UTC), Decimal("0.10")]]
    }
    cache.set("value", value)
    cache.set("number", 41)
    assert cache.get("value") == value
    assert cache.incr("number") == 42
    client = redis.Redis.from_url(str(settings.CACHES["default"]["LOCATION"]))
    try:
        stored: list[Any] = [client.get(key) for key in client.scan_iter("imrsite:*")]
    finally:
        client.close()
    assert sorted(json.loads(one) == 42 for one in stored) == [False, True]
    with pytest.raises(TypeError, match="object cannot be cached"):
        cache.set("value", object())
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


@pytest.mark.parametrize(
    ("url", "broker", "cache"),
    [
        ("redis://h:1/0", "redis://h:1/0", "redis://h:1/1"),
        ("redis://h", "redis://h", "redis://h/1"),
        ("rediss://:p@h:1/3", "rediss://:p@h:1/3?ssl_cert_reqs=required", "rediss://:p@h:1/4"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock", "unix:///run/v.sock?db=1"),
        ("unix:///run/v.sock?db=2", "redis+socket:///run/v.sock?virtual_host=2", "unix:///run/v.sock?db=3"),
    ],
)
def test_cache_and_broker_use_different_databases_of_one_server(url: str, broker: str, cache: str) -> None:
    assert env.broker(url) == broker
    assert env.next_redis_database(url) == cache


@pytest.mark.django_db
def test_wrong_passwords_lock_the_account_for_a_while(client: Client, people: People, settings: Settings) -> None:
    settings.SIGN_IN_ATTEMPTS = 3
    wrong = {"username": "admin", "password": "not it"}
    for _ in range(2):
        assert client.post("/accounts/login/", wrong).status_code == 200
    assert client.post("/accounts/login/", wrong).status_code == 429
    right = {"username": "admin", "password": PASSWORD}
    assert client.post("/accounts/login/", right).status_code == 429
    elsewhere = client.post("/accounts/login/", right, REMOTE_ADDR="192.0.2.1")
    assert elsewhere.status_code == 302


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(rf: RequestFactory, settings: Settings) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}, REMOTE_ADDR="10.0.0.1")
    assert client_address(request) == "10.0.0.1"
    settings.HTTPS = True
    assert client_address(request) == "198.51.100.7"


#: Pages that need no sign-in.
_PUBLIC = {
    "/health/",
    "/health/live",
    "/health/ready",
    "/accounts/login/",
    "/accounts/link/",
    "/accounts/link/chosen/",
    "/accounts/link/x/x/",
}


def _pages(patterns: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and address of every page, with 1 for each number and x for each word."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _pages(pattern.url_patterns, route)
        elif "(?P" not in route:
            address = re.sub(r"<(\w+):\w+>", lambda kind: "1" if kind[1] == "int" else "x", route)
            yield pattern.name or route, f"/{address}"


@pytest.mark.django_db
def test_every_page_requires_sign_in(client: Client) -> None:
    pages = set(_pages(get_resolver().url_patterns))
    names = {name for name, _ in pages}
    assert names >= {"home", "case_list", "unknown_citations", "letter_original", "export_list", "profile"}
    assert {address for _, address in pages} >= _PUBLIC
    for name, address in pages:
        response = client.get(address)
        if response.status_code == 405:  # it accepts forms only
            response = client.post(address)
        if address.startswith("/accounts/oidc/x/") or name in {"calendar_feed", "metrics"}:
            assert response.status_code == 404, "no such identity provider or secret address, and metrics are off"
        elif address.startswith("/api/v1/"):
            assert response.status_code == 401, name
        elif name == "ready":
            assert response.status_code == 503, "no worker runs for this test"
        elif address in _PUBLIC:
            assert response.status_code == 200, name
        else:
            assert response.status_code == 302, (name, address, response.status_code)
            assert "/login/" in response.headers["Location"], name


@pytest.mark.django_db
def test_a_session_lasts_while_its_user_is_active_and_ends_when_idle(
    as_casemanager: Client, people: People, settings: Settings
) -> None:
    def ends_at() -> datetime:
        return Session.objects.get().expire_date

    first = ends_at()
    people.casemanager.last_login = timezone.now() - timedelta(minutes=6)
    people.casemanager.save()
    as_casemanager.get("/")
    later = ends_at()
    assert later > first
    as_casemanager.get("/")
    assert ends_at() == later
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert as_casemanager.get("/").status_code == 302


def test_every_static_file_that_a_template_names_exists() -> None:
    names = {
        (name, template.name)
        for template in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r"{%\s*static\s+['\"]([^'\"]+)['\"]", template.read_text())
    }
    assert names
    assert not [named for named in names if find(named[0]) is None]


def test_a_kept_secret_is_never_read_in_part(tmp_path: Path) -> None:
    """Concurrent readers all get the same complete value, and no temporary file is left."""
    file = tmp_path / "new" / "secret"
    with ThreadPoolExecutor(8) as pool:
        read = set(pool.map(lambda _: env.kept_secret(file), range(40)))
    assert len(read) == 1
    assert len(read.pop()) >= 50
    assert [path.name for path in file.parent.iterdir()] == ["secret"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert env.kept_secret(tmp_path / "password", "chosen") == "chosen"
