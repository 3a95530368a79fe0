"""``manage.py move_store --to s3://bucket/prefix``: moves all stored files to a bucket, or back to a folder."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from determinations.storage.moving import MoveRefused, Progress, move
from imrsite.store_address import Bucket, read_location


class Command(BaseCommand):
    """Copies while letters arrive, then switches; a run that was stopped is continued by the next one."""

    help = (
        "Copy letters, page pictures, exports and documents to another bucket or folder, compare them, and make that "
        "the letter store of this database. Web servers and workers may run meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("--to", required=True, metavar="URL", help="s3://bucket/prefix, or a folder: /srv/letters")

    def handle(self, *, to: str, **options: object) -> None:
        """Move, with a line now and then, and say what to change afterwards."""
        try:
            target = read_location("--to", to, like=settings.STORE_BUCKET)
            progress = Progress()
            for number, progress in enumerate(move(target)):
                if number % 20 == 0:
                    self.stdout.write(f"Round {progress.rounds}: {progress.copied:,} files copied.")
        except ImproperlyConfigured as fault:
            raise CommandError(str(fault)) from None
        except MoveRefused as refusal:
            raise CommandError(str(refusal)) from None
        except OSError as fault:
            raise CommandError(
                f"A place cannot be used ({fault.strerror or type(fault).__name__}). Nothing was switched: run the "
                "command again to continue."
            ) from fault
        self.stdout.write(
            f"{progress.files:,} files, {progress.bytes:,} bytes are in {target}, compared by SHA-256. In "
            f"{progress.rounds} rounds, {progress.copied:,} were copied and {progress.deleted:,} deleted."
        )
        setting = f"STORE_URL={target}" if isinstance(target, Bucket) else f"DATA_DIR={target}, without STORE_URL"
        self.stdout.write(f"Set {setting} on every host and restart web servers, workers and the scheduler.")
        self.stdout.write("Until then they neither receive nor read letters. Then delete the files of the old place.")
