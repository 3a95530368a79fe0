"""Duties that a determination creates: the rules in force, receipt of the letter, and what was done by when."""

from collections.abc import Mapping

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from determinations.models.letters import Letter


class DutyRule(models.Model):
    """A version of a rule, in force from one date to another. See ``duties.deadlines.Rule``.

    A version that began is not edited: a change is a new version, so that open duties follow the version in force
    on the day of the letter, and closed ones keep theirs.
    """

    class Starts(models.TextChoices):
        RECEIPT = "receipt", _("receipt of the letter")
        MAILING = "mailing", _("date of the letter")
        UR_DENIAL = "ur_denial", _("date of the UR decision")

    class Unit(models.TextChoices):
        WORKING_DAYS = "working_days", _("working days")
        DAYS = "days", _("calendar days")
        MONTHS = "months", _("months")

    class ForOutcome(models.TextChoices):
        ANY = "any", _("any outcome")
        UPHELD = "upheld", _("upheld")
        OVERTURNED = "overturned", _("overturned")

    class Services(models.TextChoices):
        ANY = "any", _("all services")
        GIVEN = "given", _("services already given")
        NOT_GIVEN = "not_given", _("services not yet given")

    class Standing(models.TextChoices):
        READ = "read", _("source read")
        UNCHECKED = "unchecked", _("not checked against its source")

    key = models.SlugField(max_length=40, help_text="the rule; its versions share the key")
    title = models.CharField(max_length=80)
    about = models.TextField(blank=True)
    task = models.BooleanField(default=False, help_text="listed in the worklist until it is done")
    outcome = models.CharField(max_length=12, choices=ForOutcome.choices, default=ForOutcome.ANY)
    services = models.CharField(max_length=12, choices=Services.choices, default=Services.ANY)
    starts = models.CharField(max_length=12, choices=Starts.choices, verbose_name="counts from")
    amount = models.PositiveSmallIntegerField()
    unit = models.CharField(max_length=14, choices=Unit.choices)
    by_mail = models.PositiveSmallIntegerField(default=0, help_text="calendar days added if the letter came by mail")
    rolls = models.BooleanField(
        default=False, verbose_name="moves to the next working day", help_text="if the last day is not a working day"
    )
    valid_from = models.DateField(verbose_name="in force from")
    valid_to = models.DateField(null=True, blank=True, verbose_name="in force to", help_text="the last day")
    source = models.CharField(max_length=300)
    standing = models.CharField(max_length=12, choices=Standing.choices, default=Standing.UNCHECKED)

    class Meta:
        ordering = ["key", "valid_from"]
        constraints = [models.UniqueConstraint(fields=["key", "valid_from"], name="duty_rule_version")]

    def __str__(self) -> str:
        return f"{self.title}, from {self.valid_from:%b} {self.valid_from.day}, {self.valid_from.year}"

    def clean(self) -> None:
        """Raises ``ValidationError`` for a version that ends before it begins."""
        if self.valid_to and self.valid_from and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("A rule cannot end before it begins.")})


class DutySettings(models.Model):
    """Settings of duties: a single row."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    recent_days = models.PositiveSmallIntegerField(
        default=180,
        verbose_name="letters are work for",
        help_text="days from the date of the letter to its upload; older letters are records and create no duties",
    )
    mail_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        verbose_name="presume receipt after",
        help_text="days after the date of the letter; leave empty to require the date of receipt",
    )
    reached = models.BigIntegerField(
        null=True,
        default=0,
        db_default=0,
        editable=False,
        help_text="letters up to this one were looked through for duties; null when all were",
    )
    failed = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=[],
        editable=False,
        help_text="letters whose duties could not be worked out; they are tried again",
    )
    changed_at = models.DateTimeField(
        auto_now=True, help_text="open duties that were worked out earlier are worked out again"
    )

    class Meta:
        verbose_name = verbose_name_plural = "duty settings"
        constraints = [models.CheckConstraint(name="duty_settings_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return "Duty settings"

    @classmethod
    def now(cls) -> "DutySettings":
        """The current settings, or the defaults if the row is missing."""
        return cls.objects.first() or cls()


class ClosedDay(models.Model):
    """A further day on which offices are closed, such as one that the Governor appoints."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.name}, {self.day:%b} {self.day.day}, {self.day.year}"


class Service(models.TextChoices):
    """How a letter was served."""

    UNKNOWN = "unknown", _("not stated")
    MAIL = "mail", _("by mail")
    ELECTRONIC = "electronic", _("electronically")
    FAX = "fax", _("by fax")
    HAND = "hand", _("by hand")


