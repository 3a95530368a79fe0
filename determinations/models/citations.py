"""Citations: the guidelines that each side cites for an item."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from determinations.models.authorities import Authority
from determinations.models.cases import DisputedItem


class Side(models.TextChoices):
    """Who cites the guideline."""

    CLAIMS = "claims", _("Claims administrator")
    REVIEWER = "reviewer", _("Reviewer")


class Citation(models.Model):
    """A guideline document or chapter that one side cites for an item, with its sections and pages."""

    item = models.ForeignKey(DisputedItem, on_delete=models.CASCADE, related_name="citations", db_index=False)
    side = models.CharField(max_length=10, choices=Side.choices)
    position = models.PositiveSmallIntegerField(help_text="order in the printed sentence, from 0")
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="citations")
    edition = models.CharField(max_length=60, blank=True)
    sections = ArrayField(models.CharField(max_length=300), default=list)
    pages = ArrayField(models.CharField(max_length=40), default=list)
    printed = models.TextField(help_text="the citation as printed")

    class Meta:
        ordering = ["side", "position"]
        constraints = [
            models.UniqueConstraint(fields=["item", "side", "authority", "edition"], name="citation_unique"),
        ]

    def __str__(self) -> str:
        return f"Citation {self.pk}"


class SectionName(models.Model):
    """The name of a cited section, and the label that all spellings of the section share.

    Filters find names by part of the name or label, and citations by name. Names are kept after their citations are
    deleted; an unused name finds nothing.
    """

    name = models.CharField(max_length=300, primary_key=True)
    label = models.CharField(max_length=300, default="", help_text="see determinations.parsing.citations.spellings")

    class Meta:
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="section_name_parts"),
            GinIndex(OpClass(Upper("label"), name="gin_trgm_ops"), name="section_label_parts"),
            models.Index(fields=["label"], name="section_name_label"),
        ]

    def __str__(self) -> str:
        return self.name
