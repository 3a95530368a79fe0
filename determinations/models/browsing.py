"""What belongs to individual users: saved views, columns, problem reports, exports."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from determinations.models.letters import Letter


class ListName(models.TextChoices):
    """The lists that users can save views of, choose columns in, and export."""

    CASES = "cases", _("Cases")
    ITEMS = "items", _("Items")
    DECISIONS = "decisions", _("Decisions")


class SavedView(models.Model):
    """A list with filters and order that a user saved under a name. One can be the user's start page."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    list_name = models.CharField(max_length=12, choices=ListName.choices)
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True, help_text="filters and order, as in the address")
    is_start = models.BooleanField(default=False, help_text="opens instead of the home page")
    role = models.CharField(max_length=20, blank=True, help_text="the role whose users see it, too")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["by", "name"], name="saved_view_name"),
            models.UniqueConstraint(fields=["by"], condition=models.Q(is_start=True), name="saved_view_one_start"),
        ]
        indexes = [models.Index(fields=["role", "name"], name="saved_view_role", condition=~models.Q(role=""))]

    def __str__(self) -> str:
        return f"View {self.pk}"


class StoredFilter(models.Model):
    """Filters that are too long for an address, by the key that stands for them there. Links to them stay valid."""

    key = models.CharField(max_length=20, primary_key=True)
    query = models.TextField(help_text="filters, as in the address")
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Filters {self.key}"


class ColumnChoice(models.Model):
    """The columns of a list that a user has hidden."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    list_name = models.CharField(max_length=12, choices=ListName.choices)
    hidden = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "list_name"], name="column_choice_one")]

    def __str__(self) -> str:
        return f"Columns {self.pk}"


class ReportState(models.TextChoices):
    """The state of a reported problem."""

    OPEN = "open", _("waiting for an administrator")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")


class ProblemReport(models.Model):
    """A user reported an incorrect value. An administrator answers; the user sees the outcome."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="problem_reports")
    path = models.CharField(
        max_length=120, blank=True, help_text="the value, such as items/2/decision; empty: the case as a whole"
    )
    note = models.TextField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="problem_reports")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.OPEN)
    answer = models.TextField(blank=True, max_length=2000)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "-id"], name="problem_report_state"),
            models.Index(fields=["by", "-id"], name="problem_report_by"),
        ]

    def __str__(self) -> str:
        return f"Report {self.pk}"


class ExportState(models.TextChoices):
    """The state of an export."""

    WAITING = "waiting", _("waiting")
    WRITING = "writing", _("in progress")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


class ExportFormat(models.TextChoices):
    """The file format."""

    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel"
    ZIP = "zip", _("the letters, as ZIP")
    PDF = "pdf", "PDF"


#: The name of an export that holds all cases, items, citations and grounds (see ``determinations.datasets``).
DATA_SET = "data_set"
#: The name of an export that is a report of statistics (see ``determinations.reports``).
REPORT = "report"
#: The name of an export that has the duties of a part of the worklist (see ``browsing.exported_duties``).
WORKLIST = "worklist"


class Export(models.Model):
    """A list, the worklist, a report or the data set as a file. Short lists are sent at once; workers write others."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports")
    list_name = models.CharField(
        max_length=12,
        choices=[*ListName.choices, (DATA_SET, _("Data set")), (REPORT, _("Report")), (WORKLIST, _("Worklist"))],
    )
    query = models.TextField(blank=True, help_text="filters and order, as in the address")
    format = models.CharField(max_length=5, choices=ExportFormat.choices)
    state = models.CharField(max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    rows = models.PositiveIntegerField(null=True)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    message = models.CharField(max_length=200, blank=True)
    masked = models.BooleanField(
        default=False,
        db_default=False,
        help_text="without medical narrative, for an employer or another outside party",
    )
    office_ids = ArrayField(
        models.SmallIntegerField(), null=True, help_text="offices whose letters it was made from; null: all letters"
    )
    title = models.CharField(max_length=200, blank=True, db_default="", help_text="of a report")
    definition = models.JSONField(null=True, help_text="what a report of statistics has, as it was when requested")

    class Meta:
        indexes = [models.Index(fields=["by", "-id"], name="export_by")]

    def __str__(self) -> str:
        return f"Export {self.pk}"

    @property
    def store_name(self) -> str:
        """The file's name in the file store."""
        return f"exports/{self.pk}.{self.format}"
