"""The soak run, small: a few faults in a real stack of its own cost nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures import ROOT
from tests.infra.test_commands import own_environment


@pytest.mark.slow
def test_a_few_faults_cost_nothing(tmp_path: Path) -> None:
    """Four faults in one burst, the last of them a host that is lost without a word: its session must be noticed."""
    run = subprocess.run(
        [sys.executable, "manage.py", "soak", "--faults", "4", "--burst", "4", "--seed", "21", "--letters", "4",
         "--kinds", "kill a worker child,unmount the store,terminate sessions,lose a host"],
        cwd=ROOT, env=own_environment(tmp_path), capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    total = re.search(r"^all +4 +0 +0 +0 +0 +0 +([\d.]+) +([\d.]+)$", run.stdout, re.MULTILINE)
    assert total, run.stdout
    assert re.search(r"[1-9]\d* letters, \d+ corrections, .*; seed 21\.", run.stdout)
    assert re.search(r"^Compared at the end: [1-9]\d* accepted files", run.stdout, re.MULTILINE)
    if "for want of a network namespace" in run.stdout:
        pytest.skip("This machine allows no network namespace: no host could be lost.")
    assert "terminate sessions, unmount the store, kill a worker child, lose a host" in run.stdout


def test_an_unknown_kind_of_fault_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "soak", "--kinds", "nonsense"],
        cwd=ROOT, env=own_environment(Path("/nowhere")), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "there is no fault 'nonsense'" in run.stderr
