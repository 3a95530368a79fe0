"""``help_pictures``: takes the pictures of the help pages anew, in light and dark, from a running demo.

Start ``manage.py demo`` first and wait until its letters are read. Only synthetic letters are shown: the command
refuses a database that holds others. It needs Chromium.
"""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from determinations.help.pictures import PICTURES
from determinations.management.picture_taking import NoPictures, check_synthetic, places, sessions, take


class Command(BaseCommand):
    """Writes the pictures."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the demo answers, which pictures, and where they go."""
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="address of the running demo")
        parser.add_argument("--only", default="", help="names of pictures, separated by commas; default: all")
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "static", help="folder of static files")

    def handle(self, *args: object, url: str, only: str, folder: Path, **options: object) -> None:
        """Take them, and say how large they are."""
        names = only.split(",") if only else list(PICTURES)
        if unknown := sorted(set(names) - PICTURES.keys()):
            raise CommandError(f"There is no picture {', '.join(unknown)}. Choose from: {', '.join(PICTURES)}.")
        pictures = [PICTURES[name] for name in names]
        total = 0
        try:
            check_synthetic()
            found = places() if any("{" in picture.address for picture in pictures) else {}
            cookies = sessions(sorted({picture.user for picture in pictures}))
            for name, size in take(pictures, url, found, cookies, folder):
                total += size
                self.stdout.write(f"{name:32} {size / 1000:6.1f} kB")
        except NoPictures as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(f"{2 * len(pictures)} files, {total / 1000:.0f} kB")
