"""Values from the environment, and what every answer carries."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client

from imrsite import env


@pytest.mark.django_db
def test_health_answers_without_signing_in(client: Client) -> None:
    response = client.get("/health/")
    assert response.content == b"ok"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_the_database_is_postgresql_15_or_newer() -> None:
    assert connection.vendor == "postgresql"
    assert connection.pg_version >= 150_000  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_roles_are_there_after_a_test_that_committed(run: int) -> None:
    from django.contrib.auth.models import Group

    assert set(Group.objects.values_list("name", flat=True)) == {"case manager", "supervisor", "admin"}


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
    ],
)
def test_a_bad_value_is_one_sentence_that_says_how_to_mend_it(
    monkeypatch: pytest.MonkeyPatch, reader: object, value: str, says: str
) -> None:
    monkeypatch.setenv("A_SETTING", value)
    with pytest.raises(ImproperlyConfigured, match="A_SETTING") as raised:
        reader("A_SETTING")  # type: ignore[operator]
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


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