class Receipt(models.Model):
    """When and how the office received a letter, as staff entered it."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="receipt")
    received_on = models.DateField()
    service = models.CharField(max_length=12, choices=Service.choices, default=Service.UNKNOWN)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Receipt of letter {self.letter_id}"


class DutyState(models.TextChoices):
    """The state of a duty. A duty that ended without being done says why in its note."""

    OPEN = "open", _("open")
    DONE = "done", _("done")
    NOT_REQUIRED = "not_required", _("not required")


#: How a duty stands, by the name that filters and statistics use.
DUTY_CONDITIONS: Mapping[str, Q] = {
    "open": Q(state=DutyState.OPEN),
    "met": Q(state=DutyState.DONE, due_on__isnull=False, closed_on__lte=F("due_on")),
    "late": Q(state=DutyState.DONE, due_on__isnull=False, closed_on__gt=F("due_on")),
    "done_undated": Q(state=DutyState.DONE, due_on=None),
    "not_required": Q(state=DutyState.NOT_REQUIRED),
}


def duty_person() -> Case:
    """Who closed a duty or, while it is open, whom it is assigned to: a user name, ``nobody`` without one."""
    assigned = Coalesce("assigned_to__username", Value(NOBODY))
    return Case(When(state=DutyState.OPEN, then=assigned), default=F("closed_by_name"))


#: In place of a user name: assigned to nobody.
NOBODY = "nobody"


class Duty(models.Model):
    """What one overturned item obliges to do.

    Open duties are worked out again whenever the case, the receipt or a rule changes; closed ones are kept as they
    were. ``due_on`` is null while the date of receipt is missing; ``sort_on`` is then the earliest day that it can be.
    ``closed_by_name`` wrote the note, and stays with it when the duty is opened again.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="duties")
    item_number = models.PositiveSmallIntegerField()
    rule = models.ForeignKey(DutyRule, on_delete=models.PROTECT, related_name="+", db_index=False)
    services_given = models.BooleanField(help_text="the services were already given")
    given_by_hand = models.BooleanField(default=False, help_text="staff set whether services were given")
    state = models.CharField(max_length=12, choices=DutyState.choices, default=DutyState.OPEN)
    received_on = models.DateField(null=True)
    presumed = models.BooleanField(default=False, help_text="the date of receipt is presumed by rule")
    due_on = models.DateField(null=True)
    earliest_on = models.DateField(null=True)
    latest_on = models.DateField(null=True)
    sort_on = models.DateField(null=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="duties", db_index=False
    )
    computed_at = models.DateTimeField()
    closed_on = models.DateField(null=True, help_text="the day on which it was done")
    closed_at = models.DateTimeField(null=True)
    closed_by_name = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        verbose_name_plural = "duties"
        constraints = [models.UniqueConstraint(fields=["letter", "item_number"], name="duty_of_item")]
        indexes = [
            models.Index(
                F("sort_on").asc(nulls_last=True), F("id").asc(), name="duty_open", condition=Q(state="open")
            ),
            models.Index(
                F("assigned_to"), F("sort_on").asc(nulls_last=True), F("id").asc(),
                name="duty_assigned", condition=Q(state="open"),
            ),
            models.Index(F("closed_at").desc(), F("id").desc(), name="duty_closed", condition=~Q(state="open")),
            models.Index(fields=["computed_at"], name="duty_computed", condition=Q(state="open")),
        ]  # fmt: skip
        permissions = [("work_duties", "Can work on duties: receipt, assignment, completion")]

    def __str__(self) -> str:
        return f"Duty of item {self.item_number} of letter {self.letter_id}"

    @property
    def days_late(self) -> int | None:
        """Calendar days from the due date to the day it was done; negative if early, None if either is unknown."""
        return (self.closed_on - self.due_on).days if self.closed_on and self.due_on else None


class DutyDocument(models.Model):
    """A document that shows how a duty was met, such as the authorization that was sent.

    It belongs to the item of the letter, as the duty does, and is kept if the duty ends. Its file is stored under
    ``store_name``.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="duty_documents")
    item_number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    store_name = models.CharField(max_length=40, unique=True)
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["letter", "item_number"], name="duty_document_of_item")]

    def __str__(self) -> str:
        return f"Document {self.pk} of item {self.item_number} of letter {self.letter_id}"


class CalendarFeed(models.Model):
    """The address of a user's calendar feed; only its hash is stored, and the user can revoke it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feed")
    token_sha256 = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Calendar feed of user {self.user_id}"
