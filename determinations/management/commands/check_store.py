"""``manage.py check_store``: is every letter's file there, whole, and of a letter?"""

import json
import re
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from determinations.intake.store_check import StoreCheck, check_files
from determinations.intake.store_health import StoreUnavailable, store_obstacle

_WORDS = (
    ("missing", "missing from the letter store"),
    ("damaged", "damaged: not the bytes that were received"),
    ("unreadable", "encrypted with a key that is not configured"),
    ("without_row", "of no letter, for more than a day"),
)


class Command(BaseCommand):
    """Reads every file; a large store can be checked in parts."""

    help = "Compare every letter's stored file with its SHA-256, and the letter store with the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From where, and how far."""
        parser.add_argument("--from", dest="begin", default="00", metavar="FOLDER", help="continue with this folder")
        parser.add_argument("--limit", type=int, default=0, help="stop after about so many files")
        parser.add_argument("--seconds", type=float, default=0.0, help="stop after about so many seconds")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *, begin: str, limit: int, seconds: float, json: bool, **options: object) -> None:
        """Print what is wrong; any fault fails the command."""
        if not re.fullmatch(r"[0-9a-f]{2}", begin):
            raise CommandError("A folder has two digits from 00 to ff.")
        if obstacle := store_obstacle():
            raise CommandError(str(StoreUnavailable(obstacle)))
        result = check_files(begin=begin, most=limit, seconds=seconds)
        self._print(result, as_json=json)
        if result.faults:
            raise CommandError(f"{result.faults} faults. Upload missing and damaged files again to restore them.")

    def _print(self, result: StoreCheck, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(asdict(result) | {"faults": result.faults}))
            return
        for kind, words in _WORDS:
            for name in getattr(result, kind):
                self.stdout.write(f"{name}: {words}")
        if result.more:
            self.stdout.write(f"and {result.more} more")
        self.stdout.write(f"{result.files:,} files, {result.bytes:,} bytes were read.")
        if result.next:
            self.stdout.write(f"Continue with --from {result.next}")
