"""Writes this host's column file anew: the facts that statistics count, by column."""

import time
from argparse import ArgumentParser

import duckdb
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from determinations.statistics.columns import files, keeping


class Command(BaseCommand):
    """``build_columns``."""

    help = (
        "Write the column file of this host anew from PostgreSQL (imrsite/deploy/columns.md). Statistics are answered "
        "meanwhile. Workers keep it current; --watch does so where none runs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's own options."""
        parser.add_argument(
            "--watch",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="then look for changes this often",
        )

    def handle(self, *args: object, watch: float, **options: object) -> None:
        """Write it, and keep it current."""
        if not settings.COLUMN_ENGINE:
            raise CommandError("The column engine is off: set COLUMN_ENGINE=yes.")
        started = time.monotonic()
        try:
            written = keeping.keep_columns(anew=True)
        except (OSError, duckdb.Error, MemoryError) as fault:
            raise CommandError(
                f"{files.folder()} cannot be written ({type(fault).__name__}: {fault}). PostgreSQL counts meanwhile."
            ) from fault
        if written is None:
            raise CommandError("Another process writes the column file of this folder now: nothing was done.")
        self.stdout.write(
            f"{written.items:,} items in {files.size_of(written.name) / 1e6:,.1f} MB, "
            f"{time.monotonic() - started:,.1f} seconds."
        )
        while watch:
            time.sleep(watch)
            keeping.keep_quietly()
