"""A connection whose other side has vanished is noticed on both sides."""

import select
import socket
import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError

from imrsite import broker, keepalive
from imrsite.celery import app


@pytest.fixture
def port(db: None) -> Iterator[int]:
    """A TCP port that leads to the test database, which itself may listen on a Unix socket only."""
    with socket.create_server(("127.0.0.1", 0)) as relay:
        thread = threading.Thread(target=_relay, args=(relay,))
        thread.start()
        yield relay.getsockname()[1]
        thread.join()


def _relay(relay: socket.socket) -> None:
    """Pass one connection on, in both directions, until either side closes."""
    host, number = connection.settings_dict["HOST"], connection.settings_dict["PORT"] or 5432
    server = socket.socket(socket.AF_UNIX if host.startswith("/") else socket.AF_INET)
    client, _ = relay.accept()
    with client, server:
        server.connect(f"{host}/.s.PGSQL.{number}" if host.startswith("/") else (host, int(number)))
        other = {client: server, server: client}
        while True:
            for source in select.select([client, server], [], [])[0]:
                data = source.recv(65_536)
                if not data:
                    return
                other[source].sendall(data)


def test_our_side_of_a_database_connection_sends_probes(port: int) -> None:
    parameters = {**connection.get_connection_params(), "host": "127.0.0.1", "port": port}
    with psycopg.connect(**parameters) as session, socket.socket(fileno=session.pgconn.socket) as ours:
        assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == keepalive.IDLE
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == keepalive.UNANSWERED
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000
        ours.detach()


def test_the_server_side_is_told_to_send_probes_and_to_stop_statements_of_vanished_clients(db: None) -> None:
    options = settings.DATABASES["default"]["OPTIONS"]["options"]
    assert "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3" in options
    assert "-c idle_in_transaction_session_timeout=120s" in options
    with connection.cursor() as cursor:
        cursor.execute("SHOW client_connection_check_interval")
        assert cursor.fetchone() == ("5s",)
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("20min",), "tests have more time"


def test_redis_connections_send_probes_where_they_are_tcp() -> None:
    over_network = keepalive.for_redis("rediss://cache.example.org/1")
    assert over_network["socket_keepalive"]
    assert over_network["socket_keepalive_options"] == {
        socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 3, socket.TCP_KEEPCNT: 3, socket.TCP_USER_TIMEOUT: 15_000,
    }  # fmt: skip
    assert keepalive.for_redis("unix:///run/valkey.sock") == {"health_check_interval": 5}
    assert app.conf.broker_transport_options["health_check_interval"] == 5


def test_a_broker_that_is_away_is_tried_every_few_seconds_however_long_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the number of tries that workers and the scheduler ask for."""
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda seconds: None)
    pauses: list[float] = []

    class EnoughSeen(Exception):
        pass

    def failed(fault: Exception, pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 150:
            raise EnoughSeen

    away = app.connection_for_read("redis://127.0.0.1:9/0")
    with pytest.raises(EnoughSeen):
        away.ensure_connection(failed, app.conf.broker_connection_max_retries)
    assert (pauses[:4], max(pauses)) == ([1, 2, 3, 4], broker.LONGEST)
    with pytest.raises(OperationalError):
        app.connection_for_read("redis://127.0.0.1:9/0").ensure_connection(None, 0)


def test_what_the_address_says_wins() -> None:
    assert keepalive.for_database({"keepalives_idle": "99", "options": "-c jit=off"})["keepalives_idle"] == "99"
    assert keepalive.for_database({"options": "-c jit=off"})["options"].endswith("-c jit=off")
