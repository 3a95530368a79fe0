"""Limits on requests: timeouts with a clear message, numbers of files, and locked accounts."""

import os
import resource
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from redis import Redis
from redis.connection import parse_url
from redis.exceptions import RedisError

from determinations.api import rates
from imrsite import limits
from imrsite.cache_backend import KeptClientCache
from imrsite.urls import urlpatterns as pages

pytestmark = pytest.mark.django_db


def slow(request: HttpRequest) -> HttpResponse:
    """A page with a statement that exceeds its timeout of 10 ms."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 10")
        cursor.execute("SELECT pg_sleep(30)")
    return HttpResponse()


urlpatterns = [path("slow/", slow), *pages]


@pytest.mark.urls("tests.safety.test_limits")
@pytest.mark.usefixtures("broker")
def test_a_request_that_times_out_says_to_try_again(as_casemanager: Client) -> None:
    answer = as_casemanager.get("/slow/")
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.content.decode()
    assert answer.headers["Retry-After"] == "60"


def test_statements_time_out_in_web_requests_but_not_in_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    options = limits.database_options({"sslmode": "require", "options": "-c jit=off"}, 60)
    assert options["options"] == "-c jit=off -c statement_timeout=60s -c lock_timeout=20s"
    assert options["sslmode"] == "require"
    assert limits.database_options({"sslmode": "require"}, 0) == {"sslmode": "require"}
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",), "tests, workers and commands set none"


def test_a_form_accepts_no_more_files_than_a_process_can_open() -> None:
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert limits.files_of_one_upload(10) == 10
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (600, most))
        assert limits.files_of_one_upload(1_000) == 1_000, "the soft limit is raised"
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 1_512
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    if most != resource.RLIM_INFINITY:
        assert limits.files_of_one_upload(most) == most - 512
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))


def test_a_cache_that_does_not_respond_times_out(tmp_path: Path, settings: Any) -> None:
    """A server whose kernel takes connections, and which never responds."""
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf.sock"))
        deaf.listen()
        options = {**settings.CACHES["default"]["OPTIONS"], "socket_timeout": 0.05}
        cache = KeptClientCache(f"unix://{tmp_path}/deaf.sock", {"OPTIONS": options})
        with pytest.raises(RedisError):
            cache.get("anything")
        cache.close()
    assert settings.CACHES["default"]["OPTIONS"]["socket_timeout"] <= 2


class _LosingProxy:
    """Passes everything on to the cache's server, but breaks the connection instead of the next answer to ``lost``."""

    def __init__(self, address: str, path: str) -> None:
        self.lost = b""
        self._server = urlsplit(address)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._forward, args=(client, self._connected()), daemon=True).start()

    def _connected(self) -> socket.socket:
        if self._server.scheme == "unix":
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server.path)
            return server
        return socket.create_connection((self._server.hostname, self._server.port or 6379))

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            while data := client.recv(65_536):
                server.sendall(data)
                answer = server.recv(65_536)
                if self.lost and self.lost in data:
                    self.lost = b""
                    return
                client.sendall(answer)


def test_a_count_whose_answer_is_lost_is_not_repeated(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, broker: None
) -> None:
    """redis-py runs a command again whose answer is lost, and the cache asks it to (findings/redis-py-...)."""
    location = str(settings.CACHES["default"]["LOCATION"])
    proxy = _LosingProxy(location, str(tmp_path / "losing.sock"))
    own = {name: value for name, value in parse_url(location).items() if name in ("db", "username", "password")}
    options = {**settings.CACHES["default"]["OPTIONS"], **own}
    for name in ("socket_keepalive", "socket_keepalive_options"):  # of TCP
        options.pop(name, None)
    cache = KeptClientCache(f"unix://{tmp_path}/losing.sock", {"OPTIONS": options})
    settings.API_REQUESTS_PER_MINUTE = 10
    monkeypatch.setattr(rates, "cache", cache)
    token = 10**12 + os.getpid()
    try:
        first = rates.count_request(token)
        assert first is not None
        proxy.lost = b"INCR"
        assert rates.count_request(token) is None, "it is unknown whether it was counted"
        assert proxy.lost == b""
        third = rates.count_request(token)
        assert third is not None
        assert first.left - third.left == 2, "the request whose answer was lost counts once"
        proxy.lost = b"EXISTS"
        fourth = rates.count_request(token)
        assert fourth is not None, "whether there is a number is asked again"
        assert proxy.lost == b""
        assert third.left - fourth.left == 1
        proxy.lost = b"GET"
        assert cache.get("nothing") is None, "reading is repeated"
        assert proxy.lost == b""
    finally:
        cache.close()
        proxy.close()


def test_the_cache_makes_no_client_for_each_key(monkeypatch: pytest.MonkeyPatch, broker: None) -> None:
    made = []
    make = Redis.__init__

    def count(self: Redis, **options: Any) -> None:
        made.append(self)
        make(self, **options)

    monkeypatch.setattr(Redis, "__init__", count)
    cache = caches.create_connection("default")
    cache.set("one", 1)
    assert (cache.get("one"), cache.get("two"), cache.get_many(["one"])) == (1, None, {"one": 1})
    assert len(made) == 1
