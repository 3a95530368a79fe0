"""`manage.py demo` from start to end: real servers, a real worker, the page over HTTP, and kills."""

import contextlib
import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from imrsite.local.embedded import addresses
from tests.fixtures import ROOT

pytestmark = pytest.mark.slow

PASSWORD = "only for this test"
Demo = subprocess.Popen[str]
StartDemo = Callable[..., Demo]


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def start_demo(state_dir: Path, tmp_path: Path) -> Iterator[StartDemo]:
    """Start a demo; whatever is left of it is killed at the end of the test."""
    started: list[Demo] = []

    def start(*options: str) -> Demo:
        own = ("IMRSITE_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "DATA_DIR", "FILE_KEYS", "SECRET_KEY")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        command = [
            sys.executable,
            "manage.py",
            "demo",
            "--state-dir",
            str(state_dir),
            "--password",
            PASSWORD,
            *options,
        ]
        started.append(
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment | {"IMRSITE_NO_BOOTSTRAP": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield start
    for demo in started:
        for pid in [demo.pid, *_descendants(demo.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        demo.wait()
        if demo.stdout is not None:
            demo.stdout.close()


def _read_until(demo: Demo, pattern: str) -> str:
    """What the demo prints, up to the line that matches."""
    assert demo.stdout is not None
    output = ""
    too_long = threading.Timer(300, demo.kill)
    too_long.start()
    try:
        for line in demo.stdout:
            output += line
            if re.search(pattern, line):
                return output
    finally:
        too_long.cancel()
    pytest.fail(f"the demo ended without printing {pattern!r}:\n{output}")


def _address(said: str) -> str:
    found = re.search(r"imrsite is ready: (\S+)", said)
    assert found
    return found[1]


def _descendants(pid: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: list[int] = []
    wanted = [pid]
    while wanted:
        parent = wanted.pop()
        children = [child for child, its_parent in parents.items() if its_parent == parent]
        found += children
        wanted += children
    return found


def _wait_until_gone(pids: list[int]) -> None:
    give_up_at = time.monotonic() + 30
    while left := [pid for pid in pids if _is_alive(pid)]:
        assert time.monotonic() < give_up_at, f"left over: {left}"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait_for(address: str) -> None:
    give_up_at = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError):
            assert urllib.request.urlopen(address, timeout=10).read() == b"ok"
            return
        assert time.monotonic() < give_up_at, "the web server does not answer again"
        time.sleep(0.05)


def _sign_in(address: str, username: str) -> urllib.request.OpenerDirector:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{address}accounts/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": username, "password": PASSWORD}
    answer = browser.open(f"{address}accounts/login/", urllib.parse.urlencode(form).encode())
    assert answer.url == address
    return browser


def test_the_demo_shows_letters_and_survives_kills(start_demo: StartDemo, state_dir: Path) -> None:
    demo = start_demo("--letters", "12")
    said = _read_until(demo, r"^\d+ letters: ")
    assert PASSWORD in said
    for username in ("casemanager", "supervisor", "admin"):
        browser = _sign_in(_address(said), username)
    stylesheet = re.search(r"/static/css/base\.[0-9a-f]+\.css", browser.open(_address(said)).read().decode())
    assert stylesheet, "static files do not carry their fingerprint"
    assert re.search('What runs there">[^<]*web server', browser.open(f"{_address(said)}status/").read().decode())

    web_server = next(
        pid for pid in _descendants(demo.pid) if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(web_server, signal.SIGKILL)
    _read_until(demo, "The web server stopped unexpectedly and was restarted")
    _wait_for(f"{_address(said)}health/")

    second = start_demo()
    assert f"already running on {state_dir} (process {demo.pid}, {_address(said)})" in second.communicate()[0]
    assert second.returncode == 1

    family = _descendants(demo.pid)
    assert len(family) >= 8  # two servers with their own processes, web server, worker with two children, scheduler
    demo.kill()
    _wait_until_gone(family)

    again = start_demo("--letters", "12")
    said = _read_until(again, r"^\d+ letters: ")
    _sign_in(_address(said), "casemanager")
    with psycopg.connect(addresses(state_dir).database_url) as connection:
        assert connection.execute("SELECT count(*) FROM determinations_uploadedfile").fetchone() == (12,)
    family = _descendants(again.pid)
    again.send_signal(signal.SIGINT)
    assert "Stopping" in again.communicate(timeout=60)[0]
    assert again.returncode == 0
    _wait_until_gone(family)


def test_a_taken_port_is_reported_in_one_sentence(start_demo: StartDemo, state_dir: Path) -> None:
    """Reported before anything is downloaded or started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        demo = start_demo("--port", str(taken.getsockname()[1]))
        said = demo.communicate(timeout=60)[0]
    assert demo.returncode == 1
    assert not state_dir.exists()
    assert re.fullmatch(r"imrsite: Port \d+ on 127.0.0.1 cannot be used \(.*\): choose another with --port.*\n", said)


def test_an_unreachable_external_server_is_reported_in_one_sentence(
    start_demo: StartDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "5")
    environment = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "SECRET_KEY": "x" * 50}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default", "--tag", "database"],
        cwd=ROOT,
        env=os.environ | environment | {"IMRSITE_NO_BOOTSTRAP": "1", "DJANGO_SETTINGS_MODULE": "imrsite.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1
    assert "No PostgreSQL answers at DATABASE_URL" in checked.stderr
