"""``load_synthetic N``: fills the database with synthetic letters for benchmarks.

All letters differ: facts and texts have the spread of the statewide figures from 2014 to 2024. Each letter is written,
parsed and merged as an upload is, and its rows are those that reading its file would have written; they are copied
into the tables in bulk, and large indexes are built at the end. The files themselves are not stored. Run again with a
larger number, or after it was stopped, it writes what is missing.
"""

import os
import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from determinations.filling.fill import build_indexes, fill
from determinations.synthetic.letters import MOST_LETTERS


class Command(BaseCommand):
    """Loads synthetic letters."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many letters to load, and how many processes write them."""
        parser.add_argument("count", type=int, help="how many synthetic letters the database is to hold")
        parser.add_argument(
            "--jobs",
            type=int,
            default=max(2, len(os.sched_getaffinity(0))),
            help="processes that write letters and build indexes (default: as many as cores, at least 2)",
        )
        parser.add_argument(
            "--without-indexes", action="store_true", help="leave dropped indexes to a later run, which adds more"
        )

    def handle(self, *args: object, count: int, jobs: int, without_indexes: bool, **options: object) -> None:
        """Write letters, then build indexes."""
        if count > MOST_LETTERS:
            raise CommandError(f"At most {MOST_LETTERS:,} synthetic letters differ.")
        began = time.monotonic()
        for progress in fill(count, jobs):
            self._say(f"{progress.letters:,} of {count:,} letters, {progress.per_second:,.0f} per second ")
        filled = time.monotonic()
        if without_indexes:
            self.stdout.write(f"\nFilled in {filled - began:,.0f} seconds; indexes are built by the next run.")
            return
        for name in build_indexes(jobs):
            self._say(f"{name} finished after {time.monotonic() - filled:,.0f} seconds".ljust(79))
        self.stdout.write(
            f"\n{count:,} letters, filled in {filled - began:,.0f} seconds, indexed and analyzed in "
            f"{time.monotonic() - filled:,.0f}."
        )

    def _say(self, words: str) -> None:
        self.stdout.write(f"\r{words}", ending="")
        self.stdout.flush()
