"""Columns of what staff added to a case: owner, status, tags."""

from typing import ClassVar, Protocol

import django_tables2 as tables
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from determinations.models import CaseWork, WorkStatus
from determinations.tables.base import ListTable
from determinations.tables.cells import quiet

WORK_COLUMNS: tuple[str, ...] = ("owner", "status", "tags")


class WorkRow(Protocol):
    """A row of a list with the work on its case; None if nothing was done with it."""

    work: CaseWork | None


class WorkColumns(ListTable):
    """Columns that every list of cases or items may show."""

    renders_rows: ClassVar[bool] = True

    owner = tables.Column(verbose_name="Owner", empty_values=())
    status = tables.Column(verbose_name="Status", empty_values=())
    tags = tables.Column(verbose_name="Tags", empty_values=())

    def render_owner(self, record: WorkRow) -> SafeString | str:
        """The owner's user name."""
        owner = record.work.owner if record.work else None
        return owner.get_username() if owner else quiet("no one")

    def render_status(self, record: WorkRow) -> SafeString:
        """How far the office is with the case."""
        status = WorkStatus(record.work.status) if record.work else WorkStatus.NEW
        if status is WorkStatus.NEW:
            return quiet(str(status.label).lower())
        return format_html('<span class="badge is-plain">{}</span>', status.label)

    def render_tags(self, record: WorkRow) -> SafeString:
        """The tags of the case."""
        tags = record.work.tags if record.work else []
        return format_html_join(" ", '<span class="badge is-plain">{}</span>', ((tag,) for tag in tags))
