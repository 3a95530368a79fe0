"""Reference data for statistics: published figures, effective dates of editions, limits of small numbers."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from determinations.models.authorities import Authority


class Figure(models.TextChoices):
    """What a published figure measures."""

    LETTERS = "letters", _("determination letters")
    ITEMS = "items", _("treatment requests decided")
    ITEMS_PER_LETTER = "items_per_letter", _("requests per letter")
    SEVERAL_ITEMS = "several_items", _("percent of letters with several requests")
    OVERTURNED = "overturned", _("percent of requests overturned")
    SHARE = "share", _("percent of requests")
    SHARE_OF_DRUGS = "share_of_drugs", _("percent of drug requests")


class StatewideFigure(models.Model):
    """A figure that the regulator (DWC) or the insurers' institute (CWCI) published for one year."""

    year = models.PositiveSmallIntegerField()
    figure = models.CharField(max_length=20, choices=Figure.choices)
    category = models.CharField(max_length=60, blank=True, help_text="treatment category; empty: all requests")
    subcategory = models.CharField(max_length=60, blank=True)
    value = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))])
    source = models.CharField(max_length=200)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-year", "figure", "category", "subcategory"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "figure", "category", "subcategory"], name="statewide_figure_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.figure} {self.category} {self.subcategory}".strip()


class EditionValidity(models.Model):
    """The dates between which an edition was in force. Editions without a row are not classified."""

    authority = models.ForeignKey(
        Authority, to_field="key", db_constraint=False, on_delete=models.DO_NOTHING, related_name="editions"
    )
    edition = models.CharField(max_length=60, help_text="as citations print it, such as 2009")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True, help_text="last day in force; empty: still in force")
    source = models.CharField(max_length=300)

    class Meta:
        verbose_name_plural = "effective dates of editions"
        ordering = ["authority", "edition"]
        constraints = [models.UniqueConstraint(fields=["authority", "edition"], name="edition_validity_unique")]

    def __str__(self) -> str:
        return f"{self.authority_id} {self.edition}"


class StatisticsLimits(models.Model):
    """When numbers are too small: a single row that administrators edit."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    rate_needs = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1)], help_text="rates based on fewer items are grayed out"
    )
    small_cell = models.PositiveSmallIntegerField(
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="counts from 1 to less than this are marked in exports",
    )

    class Meta:
        verbose_name = verbose_name_plural = "limits of small numbers"
        constraints = [models.CheckConstraint(name="statistics_limits_one_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return "Limits of small numbers"

    @classmethod
    def now(cls) -> "StatisticsLimits":
        """The current limits, or the defaults if the row is missing."""
        return cls.objects.first() or cls()
