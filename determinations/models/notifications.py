"""What users watch, what they are told, and how they want to be told by e-mail."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from determinations.models.browsing import ListName, SavedView
from determinations.models.letters import Letter


class Watch(models.Model):
    """A case, a saved view, or a treatment (``query`` of the list of cases) that a user watches.

    ``only_new``: so many cases matched from the start that only newly added ones are told. ``fault``: its list
    could not be made; what it gains meanwhile is told when it can.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches")
    letter = models.ForeignKey(Letter, null=True, on_delete=models.CASCADE, related_name="watches")
    view = models.ForeignKey(SavedView, null=True, on_delete=models.CASCADE, related_name="watches")
    query = models.CharField(max_length=500, blank=True)
    name = models.CharField(max_length=200, blank=True, help_text="of the treatment")
    only_new = models.BooleanField(default=False)
    at = models.DateTimeField()
    failed_at = models.DateTimeField(null=True, help_text="when its list could not be made, the last time")
    fault = models.CharField(max_length=100, blank=True, db_default="", help_text="the class of the exception")

    class Meta:
        verbose_name_plural = "watches"
        constraints = [
            models.UniqueConstraint(fields=["user", "letter"], name="watch_letter_once"),
            models.UniqueConstraint(fields=["user", "view"], name="watch_view_once"),
            models.UniqueConstraint(fields=["user", "query"], condition=~Q(query=""), name="watch_query_once"),
        ]

    def __str__(self) -> str:
        return f"Watch {self.pk}"

    @property
    def label(self) -> str:
        """What is watched: the case's number, or the name of the view or treatment."""
        if self.letter_id is None:
            return self.view.name if self.view else self.name
        case = getattr(self.letter, "case", None)
        return (case.case_number if case else None) or f"letter {self.letter_id}"

    @property
    def list_name(self) -> str:
        """The list that is watched; that of cases for a treatment."""
        return self.view.list_name if self.view else ListName.CASES

    @property
    def filters(self) -> str:
        """The filters whose cases are watched, as in an address."""
        return self.view.query if self.view else self.query


class WatchedCase(models.Model):
    """A case that a watched view has, as far as its user knows."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="cases", db_index=False)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watch", "letter"], name="watched_case_once")]

    def __str__(self) -> str:
        return f"Case of watch {self.watch_id}"


class CaseChange(models.Model):
    """A case that a transaction wrote, or whose work or duties it wrote: triggers add these rows, alerts take them."""

    letter_id = models.BigIntegerField()
    xid = models.BigIntegerField(help_text="the transaction: rows below the oldest one that runs are complete")

    def __str__(self) -> str:
        return f"Change of letter {self.letter_id}"


class Told(models.TextChoices):
    """What a notification is about."""

    ASSIGNED = "assigned", _("assigned to you")
    MENTIONED = "mentioned", _("you were mentioned")
    CHANGED = "changed", _("a case that you watch")
    GAINED = "gained", _("new cases in a view that you watch")
    REPORT = "report", _("a scheduled report is ready")
    NO_REPORT = "no_report", _("a scheduled report could not be made")


#: What notifications that are about no case are about.
ABOUT_REPORTS = (Told.REPORT, Told.NO_REPORT)


class Notification(models.Model):
    """Something that a user is told, about one or more cases (``NotificationCase``) or a report. It never has text of
    letters."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=10, choices=Told.choices)
    what = models.CharField(max_length=60, blank=True, help_text="what changed, in words")
    watch = models.ForeignKey(Watch, null=True, on_delete=models.CASCADE, related_name="+")
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_user"),
            models.Index(fields=["user", "-id"], name="notification_unread", condition=Q(read_at=None)),
            models.Index(fields=["user"], name="notification_unmailed", condition=Q(read_at=None, mailed_at=None)),
            models.Index(fields=["at"], name="notification_at"),
        ]

    def __str__(self) -> str:
        return f"Notification {self.pk}"


class NotificationCase(models.Model):
    """A case that a notification is about."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="cases", db_index=False)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notification", "letter"], name="notification_case_once")]

    def __str__(self) -> str:
        return f"Case of notification {self.notification_id}"


class MailChoice(models.TextChoices):
    """When a user is told by e-mail."""

    OFF = "off", _("No e-mail")
    DAILY = "daily", _("Once a day, in the morning")
    AT_ONCE = "at_once", _("At once")


class MailPreference(models.Model):
    """How a user wants to be told by e-mail; ``site`` is the address of the product as the user knows it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="mail_preference"
    )
    choice = models.CharField(max_length=8, choices=MailChoice.choices, default=MailChoice.OFF)
    site = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True, help_text="no one sends before this time")
    failures = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"Mail of user {self.user_id}"
