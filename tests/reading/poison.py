"""Loaded into a worker by tests: letters that kill the process that reads them, or take long."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from determinations.parsing import parse_file
from determinations.parsing.source import SourceText
from determinations.reading import one_letter


def poisonable(source: SourceText, *details: Any) -> Any:
    """Like the real parser, except on letters that ask for a fault."""
    text = source.text
    if "(poison)" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    if "(memory)" in text:
        raise MemoryError
    if "(slow)" in text and not _seen_before():
        time.sleep(60)
    return parse_file(source, *details)


def _seen_before() -> bool:
    mark = Path(os.environ["IMRSITE_TEST_DIR"]) / "slow letter seen"
    seen = mark.exists()
    mark.touch()
    return seen


setattr(one_letter, "parse_file", poisonable)  # noqa: B010 - it is not exported
