"""``benchmark_export``: rows per second of exports of a million items, as a worker writes them, and their memory.

The newest items of the current database are written to the store of letters through the code of the worker: rights,
rows, encryption. What it writes into the database is rolled back, and the file is deleted.
"""

import resource
import time
from argparse import ArgumentParser

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.http import urlencode

from determinations.access.scope import EVERYTHING, within
from determinations.browsing.exports import open_export, write_export
from determinations.models import Export, ItemFact
from determinations.models.browsing import ExportFormat, ExportState, ListName
from determinations.storage.files import exports_area

_USER = "benchmark-export"
_FORMATS = (ExportFormat.CSV, ExportFormat.XLSX)


class Command(BaseCommand):
    """Measures exports of many items."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many rows, in which format."""
        parser.add_argument("--rows", type=int, default=1_000_000, help="approximate number of rows (default 1000000)")
        parser.add_argument("--format", choices=[str(form) for form in _FORMATS], help="only this format")

    def handle(self, *args: object, rows: int, format: str | None, **options: object) -> None:
        """Measure each format; the memory of the later one is the most of both."""
        if rows < 1:
            raise CommandError("--rows must be at least 1.")
        if User.objects.filter(username=_USER).exists():
            raise CommandError(f"A user named {_USER} already exists. Rename it; this command creates one.")
        for form in _FORMATS:
            if format in (None, form):
                self._measure(rows, form)

    def _measure(self, rows: int, form: ExportFormat) -> None:
        with transaction.atomic():
            user = User.objects.create(username=_USER)
            user.groups.set([Group.objects.get(name="admin")])
            export = Export.objects.create(
                by=user, list_name=ListName.ITEMS, format=form, query=_newest(rows), requested_at=timezone.now()
            )
            began, worked = time.monotonic(), time.process_time()
            try:
                write_export(export.pk, now=timezone.now)
                seconds, processor = time.monotonic() - began, time.process_time() - worked
                export.refresh_from_db()
                if export.state != ExportState.READY or not export.rows:
                    raise CommandError(f"Nothing was exported: {export.message or 'there are no items'}.")
                with open_export(export) as file:
                    size = sum(len(part) for part in iter(lambda: file.read(1_000_000), b""))
            finally:
                exports_area().delete(export.store_name.removeprefix("exports/"))
            transaction.set_rollback(True)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.stdout.write(
            f"{form.upper()}: {export.rows:,} rows, {size / 1e6:,.1f} MB in {seconds:,.1f} s: "
            f"{export.rows / seconds:,.0f} rows/s ({export.rows / processor:,.0f} per second of this process's "
            f"processor time), {most:,.0f} MB of memory at most"
        )


def _newest(rows: int) -> str:
    """The filter of so many items, or a few more: those decided on one day are not divided."""
    with within(EVERYTHING):
        dates = ItemFact.objects.exclude(decision_date=None).order_by("-decision_date")
        last = dates.values_list("decision_date", flat=True)[rows - 1 : rows].first()
    return urlencode({"decided_from": last.isoformat()}) if last else ""
