"""Looks at a source in processes that are killed: started by ``test_killed.py`` with the number of the source.

Django is set up once. A process is forked for each point, does a look, and kills itself there with SIGKILL.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from determinations.arrivals import kinds, looking, taking  # noqa: E402
from determinations.arrivals.connections import Connection, Item  # noqa: E402
from determinations.intake.store import LetterStore  # noqa: E402
from determinations.models import ArrivalSource  # noqa: E402
from determinations.models.clock import database_now  # noqa: E402


def kill() -> None:
    """End this process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after(calls: int, work: Callable[..., Any]) -> Callable[..., Any]:
    """The work, which ends the process right after so many calls."""
    left = [calls]

    def counted(*arguments: Any, **named: Any) -> Any:
        result = work(*arguments, **named)
        left[0] -= 1
        if left[0] == 0:
            kill()
        return result

    return counted


class KilledHalfway:
    """A connection that ends the process while it writes the bytes of a file."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def fetch(self, item: Item, target: Any) -> None:
        """Write half of it."""
        target.write(b"half")
        kill()


def halfway() -> None:
    """In the middle of a download."""
    opened = kinds.open_source
    looking.open_source = lambda source: KilledHalfway(opened(source))  # type: ignore[attr-defined]


def stored() -> None:
    """When the bytes are stored and no row is."""
    LetterStore.keep = kill_after(1, LetterStore.keep)  # type: ignore[method-assign]


def noted() -> None:
    """In the transaction, when all rows are written."""
    taking._note = kill_after(1, taking._note)


def committed() -> None:
    """When the rows are committed, and nothing is moved."""
    taking._put_aside = lambda *details: kill()


def moved_one() -> None:
    """When one file is moved, and its row is still there."""
    opened = kinds.open_source

    def open_source(source: ArrivalSource) -> Connection:
        connection = opened(source)
        connection.put_aside = kill_after(1, connection.put_aside)  # type: ignore[method-assign]
        return connection

    looking.open_source = open_source  # type: ignore[attr-defined]


def moved_one_again() -> None:
    """The same in the next look, which moves what the one before took."""
    moved_one()


if __name__ == "__main__":
    source_id, settings.ARRIVAL_ROOTS = int(sys.argv[1]), sys.argv[2:]
    taking.SETTLED_AFTER = timedelta(0)
    for point in (halfway, stored, noted, committed, moved_one, moved_one_again):
        child = os.fork()
        if child == 0:
            point()
            ArrivalSource.objects.filter(pk=source_id).update(due_at=database_now())
            list(looking.look_at(source_id, seconds=60))
            os._exit(3)  # it was not killed
        _, status = os.waitpid(child, 0)
        print(point.__name__, os.WTERMSIG(status) if os.WIFSIGNALED(status) else "ended", flush=True)
    connections.close_all()
