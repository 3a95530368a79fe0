"""The narrow fact row of each item that counts: what item lists filter and statistics add up.

One row an item of a current case (superseded versions have none), replaced in the transaction that writes the case.
Lists and statistics filter the same columns, so that a number and the list behind it cannot disagree.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F

from determinations.models.authorities import Category
from determinations.models.cases import Case, DisputedItem


class ItemFact(models.Model):
    """An item's dimensions. Days count to the decision date and are null where either date is not known."""

    item = models.OneToOneField(DisputedItem, primary_key=True, on_delete=models.CASCADE, related_name="fact")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="facts")
    decision_date = models.DateField(null=True)
    date_of_injury = models.DateField(null=True)
    ur_denial_date = models.DateField(null=True)
    application_received = models.DateField(null=True)
    date_assigned = models.DateField(null=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    age = models.SmallIntegerField(null=True, help_text="years")
    claims_families = models.SmallIntegerField(help_text="bits: 1 MTUS, 2 ACOEM, 4 ODG, 8 other; 0 nothing cited")
    reviewer_families = models.SmallIntegerField(help_text="bits: 1 MTUS, 2 ACOEM, 4 ODG, 8 other; 0 nothing cited")
    overturned = models.BooleanField(null=True, help_text="null where no decision was read")
    partly_approved = models.BooleanField()
    same_authority = models.BooleanField(help_text="both sides rely on at least one authority in common")
    sex = models.CharField(max_length=6)
    priority = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12, help_text="of the item's case")
    body_region = models.CharField(max_length=40)
    licensure = ArrayField(models.CharField(max_length=60))
    specialties = ArrayField(models.CharField(max_length=120))
    claims_authority_ids = ArrayField(models.SmallIntegerField())
    reviewer_authority_ids = ArrayField(models.SmallIntegerField())
    problem_codes = ArrayField(models.CharField(max_length=40), help_text="of the item, and of its case as a whole")

    class Meta:
        indexes = [
            models.Index(F("decision_date").desc(nulls_last=True), F("item").desc(), name="fact_newest"),
            GinIndex(fields=["claims_authority_ids"], name="fact_claims_authority"),
            GinIndex(fields=["reviewer_authority_ids"], name="fact_reviewer_authority"),
        ]

    def __str__(self) -> str:
        return f"Fact of item {self.item_id}"
