"""Reports that users put together, the schedules that make them, and each file that a schedule owes."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from determinations.models.browsing import Export, ExportFormat, ExportState, ListName


class SavedReport(models.Model):
    """A report under a name: statistics, or the rows of a list; see ``determinations.reports.definition``."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports")
    name = models.CharField(max_length=80)
    list_name = models.CharField(
        max_length=12, choices=ListName.choices, blank=True, help_text="the list whose rows it has; empty: statistics"
    )
    definition = models.JSONField()
    role = models.CharField(max_length=20, blank=True, help_text="the role whose users see it, too")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["by", "name"], name="saved_report_name")]
        indexes = [models.Index(fields=["role", "name"], name="saved_report_role", condition=~Q(role=""))]

    def __str__(self) -> str:
        return f"Report {self.pk}"


class Frequency(models.TextChoices):
    """How often a report is made."""

    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")


class ReportSchedule(models.Model):
    """When a report is made, for whom, in which format. Times are in the time zone of the product."""

    report = models.ForeignKey(SavedReport, on_delete=models.CASCADE, related_name="schedules")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="report_schedules")
    format = models.CharField(max_length=5, choices=ExportFormat.choices)
    frequency = models.CharField(max_length=8, choices=Frequency.choices)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="of every week: 0 is Monday")
    day = models.PositiveSmallIntegerField(default=0, help_text="of every month: 0 is the last day")
    at = models.TimeField()
    next_at = models.DateTimeField(null=True, help_text="when it is due next; null: stopped")
    saved_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="report_schedule_due", condition=Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return f"Schedule {self.pk}"


class ReportRecipient(models.Model):
    """Someone for whom a schedule makes a file."""

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schedule", "user"], name="report_recipient_once")]

    def __str__(self) -> str:
        return f"Recipient of schedule {self.schedule_id}"


class ReportRun(models.Model):
    """The file of one recipient for one due time: an export, whose state says how far it is."""

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="runs", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    export = models.OneToOneField(Export, on_delete=models.CASCADE, related_name="report_run")
    told_at = models.DateTimeField(null=True, help_text="when the recipient was told that it is ready, or failed")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schedule", "due_at", "user"], name="report_run_once")]
        indexes = [models.Index(fields=["export"], name="report_run_untold", condition=Q(told_at=None))]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def has_failed(self) -> bool:
        """Whether the file could not be made, or its recipient may not have it."""
        return self.export.state == ExportState.FAILED
