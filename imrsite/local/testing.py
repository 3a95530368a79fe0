"""`manage.py test`: pytest with everything it needs; its arguments are passed on unchanged."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from imrsite.local.bootstrap import ROOT, keep_bytecode

#: Four processes for two cores, since many tests wait for a worker or a browser. A process that has finished takes
#: over what others have left.
_SHARED = ("--numprocesses", "4", "--dist", "worksteal")
#: Set for pytest when all tests have been compiled a moment ago.
COMPILED = "IMRSITE_TESTS_COMPILED"
#: Options that say how much to report, or which marks to run, but choose no test.
_CHOOSES_NO_TEST = re.compile(r"-q+|-v+|-x|-m.*|--durations=\d+|--maxfail=\d+|--tb=\w+|--color=\w+")


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # the tests have settings of their own
    os.chdir(ROOT)
    keep_bytecode(ROOT / ".state" / "bytecode")
    shared = _SHARED if runs_everything(arguments) else ()
    if shared and not are_compiled(ROOT / "tests"):
        compile_tests(ROOT / "tests")
        os.environ[COMPILED] = "yes"
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *shared, *arguments])


def are_compiled(tests: Path) -> bool:
    """Whether pytest has kept bytecode of the tests, in which it rewrites their assertions."""
    kept = Path(sys.pycache_prefix, *tests.parts[1:]) if sys.pycache_prefix else tests / "__pycache__"
    return any(kept.glob("*-pytest-*.pyc"))


def compile_tests(tests: Path) -> None:
    """Have a process per core collect its share of the tests, which keeps their bytecode and that of what they import.

    Otherwise each of the four would compile all of it: in a new checkout 22 s of processor time each, 7 if it is kept.
    What cannot be collected is reported by the run itself.
    """
    folders = sorted(str(folder) for folder in tests.iterdir() if any(folder.glob("test_*.py")))
    shares = min(os.cpu_count() or 1, 4)
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-qq"]
    commands = [[*collect, *folders[share::shares]] for share in range(shares)]
    for process in [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]:
        process.wait()


def runs_everything(arguments: Sequence[str]) -> bool:
    """Whether the arguments leave the choice of tests to their marks, so that sharing them among processes pays.

    Paths, names (``-k``) and anything not known here run in one process, as pytest users expect.
    """
    rest = iter(arguments)
    for argument in rest:
        if not _CHOOSES_NO_TEST.fullmatch(argument):
            return False
        if argument == "-m":
            next(rest, None)
    return True
