"""The rules that tools check: style, types, and which module may import which.

``manage.py check_code`` and the tests run the same list, side by side; ``manage.py fix_code`` repairs what can be
repaired automatically.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imrsite.local.bootstrap import ROOT


@dataclass(frozen=True, slots=True)
class Tool:
    """One command-line tool of the environment, without its Python: ``-m ruff check .``."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool reported."""

    tool: Tool
    passed: bool
    output: str


#: It makes little garbage, and looking for it takes a tenth of the time.
_MYPY = "import gc; gc.disable(); gc.enable = lambda: None; from mypy.__main__ import console_entry; console_entry()"
CHECKS = (
    Tool("mypy", ("-c", _MYPY, ".")),
    Tool("imports", ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")),
    Tool("ruff check", ("-m", "ruff", "check", ".")),
    Tool("ruff format", ("-m", "ruff", "format", "--check", ".")),
)


def fixes(paths: Sequence[str]) -> list[Tool]:
    """The tools that repair files: the first removes what is unused and sorts imports, the second formats."""
    return [
        Tool("ruff check --fix", ("-m", "ruff", "check", "--fix", *paths)),
        Tool("ruff format", ("-m", "ruff", "format", *paths)),
    ]


def run_together(tools: Sequence[Tool]) -> Iterator[Outcome]:
    """Start all tools at once and yield their outcomes in the order given."""
    with tempfile.TemporaryDirectory(prefix="imrsite-check-") as folder:
        running = [(tool, _start(tool, folder)) for tool in tools]
        for tool, process in running:
            output, _ = process.communicate()
            yield Outcome(tool, process.returncode == 0, output)


def run_in_turn(tools: Sequence[Tool]) -> Iterator[Outcome]:
    """Run one tool after the other: each may change the files that the next one reads."""
    for tool in tools:
        yield from run_together([tool])


def _start(tool: Tool, folder: str) -> subprocess.Popen[str]:
    """mypy's Django plugin imports the test settings, which keep their files in ``folder``."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "IMRSITE_TEST_DIR": folder,
        "NO_COLOR": "1",
    }
    return subprocess.Popen(
        [sys.executable, *tool.arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
