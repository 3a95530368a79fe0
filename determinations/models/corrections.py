"""Corrections: what people put right, append-only."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CorrectionState(models.TextChoices):
    """How a correction stands against the parser's latest reading."""

    ACTIVE = "active", _("in force")
    CONFIRMED = "confirmed", _("in force, and the parser now agrees")
    CONFLICT = "conflict", _("in force, but the parser's value changed under it")
    SUPERSEDED = "superseded", _("superseded by a later correction")
    ORPHANED = "orphaned", _("what it corrected is no longer there")


class Correction(models.Model):
    """One value that a person set, confirmed or reverted. Rows are never deleted; only ``state`` moves.

    No foreign key to what it corrects: the letter is named by number and SHA-256, the value by its path
    (``case_number``, ``items/2/decision``), and an item also by the request that the parser read when the correction
    was made, so that it is found again when a later parser counts the items differently.
    """

    letter_id = models.BigIntegerField()
    letter_sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=120)
    item_anchor = models.TextField(blank=True, help_text="the item's request as the parser read it")
    parser_version = models.CharField(max_length=20, blank=True)
    parser_value = models.JSONField(null=True, help_text="what the parser said when the correction was made")
    old_value = models.JSONField(null=True)
    new_value = models.JSONField(null=True)
    evidence = models.JSONField(null=True, help_text="[start, end] in the letter's text, where a person selected it")
    reason = models.CharField(max_length=40)
    note = models.TextField(blank=True)
    by_id = models.BigIntegerField()
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=CorrectionState.choices, default=CorrectionState.ACTIVE)

    class Meta:
        indexes = [
            models.Index(fields=["letter_id", "id"], name="correction_letter"),
            models.Index(fields=["state", "-id"], name="correction_state"),
            models.Index(fields=["by_id", "-id"], name="correction_by"),
        ]

    def __str__(self) -> str:
        return f"Correction {self.pk}"
