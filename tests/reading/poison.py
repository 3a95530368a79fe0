"""Loaded into a worker by tests: letters that kill the process that reads them, or take long."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from determinations.parsing import parse_letter
from determinations.reading import one_letter


def poisonable(text: str, **details: Any) -> Any:
    """As the real one, save for letters that ask for a fault."""
    if "(poison)" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    if "(memory)" in text:
        raise MemoryError
    if "(slow)" in text and not _seen_before():
        time.sleep(60)
    return parse_letter(text, **details)


def _seen_before() -> bool:
    mark = Path(os.environ["IMRSITE_TEST_DIR"]) / "slow letter seen"
    seen = mark.exists()
    mark.touch()
    return seen


setattr(one_letter, "parse_letter", poisonable)  # noqa: B010 - it is not exported
