"""`manage.py test`: pytest with everything it needs; its own words and options come through as they are."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from imrsite.bootstrap import ROOT


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest. All tests together run in two processes; a choice of them runs in one, as pytest users expect."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # the tests have settings of their own
    os.chdir(ROOT)
    command = [sys.executable, "-m", "pytest", *(arguments or ["--numprocesses", "2"])]
    os.execv(sys.executable, command)  # noqa: S606
