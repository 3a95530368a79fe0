"""``manage.py watch``: counts figures, looks for alarms and sends them, until it is stopped."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections

from determinations.models.clock import database_now
from determinations.operations import watching
from determinations.operations.hosts import WATCH, forget, keep_reporting


@contextmanager
def _ends_at_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set ``stop``, as long as the block runs."""

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Command(BaseCommand):
    """A small process beside web server and workers, which sees when these do not run."""

    help = "Look for alarms every minute and tell administrators of them, on pages and by e-mail."
    requires_system_checks: list[str] = []  # it must start, and tell, while the database is away

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How often, and how many times."""
        parser.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="between two looks (60)")
        parser.add_argument("--looks", type=int, default=0, help="stop after so many looks (default: never)")

    def handle(self, *, every: float, looks: int, **options: object) -> None:
        """Look until told to stop."""
        stop = threading.Event()
        with _ends_at_signals(stop):
            keep_reporting(WATCH, stop)
            self._look_until(stop, every, looks)
            stop.set()
        forget(WATCH)

    def _look_until(self, stop: threading.Event, every: float, looks: int) -> None:
        database = watching.DatabaseWatch()
        done = 0
        while not stop.is_set():
            try:
                watching.look(now=database_now())
                database.answered()
            except DatabaseError as fault:
                connections.close_all()
                database.did_not_answer(fault)
            done += 1
            if looks and done >= looks:
                break
            stop.wait(every)
