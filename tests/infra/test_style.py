"""The rules that tools can check: style, types, and which module may import which."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-m", "ruff", "check", "."], id="ruff"),
        pytest.param(["-m", "ruff", "format", "--check", "."], id="ruff format"),
        pytest.param(["-m", "mypy", "."], id="mypy"),
        pytest.param(["-c", "from importlinter.cli import lint_imports_command as lint; lint()"], id="import-linter"),
    ],
)
def test_the_code_follows_its_rules(command: list[str]) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "NO_COLOR": "1"}
    checked = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, f"{checked.stdout}\n{checked.stderr}"
