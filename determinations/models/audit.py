"""The audit trail, append-only: who did what, when and from where; the chain of hashes that shows any change to it."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """An action. It has no foreign keys, so it outlives the user and the letter. ``detail`` never has letter text.

    Triggers refuse UPDATE, DELETE and TRUNCATE, and note each new row in ``AuditPending``.
    """

    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=150, blank=True)
    address = models.GenericIPAddressField(null=True, help_text="of the client; none for commands and workers")
    action = models.CharField(max_length=40, help_text="such as case.viewed, original.downloaded, list.exported")
    letter_id = models.BigIntegerField(null=True)
    letter_ids = ArrayField(
        models.BigIntegerField(), null=True, help_text="letters that a list showed or an export contained"
    )
    detail = models.JSONField(default=dict)

    class Meta:
        permissions = [("view_audit_trail", "Can view the audit trail and its alerts")]
        indexes = [
            models.Index(fields=["at", "id"], name="audit_time"),
            models.Index(fields=["letter_id", "at", "id"], name="audit_letter"),
            models.Index(fields=["by_id", "at", "id"], name="audit_by"),
            models.Index(fields=["action", "at", "id"], name="audit_action"),
            models.Index(
                fields=["address", "at", "id"], name="audit_address", condition=models.Q(address__isnull=False)
            ),
            GinIndex(fields=["letter_ids"], name="audit_letters", condition=models.Q(letter_ids__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Event {self.pk}: {self.action}"


class AuditPending(models.Model):
    """An event that is not chained yet: written by a trigger with the event, deleted when the event is chained."""

    event_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"Pending event {self.pk}"


class AuditLink(models.Model):
    """The place of an event in the chain. Its hash covers the event and the hash before it. Append-only."""

    position = models.BigIntegerField(primary_key=True, help_text="1, 2, 3 ... without gaps")
    event_id = models.BigIntegerField(unique=True)
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"Link {self.position}"


class AuditAnchor(models.Model):
    """The end of a part of the chain that retention removed: where the remaining chain begins. Append-only."""

    position = models.BigIntegerField(primary_key=True, help_text="of the last removed event")
    hash = models.BinaryField(max_length=32, help_text="of the last removed event")
    rows = models.BigIntegerField(help_text="removed events")
    oldest = models.DateTimeField(help_text="time of the first removed event")
    newest = models.DateTimeField(help_text="latest time of a removed event")
    removed_at = models.DateTimeField()
    signature = models.TextField(help_text="by a key of this installation, over all of the above")

    def __str__(self) -> str:
        return f"Anchor {self.position}"


class AuditState(models.Model):
    """One row: how far the chain was checked and sent on, and what is wrong with either."""

    verified_to = models.BigIntegerField(default=0, help_text="position up to which the current check has come")
    verified_at = models.DateTimeField(null=True, help_text="when a part of the chain was checked last")
    whole_verified_at = models.DateTimeField(null=True, help_text="when the last check of the whole chain ended")
    fault = models.TextField(blank=True, help_text="the first break that a check found; empty for none")
    streamed_to = models.BigIntegerField(default=0, help_text="position of the last event that was sent on")
    streamed_at = models.DateTimeField(null=True)
    stream_fault = models.TextField(blank=True, help_text="why the last attempt to send events on failed")
    watched_at = models.DateTimeField(null=True, help_text="when events were last counted for alerts")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="audit_state_one_row")]

    def __str__(self) -> str:
        return "State of the audit trail"


class AlertKind(models.TextChoices):
    """What administrators are alerted to."""

    VIEWING = "viewing", _("many cases viewed")
    EXPORT = "export", _("many cases exported")
    CHAIN = "chain", _("the audit trail was changed")
    STREAM = "stream", _("the audit trail is not sent on")


class AuditAlert(models.Model):
    """Something that administrators must know: one row per kind, user and period, however often it recurs."""

    kind = models.CharField(max_length=8, choices=AlertKind.choices)
    by_id = models.BigIntegerField(default=0, help_text="the user it is about; 0 for none")
    by_name = models.CharField(max_length=150, blank=True)
    since = models.DateTimeField(help_text="when the period began in which it is reported once")
    at = models.DateTimeField(help_text="when it was noticed")
    hours = models.SmallIntegerField(default=0, help_text="in how many hours the number was reached")
    number = models.BigIntegerField(default=0)
    threshold = models.BigIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "by_id", "since"], name="audit_alert_once")]
        indexes = [models.Index(fields=["closed_at", "-id"], name="audit_alert_open")]

    def __str__(self) -> str:
        return f"Alert {self.pk}: {self.kind}"
