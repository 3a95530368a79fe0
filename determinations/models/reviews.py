"""The review queue, its settings, and the reasons for corrections."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from determinations.models.letters import Letter


class ReviewEntry(models.Model):
    """A letter that needs review, see ``cases.review_entries``.

    ``reasons`` are codes of problems and of other reasons (``review_entries.REASONS``). The queue is ordered by
    ``urgency``, highest first.
    """

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="review")
    reasons = ArrayField(models.CharField(max_length=40))
    urgency = models.SmallIntegerField()
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="reviews", db_index=False
    )
    snoozed_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "review entries"
        indexes = [
            models.Index(fields=["-urgency", "-letter"], name="review_order"),
            models.Index(fields=["assigned_to", "-urgency", "-letter"], name="review_assigned"),
            GinIndex(fields=["reasons"], name="review_reasons", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"Review of letter {self.letter_id}"


class CorrectionReason(models.Model):
    """A reason for correcting a value: the list that users choose from, which staff can edit."""

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0, help_text="order in the list")
    offered = models.BooleanField(default=True, help_text="shown in the list; existing corrections keep their reason")

    class Meta:
        ordering = ["position", "label"]

    def __str__(self) -> str:
        return self.label


class ReviewSettings(models.Model):
    """Settings of the review queue: a single row."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    snooze_days = models.PositiveSmallIntegerField(default=7, help_text="days that a letter is snoozed")
    alike_percent = models.PositiveSmallIntegerField(
        default=80, help_text="letters with at least this similarity are shown as possible duplicates"
    )

    retention_years = models.PositiveSmallIntegerField(
        default=3, help_text="years to keep the file of a removed letter after the latest decision"
    )

    archive_after_years = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="years after the decision when cases are archived; 0: only by hand"
    )

    class Meta:
        verbose_name = verbose_name_plural = "review settings"
        constraints = [
            models.CheckConstraint(name="review_settings_one_row", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="review_settings_percent", condition=models.Q(alike_percent__gte=50, alike_percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return "Review settings"

    @classmethod
    def now(cls) -> "ReviewSettings":
        """The current settings, or the defaults if the row is missing."""
        return cls.objects.first() or cls()
