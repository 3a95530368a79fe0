"""Encrypts all stored files with the current key: also those of older keys, and those that are not encrypted yet.

With ``none`` in front of the keys it decrypts them all.
"""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from determinations.intake.store_health import StoreUnavailable, check_store
from determinations.storage.keys import key_ring
from determinations.storage.places import StoreFault
from determinations.storage.rotation import BATCH, NoCurrentKey, Progress, rotate


class Command(BaseCommand):
    """``rotate_file_key``."""

    help = (
        "Encrypt letters, page pictures and exports with the first key of FILE_KEYS; decrypt them if it is 'none'. "
        "Workers and web servers may run meanwhile; a run that was stopped is continued by the next one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's own options."""
        parser.add_argument("--batch", type=int, default=BATCH, help=f"files per step (default: {BATCH})")

    def handle(self, *args: object, batch: int, **options: object) -> None:
        """Run to the end, with a line now and then."""
        progress = Progress()
        try:
            check_store()
            for number, progress in enumerate(rotate(batch=max(1, batch))):
                if number == 0:
                    self.stdout.write(f"{progress.left:,} files are to be {_done()}.")
                elif number % 20 == 0:
                    self.stdout.write(f"{progress.written:,} {_done()}, {progress.left:,} left.")
        except NoCurrentKey:
            raise CommandError("No key is configured: set FILE_KEYS (imrsite/deploy/encryption.md).") from None
        except StoreUnavailable as fault:
            raise CommandError(str(fault)) from None
        except StoreFault as fault:
            raise CommandError(f"Stopped: {fault.strerror}. Run the command again to continue.") from fault
        self._report(progress)

    def _report(self, progress: Progress) -> None:
        self.stdout.write(f"{progress.written:,} {_done()}, {progress.left:,} left.")
        if progress.damaged:
            self.stderr.write(f"{len(progress.damaged):,} are damaged and were left as they are: upload them again.")
        if progress.without_key:
            raise CommandError(f"{progress.without_key:,} need a key that is not in FILE_KEYS: add it and run again.")
        for name in progress.released:
            self.stdout.write(f"No file needs the key {name} any longer: remove it from FILE_KEYS.")


def _done() -> str:
    return "decrypted" if key_ring().turned_off else "encrypted"
