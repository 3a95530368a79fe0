"""A report of statistics as an export of a user: requested on a page or by a schedule, written by a worker."""

import shutil
from collections.abc import MutableSequence
from datetime import date, datetime
from typing import BinaryIO

from django.contrib.auth.models import User
from django.utils import timezone

from determinations.browsing.exports import scratch_folder
from determinations.models import Export
from determinations.models.browsing import REPORT, ExportFormat
from determinations.reports.contents import Contents, contents_of
from determinations.reports.definition import Definition
from determinations.reports.pdf import as_pdf
from determinations.reports.special_sections import BUILD
from determinations.reports.tables import write_csv, write_workbook

#: The formats of reports of statistics.
FORMATS = (ExportFormat.PDF, ExportFormat.XLSX, ExportFormat.CSV)


def export_of(definition: Definition, form: str, *, by: User, now: datetime, on: date) -> Export:
    """An export, not saved yet, of a report as of the day ``on``."""
    fixed = definition.on(on)
    return Export(
        by=by, list_name=REPORT, format=form, title=fixed.title, query=fixed.filters.urlencode(),
        definition=fixed.as_json(), requested_at=now,
    )  # fmt: skip


def counted(definition: Definition, user: User, *, now: datetime) -> Contents:
    """A report with its numbers, as a user sees it whose scope is entered already."""
    local = timezone.localtime(now)
    return contents_of(definition.on(local.date()), user, special=BUILD, now=local)


def write_report(export: Export, file: BinaryIO, seen: MutableSequence[int]) -> int:
    """Write the report as its user may see it now; returns the number of rows of its tables. It counts, and names no
    letter, so none are ``seen``."""
    contents = counted(Definition.of(export.definition), export.by, now=export.requested_at)
    if export.format == ExportFormat.CSV:
        return write_csv(file, contents)
    if export.format == ExportFormat.XLSX:
        with scratch_folder() as folder:
            rows = write_workbook(folder / "report.xlsx", contents)
            with (folder / "report.xlsx").open("rb") as plain:
                shutil.copyfileobj(plain, file, 1024 * 1024)
        return rows
    file.write(as_pdf(contents, author=export.by.get_full_name() or export.by.get_username()))
    return sum(len(section.rows) for section in contents.sections)
