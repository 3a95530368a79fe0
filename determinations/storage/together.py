"""Does several things that wait for a network at the same time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
#: Requests of one process to a network service at once.
AT_ONCE = 8


def together(function: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """The results, in order. The first exception is raised when what had begun is done; the rest is not begun."""
    waiting = list(things)
    if len(waiting) < 2:
        return [function(thing) for thing in waiting]
    with ThreadPoolExecutor(min(AT_ONCE, len(waiting))) as threads:
        futures = [threads.submit(function, thing) for thing in waiting]
        try:
            return [future.result() for future in futures]
        finally:
            threads.shutdown(wait=True, cancel_futures=True)
