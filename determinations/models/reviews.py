"""The review queue: letters that want a person, and what staff set for the work on them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from determinations.models.letters import Letter


class ReviewEntry(models.Model):
    """One letter in the queue. ``reviews.refresh`` keeps the rows; a letter with nothing to look at has none.

    ``reasons`` are codes of problems, or of what else wants a look (``reviews.REASONS``); ``urgency`` orders the
    queue, the largest first.
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
    """Why a value was corrected: the short list that people choose from. Staff edit it."""

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0, help_text="order in the list")
    offered = models.BooleanField(default=True, help_text="stands in the list; corrections made keep their reason")

    class Meta:
        ordering = ["position", "label"]

    def __str__(self) -> str:
        return self.label


class ReviewSettings(models.Model):
    """What staff set for reviews: a single row."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    snooze_days = models.PositiveSmallIntegerField(default=7, help_text="days that a snoozed letter rests")
    alike_percent = models.PositiveSmallIntegerField(
        default=80, help_text="letters whose wording is at least this alike are shown as possible duplicates"
    )

    retention_years = models.PositiveSmallIntegerField(
        default=3, help_text="years after the latest decision that the file of a removed letter is kept"
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
        """The settings in force; the defaults where the row is missing."""
        return cls.objects.first() or cls()
