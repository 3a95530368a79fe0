"""Commands that start servers of their own, each run small."""

import json
import os
import re
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from imrsite.local.processor_share import NoShare, ProcessorShare
from imrsite.local.testing import runs_everything
from tests.fixtures import ROOT
from tests.fixtures.worker import child_environment


def own_environment(state_dir: Path) -> dict[str, str]:
    """That of a user who set nothing but the state folder."""
    own = ("IMRSITE_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "DATA_DIR", "FILE_KEYS", "SECRET_KEY")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return environment | {"IMRSITE_NO_BOOTSTRAP": "1", "IMRSITE_STATE_DIR": str(state_dir)}


def on_servers_of_tests(folder: Path) -> dict[str, str]:
    """That of a benchmark whose servers are running."""
    return child_environment() | {"IMRSITE_NO_BOOTSTRAP": "1", "IMRSITE_BENCHMARK_DIR": str(folder)}


@pytest.mark.parametrize(
    ("arguments", "shared"),
    [
        ("", True),
        ("-m|not browser and not slow", True),
        ("-q|--durations=20|-m|slow", True),
        ("tests/parsing", False),
        ("-k|citations", False),
        ("-m|slow|tests/infra", False),
        ("--pdb", False),
    ],
)
def test_everything_is_shared_among_processes_and_a_choice_is_not(arguments: str, shared: bool) -> None:
    assert runs_everything([word for word in arguments.split("|") if word]) == shared


@pytest.mark.slow
def test_services_run_until_interrupted(tmp_path: Path) -> None:
    services = subprocess.Popen(
        [sys.executable, "manage.py", "services"],
        cwd=ROOT,
        env=own_environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert services.stdout is not None
    database_url, redis_url = services.stdout.readline(), services.stdout.readline()
    assert redis_url.startswith("REDIS_URL=unix://")
    with psycopg.connect(database_url.strip().removeprefix("DATABASE_URL=")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    services.send_signal(signal.SIGINT)
    assert services.communicate(timeout=60)[0].endswith("Stopped.\n")
    assert services.returncode == 0


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db", "no_worker")
def test_benchmark_ingest_measures_the_path_from_upload_to_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the servers of the tests; that such a command starts its own is seen with ``benchmark_hosts``."""
    servers = json.dumps({"postgres": connection.cursor().connection.info.backend_pid})
    for name, value in (on_servers_of_tests(tmp_path) | {"IMRSITE_BENCHMARK_SERVERS": servers}).items():
        monkeypatch.setenv(name, value)
    printed = StringIO()
    call_command("benchmark_ingest", letters=4, workers=1, warm_up=2, parts=2, stdout=printed)
    said = printed.getvalue()
    for line in ("bare pdfium, one process:", "share of bare pdfium:", "text, end to end:", "of such files, ratio:"):
        assert line in said
    for role in ("upload", "workers", "reading children", "postgres"):
        assert f"{role} " in said.split("processor time per letter:")[1].splitlines()[0]
    assert said.count("(4 letters, 4 cases") == 3


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db", "no_worker")
def test_benchmark_scans_measures_how_much_scans_delay_other_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the servers of the tests, and in this process, from which its workers have their environment."""
    for name, value in on_servers_of_tests(tmp_path).items():
        monkeypatch.setenv(name, value)
    printed = StringIO()
    call_command("benchmark_scans", scans=1, rounds=1, letters=2, stdout=printed)
    for line in ("scans waiting:", "upload of 2, scans at work:", "ratio:"):
        assert line in printed.getvalue()


@pytest.mark.slow
def test_benchmark_hosts_measures_what_more_hosts_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Hosts and servers are started by this process, and the command by another one, inside."""
    environment = own_environment(tmp_path)
    for name in os.environ.keys() - environment.keys():
        monkeypatch.delenv(name)
    words = ["benchmark_hosts", "--letters", "4", "--processes", "1", "--share", "0.5"]
    monkeypatch.setattr(sys, "argv", ["manage.py", *words])
    try:
        call_command(*words)
    except CommandError as error:
        reason = f"{error} {capfd.readouterr().err}"
        if re.search("No host can be simulated: (no network|no control|processor time)", reason):
            pytest.skip("This machine allows no network namespace or no control group.")
        pytest.fail(reason)
    said = capfd.readouterr().out
    for row in ("1 host of 1 process:", "2 hosts of 1 process:"):
        assert re.search(rf"^{row} +[\d.]+ letters/s; [\d.]+ times one process; database", said, re.MULTILINE)
    assert said.count("(4 letters, 4 cases") == 2


def test_a_share_of_a_processor_is_a_quota_of_its_control_group(tmp_path: Path) -> None:
    """Of both versions of control groups, in a folder like theirs."""
    (tmp_path / "first" / "cpu" / "mine").mkdir(parents=True)
    first, second = tmp_path / "first" / "cpu" / "mine", tmp_path / "second" / "mine"
    first.joinpath("cpu.cfs_quota_us").touch()
    ProcessorShare(first).lift()
    assert (first / "cpu.cfs_quota_us").read_text() == "-1"
    ProcessorShare(first).limit(0.25)
    second.parent.mkdir()
    share = ProcessorShare.create("mine", groups=second.parent)
    share.limit(0.5)
    assert [(first / name).read_text() for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us")] == ["5000", "20000"]
    assert (second / "cpu.max").read_text() == "10000 20000"
    with pytest.raises(NoShare, match="no control group can be made"):
        ProcessorShare.create("mine", groups=second.parent)
    (second / "cpu.max").unlink()  # the kernel's files go with their folder
    share.close()
    assert not second.exists()
