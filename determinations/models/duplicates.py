"""Possible duplicates: pairs of letters with the decisions of staff, and the signatures that find similar letters."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from determinations.models.letters import Letter


class LetterSignature(models.Model):
    """The wording of a letter as numbers (see ``likeness``). Letters that share a band are likely to be similar."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="signature")
    minima = ArrayField(models.IntegerField())
    bands = ArrayField(models.IntegerField())

    class Meta:
        indexes = [GinIndex(fields=["bands"], name="signature_bands")]

    def __str__(self) -> str:
        return f"Signature of letter {self.letter_id}"


class PairKind(models.TextChoices):
    """How two letters are similar."""

    CASE_NUMBER = "case_number", _("same case number")
    TEXT = "text", _("same text")
    CONTAINED = "contained", _("text contained in the other")
    ALIKE = "alike", _("nearly the same text")


class PairDecision(models.TextChoices):
    """The decision of staff."""

    OPEN = "open", _("undecided")
    MERGED = "merged", _("same letter")
    APART = "apart", _("separate letters")


class LetterPair(models.Model):
    """Two letters that may be one, the older first. ``counts``: of merged ones, the letter that lists and statistics
    count. Without a decision ``cases.counting_letter`` chooses; letters that are merely alike all count.
    """

    older = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    newer = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=PairKind.choices)
    percent = models.PositiveSmallIntegerField(help_text="similarity of the wording")
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
