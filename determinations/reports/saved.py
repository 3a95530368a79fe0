"""Saved reports: which a user sees, and how one is stored, renamed, copied and shared."""

from datetime import date, datetime

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import QueryDict

from determinations.access import audit
from determinations.access.roles import role_of
from determinations.browsing.lists import LISTS
from determinations.filters import filters_only
from determinations.models import Export, SavedReport, SavedView
from determinations.models.browsing import ExportFormat, ListName
from determinations.reports.definition import BrokenDefinition, Definition
from determinations.reports.exported import FORMATS, export_of

#: Reports of one user.
MOST_REPORTS = 100
LONGEST_NAME = 80


class ReportRefused(Exception):
    """Why a report was not saved or made, for its user."""


def may_have(user: User, list_name: str) -> bool:
    """Whether the user may see what a report of statistics, or of a list's rows, has, and have it as a file."""
    content = "browse_cases" if list_name else "view_statistics"
    return user.has_perms([f"determinations.{content}", "determinations.export_cases"])


def reports_of(user: User) -> QuerySet[SavedReport]:
    """The reports that a user sees: their own, and those shared with their role."""
    role = role_of(user)
    own = SavedReport.objects.filter(Q(by=user) | Q(role=role) & ~Q(role="")).select_related("by")
    if not may_have(user, ""):
        own = own.exclude(list_name="")
    return own if may_have(user, ListName.CASES) else own.filter(list_name="")


def formats_of(report: SavedReport) -> tuple[ExportFormat, ...]:
    """The formats of a report: rows of a list have no PDF."""
    return (ExportFormat.XLSX, ExportFormat.CSV) if report.list_name else FORMATS


def definition_of(report: SavedReport) -> Definition:
    """What a saved report has. Raises ``ReportRefused`` if what is stored of it cannot be read."""
    try:
        return Definition.of(report.definition)
    except BrokenDefinition:
        raise ReportRefused(
            f"“{report.name}” cannot be made: what is stored of it cannot be read. Its owner can open it, choose its "
            "content again and save it."
        ) from None


def readable_definition(report: SavedReport) -> Definition | None:
    """What a saved report has; None if what is stored of it cannot be read."""
    try:
        return Definition.of(report.definition)
    except BrokenDefinition:
        return None


def create(definition: Definition, *, by: User, now: datetime, list_name: str = "") -> SavedReport:
    """Save a new report under its title, or the title with a number. Raises ``ReportRefused``."""
    names = set(SavedReport.objects.filter(by=by).values_list("name", flat=True))
    if len(names) >= MOST_REPORTS:
        raise ReportRefused(f"You have {MOST_REPORTS} reports, which is the limit. Delete some first.")
    name = _free_name(definition.title, names)
    report = SavedReport.objects.create(
        by=by, name=name, list_name=list_name, definition=_titled(definition, name), saved_at=now
    )
    audit.record("saved_report.created", by=by, at=now, report=report.pk)
    return report


def of_view(view: SavedView, *, by: User, now: datetime) -> SavedReport:
    """Save a report of the rows of a saved view, with its filters and order as they are now; dates that move with
    the day move in the report, too."""
    definition = Definition(title=view.name, sections=()).of_selection(QueryDict(view.query))
    return create(definition, by=by, now=now, list_name=view.list_name)


def change(report: SavedReport, definition: Definition, *, by: User, now: datetime) -> None:
    """Store what a report has from now on. Raises ``ReportRefused`` if another has its title."""
    others = SavedReport.objects.filter(by=report.by, name=definition.title).exclude(pk=report.pk)
    if others.exists():
        raise ReportRefused("You already have a report with this title.")
    SavedReport.objects.filter(pk=report.pk).update(
        name=definition.title, definition=definition.as_json(), saved_at=now
    )
    audit.record("saved_report.changed", by=by, at=now, report=report.pk)


def share(report: SavedReport, role: str, *, by: User, now: datetime) -> None:
    """Show a report to the users of a role too; to its owner alone if there is none."""
    SavedReport.objects.filter(pk=report.pk).update(role=role)
    audit.record("saved_report.shared", by=by, at=now, report=report.pk, role=role)


def delete(report: SavedReport, *, by: User, now: datetime) -> None:
    """Delete a report with its schedules. Files that were made stay until they expire."""
    audit.record("saved_report.deleted", by=by, at=now, report=report.pk)
    report.delete()


def export_for(report: SavedReport, form: str, *, by: User, now: datetime, on: date) -> Export:
    """An export, not saved yet, of a report as of the day ``on``. Raises ``ReportRefused``."""
    definition = definition_of(report)
    if not report.list_name:
        return export_of(definition, form, by=by, now=now, on=on)
    query, kind = definition.on(on).filters, LISTS[report.list_name]
    sort = QueryDict(definition.query).get("sort", "")
    if sort in kind.orders:
        query["sort"] = sort
    return Export(
        by=by, list_name=report.list_name, format=form, title=report.name, query=query.urlencode(), requested_at=now
    )


def of_selection(query: QueryDict) -> Definition:
    """A report that begins as the summary of a selection."""
    return Definition().of_selection(filters_only(query))


def _free_name(title: str, names: set[str]) -> str:
    name, number = title[:LONGEST_NAME], 1
    while name in names:
        number += 1
        name = f"{title[: LONGEST_NAME - 4]} {number}"
    return name


def _titled(definition: Definition, title: str) -> dict[str, object]:
    return {**definition.as_json(), "title": title}
