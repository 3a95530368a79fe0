"""Tries work in a child process of its own, to see whether it crashes.

A letter whose worker ended while reading it may have crashed it, or may have been there by chance when the worker was
killed. If it crashes a child that does nothing else, it is the letter.
"""

import contextlib
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path

from determinations.extraction.confine import limit
from determinations.extraction.results import LIMITS

#: The child may have been killed by someone else too: it has to crash this often in a row.
_TRIES = 2


def crashes(work: Callable[[], object], *, seconds: float) -> bool:
    """Whether the work crashes every child that tries it. Exceptions and slow work are no crash."""
    return all(_crashes_once(work, seconds) for _ in range(_TRIES))


def _crashes_once(work: Callable[[], object], seconds: float) -> bool:
    pid = os.fork()
    if pid == 0:
        _try(work)
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.WIFSIGNALED(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def _try(work: Callable[[], object]) -> None:
    """Run in the child, which ends here: nothing of the parent's is closed or written."""
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        limit(_own_size() + LIMITS.memory_bytes)
        with contextlib.suppress(Exception):
            work()
    finally:
        os._exit(0)


def _own_size() -> int:
    """The address space of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
