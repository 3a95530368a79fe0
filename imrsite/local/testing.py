"""`manage.py test`: pytest with everything it needs; its arguments are passed on unchanged."""

import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from imrsite.local.bootstrap import ROOT, keep_bytecode

#: Four processes for two cores, since many tests wait for a worker or a browser. A process that has finished takes
#: over what others have left.
_SHARED = ("--numprocesses", "4", "--dist", "worksteal")
#: Options that say how much to report, or which marks to run, but choose no test.
_CHOOSES_NO_TEST = re.compile(r"-q+|-v+|-x|-m.*|--durations=\d+|--maxfail=\d+|--tb=\w+|--color=\w+")


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # the tests have settings of their own
    os.chdir(ROOT)
    keep_bytecode(ROOT / ".state" / "bytecode")
    shared = _SHARED if runs_everything(arguments) else ()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *shared, *arguments])


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
