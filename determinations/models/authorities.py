"""Guidelines that letters cite, their aliases, and treatment categories."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Family(models.TextChoices):
    """The source of a guideline (search sequence of 8 CCR 9792.21.1: MTUS, then ACOEM or ODG, then others)."""

    MTUS = "mtus", "MTUS"
    ACOEM = "acoem", _("ACOEM outside the MTUS")
    ODG = "odg", "ODG"
    OTHER = "other", _("Other")


class Authority(models.Model):
    """One guideline document or chapter. Seeded from the parser's data; never deleted, because facts store its ID."""

    id = models.SmallAutoField(primary_key=True)
    key = models.CharField(max_length=100, unique=True, help_text="such as mtus/low-back")
    family = models.CharField(max_length=10, choices=Family.choices)
    title = models.CharField(max_length=200)
    acoem_chapter = models.CharField(max_length=20, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "authorities"
        ordering = ["family", "title"]

    def __str__(self) -> str:
        return f"{self.get_family_display()}: {self.title}"


class AuthorityAlias(models.Model):
    """A printed form that an administrator mapped to an authority.

    Rows are never deleted: the rows of a form, in order of ID, are its versions, and at most one is ``active``.
    """

    printed = models.CharField(max_length=500, help_text="as printed in the letter")
    normalised = models.CharField(max_length=500, db_index=True)
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="aliases")
    active = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "authority aliases"
        constraints = [
            models.UniqueConstraint(
                fields=["normalised"], condition=models.Q(active=True), name="authority_alias_one_active"
            ),
        ]

    def __str__(self) -> str:
        return f"Alias {self.pk} of {self.authority_id}"


class Category(models.Model):
    """A treatment category and subcategory, named as on the regulator's search page."""

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=60)
    subcategory = models.CharField(max_length=60)
    description = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["name", "subcategory"]
        constraints = [models.UniqueConstraint(fields=["name", "subcategory"], name="category_unique")]

    def __str__(self) -> str:
        return f"{self.name} / {self.subcategory}"


class CategoryRule(models.Model):
    """A category rule by staff: items whose disputed part contains the phrase belong to the category.

    It takes precedence over the parser's rules; a correction of an item's category takes precedence over it. Rows are
    never deleted, like those of aliases.
    """

    phrase = models.CharField(max_length=200, help_text="whole words, case-insensitive")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="rules")
    active = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phrase"], condition=models.Q(active=True), name="category_rule_one_active"
            ),
        ]

    def __str__(self) -> str:
        return f"Rule {self.pk}"


class PrintedCitation(models.Model):
    """The work list for aliases: a printed citation whose authority is unknown, or known by an alias.

    ``write_cases`` replaces a letter's rows with what the parser read, regardless of corrections.
    """

    letter = models.ForeignKey("determinations.Letter", on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=40, help_text="such as items/2/reviewer")
    printed = models.CharField(max_length=500)
    normalised = models.CharField(max_length=500)
    authority_key = models.CharField(max_length=100, help_text="as the parser read it")
    aliased = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["aliased", "normalised"], name="printed_citation_form")]

    def __str__(self) -> str:
        return f"Printed citation {self.pk}"
