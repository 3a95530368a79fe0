"""Sources that letters arrive from by themselves, their runs, and what of them was seen or taken."""

from django.db import models

from determinations.models.offices import Office
from determinations.models.uploads import Upload


class ArrivalSource(models.Model):
    """A place that workers look for letters in. ``sealed_secret`` is encrypted with the key of stored files."""

    kind = models.CharField(max_length=8, help_text="a key of ``arrivals.kinds``")
    name = models.CharField(max_length=80, unique=True)
    options: "models.JSONField[dict[str, str], dict[str, str]]" = models.JSONField(
        default=dict, help_text="where it is and what becomes of files that were taken"
    )
    sealed_secret = models.BinaryField(default=bytes, help_text="its password or key, encrypted")
    office = models.ForeignKey(Office, null=True, on_delete=models.PROTECT, related_name="+")
    minutes = models.PositiveSmallIntegerField(default=15, help_text="between two looks")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="when a worker looks next")
    sent_at = models.DateTimeField(null=True, help_text="when a worker was last told to look")
    looked_at = models.DateTimeField(null=True, help_text="when the last look ended")
    unsettled = models.PositiveIntegerField(default=0, help_text="files that may still be written to, at that look")
    fault = models.CharField(max_length=500, blank=True, help_text="why the last look failed")
    failing_since = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        permissions = [("manage_arrivals", "Can manage sources that letters arrive from by themselves")]
        indexes = [models.Index(fields=["due_at"], name="arrival_source_due", condition=models.Q(enabled=True))]

    def __str__(self) -> str:
        return f"Source {self.pk}"


class ArrivalRun(models.Model):
    """A run that took files or failed; runs that found nothing new have no row. Its batch has the files.

    A run whose worker was killed has no end. The next one continues it, with the same batch.
    """

    source = models.ForeignKey(ArrivalSource, on_delete=models.CASCADE, related_name="runs", db_index=False)
    upload = models.OneToOneField(Upload, null=True, on_delete=models.SET_NULL, related_name="arrival_run")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=500, blank=True)
    times = models.PositiveIntegerField(default=1, help_text="how often in a row it failed alike")

    class Meta:
        indexes = [models.Index(fields=["source", "-id"], name="arrival_run_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(ended_at=None), name="arrival_run_one_unfinished"
            )
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"


class ArrivedItem(models.Model):
    """A file or message in a source: seen, or ``taken`` and still there.

    ``identity`` is the SHA-256 of its place and version. A row goes when the file was moved, since what is there then
    under the same name is another one.
    """

    source = models.ForeignKey(ArrivalSource, on_delete=models.CASCADE, related_name="items", db_index=False)
    identity = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, blank=True, help_text="of its bytes; empty until it was taken")
    taken = models.BooleanField(default=False)
    reason = models.CharField(max_length=600, blank=True, help_text="why it was refused; empty for an accepted file")
    seen_at = models.DateTimeField()
    looked_at = models.DateTimeField(help_text="when it was last known to be there; written at most twice a day")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "identity"], name="arrived_item_once")]
        indexes = [
            models.Index(fields=["source", "sha256"], name="arrived_item_bytes", condition=~models.Q(sha256="")),
            models.Index(fields=["looked_at"], name="arrived_item_age"),
        ]

    def __str__(self) -> str:
        return f"Item {self.pk} of source {self.source_id}"


class SetAsideItem(models.Model):
    """A file or message in a source that failed unexpectedly: no look touches it until it is tried again.

    ``identity`` is that of ``ArrivedItem``.
    """

    source = models.ForeignKey(ArrivalSource, on_delete=models.CASCADE, related_name="set_aside", db_index=False)
    identity = models.CharField(max_length=64)
    name = models.CharField(max_length=500)
    fault = models.CharField(max_length=120, help_text="the kind of exception, and its place in the code")
    at = models.DateTimeField()
    looked_at = models.DateTimeField(help_text="when it was last known to be there")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "identity"], name="set_aside_item_once")]

    def __str__(self) -> str:
        return f"Set aside item {self.pk} of source {self.source_id}"
