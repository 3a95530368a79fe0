"""`manage.py test`: pytest with everything it needs; its own words and options come through as they are."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from imrsite.local.bootstrap import ROOT, keep_bytecode


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest. A choice of tests runs in one process, as pytest users expect; all together run in three, since
    many wait for a worker or a browser, and whoever is done takes over what others have left."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # the tests have settings of their own
    os.chdir(ROOT)
    keep_bytecode(ROOT / ".state" / "bytecode")
    command = [sys.executable, "-m", "pytest", *(arguments or ["--numprocesses", "3", "--dist", "worksteal"])]
    os.execv(sys.executable, command)
