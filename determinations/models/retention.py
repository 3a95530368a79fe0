"""Legal holds, archived cases, erased letters. No foreign keys where rows outlive letters."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from determinations.models.letters import Letter


class LegalHold(models.Model):
    """A case that must be kept as it is: a trigger refuses to delete its letter until the hold is released."""

    letter_id = models.BigIntegerField()
    case_number = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=500)
    placed_at = models.DateTimeField(db_default=Now())
    placed_by_id = models.BigIntegerField()
    placed_by_name = models.CharField(max_length=150)
    released_at = models.DateTimeField(null=True)
    released_by_name = models.CharField(max_length=150, blank=True)
    release_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["letter_id"], condition=Q(released_at=None), name="legal_hold_in_force")
        ]
        indexes = [models.Index(fields=["letter_id"], name="legal_hold_letter")]
        permissions = [("hold_cases", "Can place and release legal holds")]

    def __str__(self) -> str:
        return f"Hold on letter {self.letter_id}"


class ArchivedCase(models.Model):
    """A case that daily lists leave out; it can be found, opened and counted as any other."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="archived")
    at = models.DateTimeField()
    by_name = models.CharField(max_length=150, blank=True, help_text="empty: by the rule")
    reason = models.CharField(max_length=500, blank=True)
    restored_at = models.DateTimeField(null=True, help_text="when it was brought back; the rule leaves it alone then")

    class Meta:
        permissions = [("archive_cases", "Can archive cases and bring them back")]

    def __str__(self) -> str:
        return f"Archived case {self.letter_id}"


class ErasureReason(models.TextChoices):
    """Why a letter was erased."""

    REQUEST = "request", "The injured worker's request"
    ORDER = "order", "A court's or an authority's order"
    FOREIGN = "foreign", "It never belonged to this office"
    PERIOD = "period", "Its retention period is over"


class ErasedLetter(models.Model):
    """What remains of a letter that was erased: that there was one, and why it is gone. No content of the letter.

    ``case_digest`` finds the row by the case number without containing it: a digest keyed with the installation's
    secret. ``sha256`` recognizes the same file when it is uploaded again.
    """

    letter_id = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    case_number = models.CharField(max_length=20, blank=True, help_text="only if the settings say so")
    case_digest = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=10, choices=ErasureReason.choices)
    at = models.DateTimeField()
    by_id = models.BigIntegerField()
    by_name = models.CharField(max_length=150)
    corrections = models.PositiveIntegerField(default=0, help_text="how many corrections were erased with it")
    files_deleted_at = models.DateTimeField(null=True)
    allowed_at = models.DateTimeField(null=True, help_text="when an administrator allowed the same file again")
    allowed_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["sha256"], name="erased_letter_file"),
            models.Index(fields=["case_digest"], name="erased_letter_case"),
            models.Index(fields=["id"], condition=Q(files_deleted_at=None), name="erased_letter_files_left"),
        ]
        permissions = [("erase_letters", "Can erase letters for good")]

    def __str__(self) -> str:
        return f"Erased letter {self.letter_id}"
