"""The embedded servers: real programs, started, killed and started again."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from imrsite.local.embedded import AlreadyRunning, Services
from imrsite.local.processes import processes_of
from imrsite.local.wheels import ServiceError
from tests.fixtures import ROOT

pytestmark = pytest.mark.slow

HOLDER = """
import signal, sys
from pathlib import Path
from imrsite.local.embedded import Services
services = Services(Path(sys.argv[1]))
services.start()
print("ready", flush=True)
signal.pause()
"""


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A state folder whose path is longer than a socket's path may be."""
    return tmp_path / ("a long name with spaces " * 5) / "state"


def _query(services: Services, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(services.addresses.database_url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def test_both_servers_answer_on_private_sockets_only(state_dir: Path) -> None:
    with Services(state_dir) as services:
        assert _query(services, "SHOW listen_addresses") == [("",)]
        assert _query(services, "SHOW server_encoding") == [("UTF8",)]
        assert redis.Redis.from_url(services.addresses.redis_url).config_get("port") == {"port": "0"}
        assert services.addresses.sockets.stat().st_mode & 0o777 == 0o700
    assert not services.addresses.sockets.exists()
    assert processes_of(state_dir / "postgres") == processes_of(state_dir / "valkey") == []


def test_a_killed_supervisor_leaves_no_process_and_loses_no_row(state_dir: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(state_dir)], cwd=ROOT, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"ready\n"
    services = Services(state_dir)
    with pytest.raises(AlreadyRunning, match=f"already running on .* \\(process {holder.pid}\\)"):
        services.start()
    _query(services, "CREATE TABLE kept AS SELECT 1 AS one")
    redis.Redis.from_url(services.addresses.redis_url).set("kept", 1)

    holder.kill()
    holder.communicate()
    give_up_at = time.monotonic() + 20
    while processes_of(state_dir / "postgres") + processes_of(state_dir / "valkey"):
        assert time.monotonic() < give_up_at, "a server outlived its supervisor"
        time.sleep(0.05)

    with services:
        assert _query(services, "SELECT one FROM kept") == [(1,)]
        assert redis.Redis.from_url(services.addresses.redis_url).exists("kept")


def test_killed_servers_start_again(state_dir: Path) -> None:
    services = Services(state_dir)
    services.start()
    _query(services, "CREATE TABLE kept AS SELECT 1 AS one")
    for process in services.processes.values():
        os.kill(process.pid, signal.SIGKILL)
    while not services.ended():
        time.sleep(0.01)
    services.stop()
    (state_dir / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{state_dir}/postgres\n0\n5432\n\n\n")
    with services:
        assert _query(services, "SELECT one FROM kept") == [(1,)]


def test_files_of_another_version_are_not_touched(state_dir: Path) -> None:
    (state_dir / "postgres").mkdir(parents=True)
    (state_dir / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(ServiceError, match="created by PostgreSQL 14, but PostgreSQL 18 is installed"):
        Services(state_dir).start()


def test_an_unwritable_state_folder_is_reported_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceError, match="choose another with --state-dir"):
        Services(tmp_path / "file" / "state").start()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can run PostgreSQL as another user")
def test_root_without_namespaces_runs_postgresql_as_nobody(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from imrsite.local import postgres

    with Services(state_dir) as services:
        _query(services, "CREATE TABLE kept AS SELECT 1 AS one")
    package = postgres.program_folder().parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, state_dir.parent / part.name, copy_function=os.link, symlinks=True)
    programs = state_dir.parent / package.name / "pginstall" / "bin"
    monkeypatch.setattr(postgres, "program_folder", lambda: programs)
    state_dir.parent.chmod(0o700)  # as /root is
    monkeypatch.setattr(postgres, "IN_NAMESPACE", ("false",))
    postgres.user_prefix.cache_clear()
    try:
        with services:
            assert _query(services, "SELECT one FROM kept") == [(1,)]
            assert Path(f"/proc/{services.processes['postgres'].pid}").stat().st_uid == postgres.NOBODY
        with Services(state_dir.parent / "another") as fresh:
            assert _query(fresh, "SELECT 1") == [(1,)]
    finally:
        postgres.user_prefix.cache_clear()
