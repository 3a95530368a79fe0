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
    run = subprocess.run(
        [sys.executable, "manage.py", "soak", "--faults", "3", "--seed", "1", "--letters", "4",
         "--kinds", "kill a worker child,unmount the store,terminate sessions"],
        cwd=ROOT, env=own_environment(tmp_path), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    total = re.search(r"^all +3 +0 +0 +0 +0 +0 +([\d.]+) +([\d.]+)$", run.stdout, re.MULTILINE)
    assert total, run.stdout
    assert re.search(r"[1-9]\d* letters, \d+ corrections, .*; seed 1\.", run.stdout)


def test_an_unknown_kind_of_fault_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "manage.py", "soak", "--kinds", "nonsense"],
        cwd=ROOT, env=own_environment(Path("/nowhere")), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "there is no fault 'nonsense'" in run.stderr
