"""Columns of what staff added to a case: owner, status, tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from django.db.models import Model
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from determinations.models import WorkStatus
from determinations.tables.base import Column, ListTable
from determinations.tables.cells import quiet
from determinations.wording.markup import markup

_NO_OWNER = markup('<span class="quiet nowrap">{}</span>', "no one")
_NO_TAGS = SafeString()
WORK_COLUMNS: tuple[str, ...] = ("owner", "status", "tags")


@dataclass(frozen=True, slots=True)
class Work:
    """What staff added to the case of a row."""

    owner: str = ""
    status: WorkStatus = WorkStatus.NEW
    tags: Sequence[str] = ()

    @classmethod
    def of(cls, row: Model) -> "Work":
        """The work that a row was read with (``browsing.lists.with_work``), if any."""
        status = getattr(row, "work_status", None)
        if not status:
            return NO_WORK
        owner, tags = (getattr(row, f"work_{name}", None) for name in ("owner", "tags"))
        return cls(owner or "", WorkStatus(status), tags or ())


NO_WORK = Work()


class WorkRow(Protocol):
    """A row of a list with the work on its case."""

    work: Work


class WorkColumns(ListTable):
    """Columns that every list of cases or items may show."""

    renders_rows: ClassVar[bool] = True

    owner = Column(verbose_name="Owner", empty_values=())
    status = Column(verbose_name="Status", empty_values=())
    tags = Column(verbose_name="Tags", empty_values=())

    def render_owner(self, record: WorkRow) -> SafeString | str:
        """The owner's user name."""
        return record.work.owner or _NO_OWNER

    def render_status(self, record: WorkRow) -> SafeString:
        """How far the office is with the case."""
        status = record.work.status
        if status is WorkStatus.NEW:
            return quiet(str(status.label).lower())
        return markup('<span class="badge is-plain">{}</span>', status.label)

    def render_tags(self, record: WorkRow) -> SafeString:
        """The tags of the case."""
        if not record.work.tags:
            return _NO_TAGS
        return format_html_join(" ", '<span class="badge is-plain">{}</span>', ((tag,) for tag in record.work.tags))
