"""A hot standby of the run's PostgreSQL, and a pooler in front of it, one of each for all tests of a process."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as conf
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker

from determinations.replica.looking import left_alone
from imrsite.connections import DIRECT, REPLICA
from imrsite.local.postgres import Cluster, _give_to_postgres, program_folder, user_prefix
from imrsite.local.processes import spawn, stop_process_now
from tests.access.test_offices_apart import offices, other
from tests.api.conftest import bearer

__all__ = ["bearer", "offices", "other"]


@dataclass
class Standby:
    """The standby, and what a test does to it."""

    cluster: Cluster
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> None:
        """Start one with a new copy of the primary.

        One that was killed is not started again: the log that it replays once more names databases that other tests
        have dropped since, which without ``fsync`` and ``full_page_writes`` may end it.
        """
        shutil.rmtree(self.cluster.folder, ignore_errors=True)
        subprocess.run(
            [
                program_folder() / "pg_basebackup", "-h", conf.EMBEDDED.sockets, "-U", "imrsite",
                "-D", self.cluster.folder, "--checkpoint=fast", "--write-recovery-conf", "--no-sync", "--no-manifest",
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        with (self.cluster.folder / "postgresql.auto.conf").open("a") as file:
            file.write("hot_standby_feedback = on\n")
        self.process = self.cluster.start()
        until = time.monotonic() + 30
        while not self.cluster.answers():
            assert self.runs, self.cluster.log.read_text()[-2_000:]
            assert time.monotonic() < until
            time.sleep(0.02)

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        assert self.process is not None
        stop_process_now(self.process)

    def ask(self, sql: str, *values: object) -> Any:
        """The first column of the answer, by a connection of its own."""
        name = connection.settings_dict["NAME"]
        with psycopg.connect(host=str(self.cluster.sockets), user="imrsite", dbname=name, autocommit=True) as direct:
            row = direct.execute(sql, values).fetchone()
            return row[0] if row else None

    def pause(self) -> None:
        """Everything that was committed is there; from here on nothing more arrives."""
        self.catch_up()
        self.ask("SELECT pg_wal_replay_pause()")
        self._wait("SELECT pg_get_wal_replay_pause_state() = 'paused'")

    def resume(self) -> None:
        self.ask("SELECT pg_wal_replay_resume()")
        self.catch_up()

    def catch_up(self) -> None:
        """Wait until it has replayed everything."""
        self._wait("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", self.flush())

    def flush(self) -> str:
        """Have the primary write its log out, which the servers of tests do a moment after a commit."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_logical_emit_message(false, 'tests', '', true)::text")
            position: str = cursor.fetchone()[0]
        return position

    def _wait(self, question: str, *values: object) -> None:
        until = time.monotonic() + 30
        while not self.ask(question, *values):
            assert time.monotonic() < until, question
            time.sleep(0.02)


@pytest.fixture(scope="module")
def _standby(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Standby]:
    primary = conf.EMBEDDED.sockets
    if not conf.DATABASES["default"]["HOST"].startswith(str(primary)):
        pytest.skip("a standby is made of the embedded PostgreSQL alone")
    with tempfile.TemporaryDirectory(prefix="imrsite-standby-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o711)
        (folder / "sockets").mkdir(mode=0o700)
        standby = Standby(Cluster(folder / "data", folder / "sockets", folder / "log", durable=False))
        standby.start()
        yield standby
        standby.kill()


@pytest.fixture
def standby(
    _standby: Standby,
    transactional_db: None,
    django_db_blocker: DjangoDbBlocker,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> Iterator[Standby]:
    """The standby as the settings name it."""
    _allow(REPLICA, django_db_blocker, monkeypatch)
    _standby.catch_up()
    connections.settings[REPLICA] = {
        **connections.settings["default"],
        "HOST": str(_standby.cluster.sockets),
        "CONN_HEALTH_CHECKS": False,
    }
    settings.REPLICA_MAX_LAG_SECONDS = 3_600  # however slow the machine is
    try:
        yield _standby
    finally:  # however the test ended: others know no replica
        connections[REPLICA].close()
        del connections[REPLICA]
        del connections.settings[REPLICA]
        left_alone.end()
    if _standby.runs:
        _standby.resume()
    else:
        _standby.start()


#: What the pooler sets in every session, since no client can.
_LIMITS = "SET statement_timeout = 60000; SET imrsite.tests_empty_tables = yes"


@pytest.fixture(scope="module")
def _pooler(django_db_setup: None) -> Iterator[Path]:
    """PgBouncer in transaction mode with two sessions, in a folder of sockets."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        assert "IMRSITE_BROWSER_REQUIRED" not in os.environ, "apt install pgbouncer"
        pytest.skip("pgbouncer is not installed")
    database = conf.DATABASES["default"]
    with tempfile.TemporaryDirectory(prefix="imrsite-pooler-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o711)
        (folder / "users.txt").write_text('"imrsite" ""\n')
        (folder / "pgbouncer.ini").write_text(f"""
[databases]
{database["NAME"]} = host={database["HOST"]} connect_query='{_LIMITS}'
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
unix_socket_mode = 0777
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 2
max_client_conn = 50
logfile = {folder}/log
""")
        _give_to_postgres(folder)
        process = spawn(
            [program, str(folder / "pgbouncer.ini")], log=folder / "out", dies_by="INT", before=user_prefix()
        )
        until = time.monotonic() + 10
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None, (folder / "out").read_text()
            assert time.monotonic() < until
            time.sleep(0.02)
        yield folder
        stop_process_now(process)


@pytest.fixture
def pooled(
    _pooler: Path, transactional_db: None, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Statements go through the pooler, as with ``POOLER_URL``."""
    _allow(DIRECT, django_db_blocker, monkeypatch)
    settings = connections.settings["default"]
    before = dict(settings)
    connection.close()
    connections.settings[DIRECT] = before
    options = {name: value for name, value in before["OPTIONS"].items() if name != "options"}
    settings |= {"HOST": str(_pooler), "PORT": "6432", "DISABLE_SERVER_SIDE_CURSORS": True, "OPTIONS": options}
    yield
    connections[DIRECT].close()
    connection.close()
    del connections[DIRECT]
    del connections.settings[DIRECT]
    settings |= before | {"DISABLE_SERVER_SIDE_CURSORS": before.get("DISABLE_SERVER_SIDE_CURSORS", False)}


def _allow(alias: str, blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test use a database that was not there when it began."""
    limited = BaseDatabaseWrapper.ensure_connection
    free: Any = blocker._real_ensure_connection

    def ensure_connection(database: BaseDatabaseWrapper) -> None:
        (free if database.alias == alias else limited)(database)

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", ensure_connection)
