"""Looks at sources in processes that are killed: started by ``test_servers.py`` with the IDs of the sources.

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

from django.conf import settings  # noqa: E402 - after Django is set up
from django.db import connections  # noqa: E402 - after Django is set up
from django.utils.module_loading import import_string  # noqa: E402 - after Django is set up

from determinations.arrivals import bucket, kinds, looking, storing, taking  # noqa: E402 - after Django is set up
from determinations.arrivals.connections import Connection  # noqa: E402 - after Django is set up
from determinations.intake.store import LetterStore  # noqa: E402 - after Django is set up
from determinations.models import ArrivalSource  # noqa: E402 - after Django is set up
from determinations.models.clock import database_now  # noqa: E402 - after Django is set up


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


class HalfWritten:
    """A file in which the first part is written by half when the process ends."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def write(self, part: bytes) -> None:
        """Write half of it."""
        self._target.write(part[: len(part) // 2])
        kill()


def at_each(name: str, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Change a method of each connection that is opened from now on."""
    opened = kinds.open_source

    def open_source(source: ArrivalSource) -> Connection:
        connection = opened(source)
        setattr(connection, name, change(getattr(connection, name)))
        return connection

    looking.open_source = open_source  # type: ignore[attr-defined] # replaced in this process


def halfway() -> None:
    """In the middle of a download."""
    at_each("fetch", lambda fetch: lambda item, target: fetch(item, HalfWritten(target)))


def stored() -> None:
    """When the bytes are stored and no row is."""
    LetterStore.keep = kill_after(1, LetterStore.keep)  # type: ignore[method-assign] # replaced in this process


def noted() -> None:
    """In the transaction, when all rows are written."""
    storing.note_taken = kill_after(1, storing.note_taken)


def committed() -> None:
    """When the rows are committed, and nothing is moved."""
    taking._put_aside = lambda *details: kill()


def moved_one() -> None:
    """When one file is moved, and its row is still there."""
    at_each("put_aside", lambda put_aside: kill_after(1, put_aside))


def moved_one_again() -> None:
    """The same in the next look, which moves what the one before took."""
    moved_one()


def copied() -> None:
    """When an object is copied aside, and still where it was; files and messages are moved at once."""
    opened = bucket._client_of

    def client_of(options: dict[str, str], secret: str) -> Any:
        client = opened(options, secret)
        # Replaced in this process.
        client.copy_object = kill_after(1, client.copy_object)  # type: ignore[method-assign]
        return client

    bucket._client_of = client_of
    moved_one()


POINTS = (halfway, stored, noted, committed, copied, moved_one, moved_one_again)

if __name__ == "__main__":
    source_ids, settings.ARRIVAL_ROOTS = sys.argv[1].split(","), sys.argv[2:]
    settings.ARRIVAL_HOSTS = ["127.0.0.1"]
    taking.SETTLED_AFTER = timedelta(0)
    for kind in kinds.KINDS.values():
        import_string(f"determinations.arrivals.{kind.opener}")  # once, instead of in each process
    for source_id in source_ids:
        for point in POINTS:
            child = os.fork()
            if child == 0:
                point()
                ArrivalSource.objects.filter(pk=source_id).update(due_at=database_now())
                list(looking.look_at(int(source_id), seconds=60))
                os._exit(3)  # it was not killed
            _, status = os.waitpid(child, 0)
            print(source_id, point.__name__, os.WTERMSIG(status) if os.WIFSIGNALED(status) else "ended", flush=True)
    connections.close_all()
