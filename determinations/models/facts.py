"""The narrow fact rows that item lists filter and statistics count.

There is one row per item of a current case (superseded cases have none), and one per citation of such an item. They
are replaced in the transaction that writes the case. Lists and statistics filter the same columns, so a number and the
list behind it cannot disagree.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F

from determinations.models.authorities import Authority, Category
from determinations.models.cases import Case, DisputedItem
from determinations.models.casework import WorkLink
from determinations.models.citations import Side
from determinations.models.dimensions import indexed_columns
from determinations.models.found_by import item_sections, item_words
from determinations.models.office_fields import OfficeColumns, all_values
from determinations.models.offices import OfficeSet


class ItemFact(OfficeColumns):
    """An item's dimensions.

    ``days_from_...`` count calendar days to the decision date. They and ``claim_age`` are null if either date is
    unknown, or if the start date is after the decision (then one of the two is wrong).
    """

    item = models.OneToOneField(DisputedItem, primary_key=True, on_delete=models.CASCADE, related_name="fact")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="facts")
    work = WorkLink("case")
    decision_month = models.DateField(null=True, help_text="first day of the month of the decision")
    decision_date = models.DateField(null=True)
    date_of_injury = models.DateField(null=True)
    ur_denial_date = models.DateField(null=True)
    application_received = models.DateField(null=True)
    date_assigned = models.DateField(null=True)
    days_from_denial = models.IntegerField(null=True)
    days_from_application = models.IntegerField(null=True)
    days_from_assignment = models.IntegerField(null=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+", db_index=False)
    age = models.SmallIntegerField(null=True, help_text="years")
    injury_year = models.SmallIntegerField(null=True)
    decision_year = models.SmallIntegerField(null=True)
    claim_age = models.SmallIntegerField(null=True, help_text="full years from the injury to the decision")
    case_items = models.SmallIntegerField(help_text="number of items in the case")
    claims_families = models.SmallIntegerField(help_text="bits: 1 MTUS, 2 ACOEM, 4 ODG, 8 other; 0 nothing cited")
    reviewer_families = models.SmallIntegerField(help_text="bits: 1 MTUS, 2 ACOEM, 4 ODG, 8 other; 0 nothing cited")
    overturned = models.BooleanField(null=True, help_text="null if the decision was not found")
    partly_approved = models.BooleanField()
    same_authority = models.BooleanField(help_text="both sides cite at least one authority in common")
    first_of_case = models.BooleanField(help_text="the item with the lowest number in its case")
    sex = models.CharField(max_length=6)
    priority = models.CharField(max_length=12)
    outcome = models.CharField(max_length=12, help_text="of the item's case")
    state = models.CharField(max_length=20, help_text="of the item's letter")
    office_set = models.ForeignKey(
        OfficeSet,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="of the item's letter",
    )
    corrected = models.BooleanField(help_text="the case has an active correction")
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
        db_default="",
        db_collation="C",
        help_text="all citations as one string to group by, see statistics.citation_code",
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
            models.Index(F("category").desc(), F("item").desc(), name="fact_by_category"),
            models.Index(F("overturned").desc(nulls_last=True), F("item").desc(), name="fact_by_decision"),
            models.Index(
                "office_set",
                F("decision_date").desc(nulls_last=True),
                F("item").desc(),
                name="fact_office_newest",
                condition=models.Q(office_set__isnull=False),
            ),
            models.Index(F("ur_denial_date").desc(nulls_last=True), F("item").desc(), name="fact_denied"),
            models.Index(F("date_of_injury").desc(nulls_last=True), F("item").desc(), name="fact_injured"),
            # One index for all filters finds rows that match several of them without visiting other rows.
            GinIndex(
                *indexed_columns(of_items=True),
                item_words(),
                item_sections("claims"),
                item_sections("reviewer"),
                name="fact_found_by",
            ),
            GinIndex(all_values(), name="fact_office_values"),
        ]

    def __str__(self) -> str:
        return f"Fact of item {self.item_id}"


class CitationFact(models.Model):
    """A citation of an item that counts: side, authority and edition.

    ``on_date`` is the date on which the edition should have been in force: the UR denial for the claims
    administrator's citation, the decision for the reviewer's. Of the rows of an item, side and authority, only the
    first has sections (by label, see ``SectionName``) and pages, those of all editions, so that counting rows counts
    items.
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
    """A mark that triggers write for every statement that changes what statistics read (see the migration).

    The sum of the marks that a transaction sees identifies the version of the data it sees: every commit adds a random
    mark, so no two versions have the same sum. Rows are only inserted, so writers never wait for each other; old rows
    are merged from time to time into one with their sum.
    """

    mark = models.DecimalField(max_digits=40, decimal_places=0)

    def __str__(self) -> str:
        return f"Change {self.pk}"
