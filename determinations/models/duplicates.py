"""Letters that may be the same one: what people decided about them, and what finds those that are nearly alike."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from determinations.models.letters import Letter


class LetterSignature(models.Model):
    """A letter's wording as numbers (see ``likeness``): letters that share a band are likely to be alike."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="signature")
    minima = ArrayField(models.IntegerField())
    bands = ArrayField(models.IntegerField())

    class Meta:
        indexes = [GinIndex(fields=["bands"], name="signature_bands")]

    def __str__(self) -> str:
        return f"Signature of letter {self.letter_id}"


class PairKind(models.TextChoices):
    """How two letters are alike."""

    CASE_NUMBER = "case_number", _("same case number")
    TEXT = "text", _("same text")
    ALIKE = "alike", _("nearly the same text")


class PairDecision(models.TextChoices):
    """What a person decided."""

    OPEN = "open", _("to be decided")
    MERGED = "merged", _("the same letter")
    APART = "apart", _("kept apart")


class LetterPair(models.Model):
    """Two letters that may be one, the older first. ``counts``: of merged ones, the letter that lists and statistics
    count. Without a decision the newest letter of a case number counts, and letters that are merely alike all do.
    """

    older = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    newer = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=PairKind.choices)
    percent = models.PositiveSmallIntegerField(help_text="how alike the wording is")
    found_at = models.DateTimeField()
    decision = models.CharField(max_length=8, choices=PairDecision.choices, default=PairDecision.OPEN)
    counts = models.ForeignKey(Letter, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["older", "newer"], name="letter_pair_unique")]
        indexes = [models.Index(fields=["decision", "-id"], name="letter_pair_decision")]

    def __str__(self) -> str:
        return f"Pair {self.pk}"
