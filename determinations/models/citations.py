"""Citations: which guideline each side relied on for an item."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from determinations.models.authorities import Authority
from determinations.models.cases import DisputedItem


class Side(models.TextChoices):
    """Who relied on the guideline."""

    CLAIMS = "claims", _("Claims administrator")
    REVIEWER = "reviewer", _("Reviewer")


class Citation(models.Model):
    """One guideline document or chapter named by one side for one item; sections and pages belong to it."""

    item = models.ForeignKey(DisputedItem, on_delete=models.CASCADE, related_name="citations")
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
    """The name of a section that some citation has named, and the label that all spellings of the section share.

    Part of a name or of its label finds the name, and names find the citations. Names stay when the citations go: one
    too many finds nothing.
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
