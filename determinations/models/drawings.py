"""What is to be drawn from letters' files, and what could not be."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from determinations.models.letters import Letter


class DrawingKind(models.TextChoices):
    """What a worker draws or finds in a letter's file."""

    PAGE = "page", _("picture of a page")
    PLACES = "places", _("places of values on the pages")
    COUNT = "count", _("number of pages")
    EXCERPT = "excerpt", _("own pages as a file")


class Drawing(models.Model):
    """One requested drawing. The row is deleted when the result is stored, and kept when drawing failed.

    ``number`` is the page (from 1), and ``digest`` names the values whose places are wanted, or the pages of an
    excerpt.
    """

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="drawings")
    kind = models.CharField(max_length=10, choices=DrawingKind.choices)
    number = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    version = models.PositiveSmallIntegerField(help_text="version of the drawing code that was requested or failed")
    failure = models.CharField(max_length=200, blank=True, help_text="why it cannot be drawn, without letter text")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["letter", "kind", "number", "digest"], name="drawing_once"),
        ]
        indexes = [
            models.Index(fields=["requested_by", "id"], condition=models.Q(failure=""), name="drawing_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or ''} of letter {self.letter_id}"
