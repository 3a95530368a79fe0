"""``manage.py write_data_set``: all cases, items, citations and grounds as tables for analysts."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from determinations.access import audit
from determinations.browsing.workbooks import TooManyRows
from determinations.datasets.files import Format, write_data_set
from determinations.datasets.whole import written_whole
from determinations.models.clock import database_now


class Command(BaseCommand):
    """For operators; users ask for the same under *Exports*."""

    help = "Write all cases, items, citations and grounds into a new folder, with a dictionary of their columns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where, in which format, and whether de-identified."""
        parser.add_argument("folder", type=Path, help="a folder that does not exist yet")
        parser.add_argument("--format", default=Format.PARQUET.value, choices=[form.value for form in Format])
        parser.add_argument("--deidentified", action="store_true", help="without what could identify a patient")

    def handle(self, *, folder: Path, format: str, deidentified: bool, **options: object) -> None:
        """Write everything beside the folder first, so that the folder is whole once it is there."""
        try:
            with written_whole(folder) as beside:
                written = write_data_set(beside, Format(format), deidentified=deidentified)
        except TooManyRows:
            raise CommandError("There are more rows than an Excel sheet holds. Choose parquet or csv.") from None
        except FileExistsError:
            raise CommandError(f"{folder} exists already. Nothing was written; name a new folder.") from None
        except (OSError, DatabaseError) as fault:
            raise CommandError(f"The data set could not be written ({fault}). Nothing was left behind.") from fault
        audit.record(
            "data_set.written", by=None, at=database_now(), letter_ids=written.letters, format=format,
            deidentified=deidentified, rows=written.rows,
        )  # fmt: skip
        for name, rows in written.rows.items():
            self.stdout.write(f"{name:<10} {rows:>12,} rows")
        self.stdout.write(f"Written to {folder}.")
