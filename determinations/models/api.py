"""Access to the API: tokens, and answers to writes that may be repeated."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from determinations.models.letters import Letter


class TokenScope(models.TextChoices):
    """What a token may be used for, within what its user may do."""

    READ = "read", _("Read cases, items, duties, notes, statistics and changes")
    ORIGINALS = "originals", _("Download original files")
    UPLOAD = "upload", _("Upload letters, and follow them")
    WORK = "work", _("Change duties, notes, owners, statuses, tags and office fields")
    EXPORT = "export", _("Export lists")
    AUDIT = "audit", _("Read the audit trail")


class ApiToken(models.Model):
    """A token for the API. It acts as its user, within its scopes, until it expires or is revoked.

    Only a hash of it is stored, so it is shown once, when it is made.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="its first characters, to tell tokens apart")
    scopes = ArrayField(models.CharField(max_length=12, choices=TokenScope.choices))
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="written at most once a minute")
    used_from = models.GenericIPAddressField(null=True)
    refused_at = models.DateTimeField(null=True, help_text="when its use after its end was recorded last")
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = "access token"
        ordering = ["-pk"]
        permissions = [
            ("use_api", "Can make access tokens for the API"),
            ("manage_tokens", "Can make and revoke access tokens of all accounts"),
        ]

    def __str__(self) -> str:
        return f"Token {self.pk}"


class KeptAnswer(models.Model):
    """The answer to a write that had an idempotency key, for requests that repeat it. It holds IDs, never text."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    request_sha256 = models.CharField(max_length=64, help_text="of method, address and body")
    at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField()
    body: "models.JSONField[dict[str, object], dict[str, object]]" = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="kept_answer_once")]

    def __str__(self) -> str:
        return f"Answer {self.pk}"


class ChangedCase(models.Model):
    """A case that a transaction wrote, or what staff added to it: the log that the change feed reads.

    Triggers add the rows. Of the rows of a case, only the newest matters: older ones are deleted when they are known
    to be complete. ``office_set_id`` is that of the case before or after the change, null for what staff added: an
    office that loses a case is told so.
    """

    letter_id = models.BigIntegerField()
    xid = models.BigIntegerField(help_text="the transaction: rows below the oldest one that runs are complete")
    office_set_id = models.SmallIntegerField(null=True)
    of_work = models.BooleanField(default=False, db_default=False, help_text="what staff added changed, not its row")
    is_newest = models.BooleanField(default=False, db_default=False, help_text="older rows of the case were deleted")

    class Meta:
        indexes = [
            models.Index(fields=["xid", "id"], name="changed_case_order"),
            models.Index(fields=["letter_id", "id"], name="changed_case_letter"),
            models.Index(fields=["id"], name="changed_case_new", condition=models.Q(is_newest=False)),
        ]

    def __str__(self) -> str:
        return f"Change of letter {self.letter_id}"


class ChangeKind(models.TextChoices):
    """What of a case changed."""

    CASE = "case", _("its values, office fields or due date")
    WORK = "work", _("work on it: owner, status, tags, notes, duties, receipt")
    GONE = "gone", _("it was removed, or the account no longer sees it")


#: The same in a list.
_KINDS = {ChangeKind.CASE: "cases", ChangeKind.WORK: "work on them", ChangeKind.GONE: "removals"}


class Webhook(models.Model):
    """An address that is told of changed cases, as its user sees them: of the ``kinds`` that it wants, if there are
    some, and only of cases that match ``query``, filters as in the address of a list.

    ``cursor`` is how far the change feed was put into deliveries. The secret that signs them is derived from ``salt``
    and the key of the installation, and is stored nowhere.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    salt = models.CharField(max_length=32)
    cursor = models.CharField(max_length=80)
    kinds = ArrayField(models.CharField(max_length=4, choices=ChangeKind.choices), default=list, db_default=[])
    query = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    stopped_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]
        permissions = [("manage_webhooks", "Can add and stop webhooks, and see their deliveries")]

    def __str__(self) -> str:
        return f"Webhook {self.pk}"

    @property
    def kinds_in_words(self) -> str:
        """Which changes it is told of."""
        if not self.kinds or len(self.kinds) == len(ChangeKind):
            return "every change"
        return ", ".join(_KINDS[ChangeKind(kind)] for kind in self.kinds)


class WebhookCase(models.Model):
    """A case that matches the filters of a webhook, as far as its address was told."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="cases", db_index=False)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "letter"], name="webhook_case_once")]

    def __str__(self) -> str:
        return f"Case of webhook {self.webhook_id}"


class DeliveryState(models.TextChoices):
    """How far a delivery is."""

    WAITING = "waiting", _("waiting")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("given up")


class WebhookDelivery(models.Model):
    """A message for a webhook, with the IDs of cases that changed. The row is the queue."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    at = models.DateTimeField()
    changes: "models.JSONField[list[dict[str, object]], list[dict[str, object]]]" = models.JSONField()
    state = models.CharField(max_length=9, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="of the last answer")
    fault = models.CharField(max_length=200, blank=True, help_text="why the last try failed")
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_of_webhook"),
            models.Index(fields=["next_try_at"], name="delivery_waiting", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"
