"""Uploads: a batch by one user, with one row per file."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from determinations.models.letters import Letter
from determinations.models.offices import Office


class Upload(models.Model):
    """One batch: the files that a user uploaded together, or one run of ``import_letters``."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="uploads")
    started_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    office = models.ForeignKey(
        Office, null=True, on_delete=models.PROTECT, related_name="+", help_text="that its letters belong to"
    )

    class Meta:
        indexes = [models.Index(fields=["by", "-id"], name="upload_by")]

    def __str__(self) -> str:
        return f"Upload {self.pk}"


class FileOutcome(models.TextChoices):
    """What happened to a file on arrival, before any parsing."""

    ACCEPTED = "accepted", _("accepted")
    DUPLICATE = "duplicate", _("duplicate")
    REFUSED = "refused", _("refused")
    OPENING = "opening", _("being opened")


class UploadedFileQuerySet(models.QuerySet["UploadedFile"]):
    """Files by their letters."""

    def name_of(self, letter: str) -> models.Subquery:
        """For an annotation: the first file name of the letter in the outer query's field ``letter``."""
        first = self.filter(letter=models.OuterRef(letter)).order_by("pk")
        return models.Subquery(first.values("name")[:1])


class UploadedFile(models.Model):
    """One file of a batch, including archive members. A duplicate refers to the letter that already has its bytes.

    An archive or message that a worker has yet to open is an entry of its own, which its files then replace.
    """

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files", db_index=False)
    name = models.CharField(max_length=500)
    size = models.PositiveBigIntegerField(default=0, help_text="bytes")
    outcome = models.CharField(max_length=12, choices=FileOutcome.choices)
    reason = models.CharField(max_length=40, blank=True, help_text="code of why the file was refused")
    message = models.CharField(max_length=500, blank=True)
    letter = models.ForeignKey(Letter, null=True, on_delete=models.CASCADE, related_name="arrivals")
    received_at = models.DateTimeField()
    container = models.BigIntegerField(
        null=True, help_text="entry of the archive or message in which a worker found the file; gone when all is found"
    )

    objects = UploadedFileQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["upload", "id"], name="uploaded_file_order"),
            models.Index(fields=["upload", "received_at", "id"], name="uploaded_file_arrival"),
        ]
        constraints = [
            models.CheckConstraint(
                name="uploaded_file_has_letter_or_refusal",
                condition=models.Q(letter__isnull=False) | models.Q(outcome__in=("refused", "opening")),
            ),
        ]

    def __str__(self) -> str:
        return f"File {self.pk} of upload {self.upload_id}"


class UnopenedFile(models.Model):
    """An archive, message or portfolio that waits for a worker, in the letter store under its SHA-256.

    The row disappears with its entry in the batch when all files in it are received, and then its stored file does.
    """

    file = models.OneToOneField(UploadedFile, primary_key=True, on_delete=models.CASCADE, related_name="unopened")
    sha256 = models.CharField(max_length=64, db_index=True)
    tried_at = models.DateTimeField(null=True, help_text="when a worker last began to open it")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="how often, without receiving another file of it")

    def __str__(self) -> str:
        return f"Unopened file {self.file_id}"

    @property
    def stored(self) -> Letter:
        """The place of the stored file, which is kept as a letter's would be."""
        return Letter(sha256=self.sha256)
