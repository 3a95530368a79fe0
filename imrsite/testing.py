"""`manage.py test`: pytest with everything it needs; its own words and options come through as they are."""

import os
import subprocess
import sys
from collections.abc import Sequence

from imrsite.bootstrap import ROOT


def run_tests(arguments: Sequence[str]) -> int:
    """Run pytest in a process of its own and return its exit code."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment)  # noqa: S603
