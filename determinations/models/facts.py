"""The narrow fact rows: what item lists filter and what statistics add up.

One row an item of a current case (superseded versions have none), and one a citation of such an item, replaced in the
transaction that writes the case. Lists and statistics filter the same columns, so that a number and the list behind
it cannot disagree.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F

from determinations.models.authorities import Authority, Category
from determinations.models.cases import Case, DisputedItem
from determinations.models.citations import Side
from determinations.models.dimensions import indexed_columns
from determinations.models.found_by import item_sections, item_words


class ItemFact(models.Model):
    """An item's dimensions.

    ``days_from_...`` count calendar days to the decision date. They and ``claim_age`` are null where either date is
    not known, or where the earlier date comes after the decision (then one of the two is wrong).
    """

    item = models.OneToOneField(DisputedItem, primary_key=True, on_delete=models.CASCADE, related_name="fact")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="facts")
    decision_month = models.DateField(null=True, help_text="first day of the month of the decision")
    decision_date = models.DateField(null=True)
    date_of_injury = models.DateField(null=True)
    ur_denial_date = models.DateField(null=True)
    application_received = models.DateField(null=True)
    date_assigned = models.DateField(null=True)
    days_from_denial = models.IntegerField(null=True)
    days_from_application = models.IntegerField(null=True)
    days_from_assignment = models.IntegerField(null=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    age = models.SmallIntegerField(null=True, help_text="years")
    injury_year = models.SmallIntegerField(null=True)
    decision_year = models.SmallIntegerField(null=True)
    claim_age = models.SmallIntegerField(null=True, help_text="whole years from the injury to the decision")
    case_items = models.SmallIntegerField(help_text="how many items the item's case has")
    claims_families = models.SmallIntegerField(help_text="bits: 1 MTUS, 2 ACOEM, 4 ODG, 8 other; 0 nothing cited")
    reviewer_families = models.SmallIntegerField(help_text="bits: 1 MTUS, 2 ACOEM, 4 ODG, 8 other; 0 nothing cited")
    overturned = models.BooleanField(null=True, help_text="null where no decision was read")
    partly_approved = models.BooleanField()
    same_authority = models.BooleanField(help_text="both sides rely on at least one authority in common")
    first_of_case = models.BooleanField(help_text="the lowest numbered item of its case")
    sex = models.CharField(max_length=6)
    priority = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12, help_text="of the item's case")
    state = models.CharField(max_length=20, help_text="of the item's letter")
    corrected = models.BooleanField(help_text="an active correction stands in the item's case")
    body_region = models.CharField(max_length=40)
    licensure = ArrayField(models.CharField(max_length=60))
    specialties = ArrayField(models.CharField(max_length=120))
    claims_authority_ids = ArrayField(models.SmallIntegerField())
    reviewer_authority_ids = ArrayField(models.SmallIntegerField())
    problem_codes = ArrayField(models.CharField(max_length=40), help_text="of the item, and of its case as a whole")
    grounds = ArrayField(
        models.CharField(max_length=40), default=list, db_default=[], help_text="codes of ``parsing.grounds.GROUNDS``"
    )
    cited = models.TextField(
        db_default="", db_collation="C", help_text="every citation in one word to group by, see statistics.cited"
    )

    class Meta:
        indexes = [
            models.Index(F("decision_date").desc(nulls_last=True), F("item").desc(), name="fact_newest"),
            models.Index(
                "category", F("decision_date").desc(nulls_last=True), F("item").desc(), name="fact_category_newest"
            ),
            models.Index(
                "overturned", F("decision_date").desc(nulls_last=True), F("item").desc(), name="fact_overturned_newest"
            ),
            models.Index(F("ur_denial_date").desc(nulls_last=True), F("item").desc(), name="fact_denied"),
            models.Index(F("date_of_injury").desc(nulls_last=True), F("item").desc(), name="fact_injured"),
            # One index for all filters: it finds the rows that meet several of them without visiting the rest.
            GinIndex(
                *indexed_columns(of_items=True),
                item_words(),
                item_sections("claims"),
                item_sections("reviewer"),
                name="fact_found_by",
            ),
        ]

    def __str__(self) -> str:
        return f"Fact of item {self.item_id}"


class CitationFact(models.Model):
    """One citation of an item that counts: side, authority and edition, with what its parts are counted by.

    ``on_date`` is the day on which the edition should have been in force: the UR denial for the claims
    administrator's citation, the decision for the reviewer's. The first row of an item, side and authority carries
    the sections (by their labels, see ``SectionName``) and pages of all its editions, each once, so that counting rows
    counts items.
    """

    fact = models.ForeignKey(ItemFact, on_delete=models.CASCADE, related_name="citations")
    on_date = models.DateField(null=True)
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="+", db_index=False)
    overturned = models.BooleanField(null=True)
    first_of_authority = models.BooleanField(help_text="of this item, side and authority, by edition")
    side = models.CharField(max_length=10, choices=Side.choices)
    edition = models.CharField(max_length=60)
    sections = ArrayField(models.CharField(max_length=300))
    pages = ArrayField(models.CharField(max_length=40))

    class Meta:
        indexes = [models.Index(fields=["authority", "side"], name="citation_fact_authority")]

    def __str__(self) -> str:
        return f"Fact of citation {self.pk}"


class FactChange(models.Model):
    """A mark left by every statement that changes what statistics read; triggers write it (see the migration).

    The sum of the marks that a transaction sees names the state of the data that it sees: each commit adds a random
    mark of its own, so no other state has that sum. Rows are only added, hence writers never wait for each other;
    old rows are now and then merged into one that carries their sum.
    """

    mark = models.DecimalField(max_digits=40, decimal_places=0)

    def __str__(self) -> str:
        return f"Change {self.pk}"
