"""``manage.py watch``: counts figures, looks for alarms and sends them, until it is stopped."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections

from determinations.models.clock import database_now
from determinations.operations import watching


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

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
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
