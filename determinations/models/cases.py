"""Cases and their disputed items, with their effective values: parsed values with active corrections applied.

Only ``effective.write_cases`` writes these rows. Long texts have tables of their own, so that lists read narrow rows.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from determinations.models.authorities import Category
from determinations.models.casework import WorkLink
from determinations.models.dimensions import indexed_columns
from determinations.models.found_by import case_sections, case_words
from determinations.models.letters import Letter
from determinations.models.office_fields import OfficeColumns, all_values
from determinations.models.offices import OfficeSet
from determinations.models.packed import PackedText
from determinations.models.read_often import ReadOften


class Outcome(models.TextChoices):
    """The outcome of a case, derived from its items; letters do not print one."""

    UPHELD = "upheld", _("Upheld")
    PARTLY = "partly", _("Partly overturned")
    OVERTURNED = "overturned", _("Overturned")
    UNKNOWN = "unknown", _("Decision not found")


class Decision(models.TextChoices):
    """The reviewer's decision on an item. Upheld: UR's denial is upheld. Overturned: the treatment is necessary."""

    UPHELD = "upheld", _("Upheld")
    OVERTURNED = "overturned", _("Overturned")


class CaseQuerySet(models.QuerySet["Case"]):
    """Query methods of cases."""

    def current(self) -> "CaseQuerySet":
        """Only cases that no other letter supersedes."""
        return self.filter(superseded_by__isnull=True)


class Case(OfficeColumns):
    """A letter as a case. Its ID is the letter's ID, so addresses stay valid when the letter is read again."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="case")
    work = WorkLink("letter")
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="older_versions")
    is_copy = models.BooleanField(
        default=False,
        db_default=False,
        help_text="the case that supersedes this one is the same letter, received as another file",
    )
    layout = models.CharField(max_length=40, blank=True)
    case_number = models.CharField(max_length=20, null=True)  # noqa: DJ001 - unknown is not the empty number
    date_assigned = models.DateField(null=True)
    date_of_injury = models.DateField(null=True)
    decision_date = models.DateField(null=True)
    ur_denial_date = models.DateField(null=True)
    application_received = models.DateField(null=True)
    priority = models.CharField(max_length=12, blank=True)
    age = models.PositiveSmallIntegerField(null=True)
    sex = models.CharField(max_length=6, blank=True)
    licensure = ArrayField(models.CharField(max_length=60), default=list)
    specialties = ArrayField(models.CharField(max_length=120), default=list)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    item_count = models.PositiveSmallIntegerField()
    overturned_count = models.PositiveSmallIntegerField()
    category_ids = ArrayField(models.SmallIntegerField(), default=list)
    claims_authority_ids = ArrayField(models.SmallIntegerField(), default=list)
    reviewer_authority_ids = ArrayField(models.SmallIntegerField(), default=list)
    said_of_items = ArrayField(
        models.CharField(max_length=60),
        default=list,
        help_text="values that at least one item has, such as region=Knee (see cases.item_marks)",
    )
    problem_codes = ArrayField(models.CharField(max_length=40), default=list)
    all_problem_codes = ArrayField(
        models.CharField(max_length=40), default=list, help_text="of the case as a whole and its items"
    )
    problem_count = models.PositiveSmallIntegerField(default=0, help_text="includes problems of items")
    state = models.CharField(max_length=20, help_text="the letter's state, for filters")
    office_set = models.ForeignKey(
        OfficeSet,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="of the letter",
    )
    corrected = models.BooleanField(default=False, help_text="the case has an active correction")
    due_on = models.DateField(
        null=True, help_text="the earliest due date of its open duties; only duties.records writes it"
    )
    searched_hash = models.BigIntegerField(
        default=0, help_text="changes with the words and sections that find the case (see models.found_by)"
    )

    added_at = models.DateTimeField(
        null=True, db_default=Now(), help_text="when the letter was first read; null for cases of before this was kept"
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(F("decision_date").desc(nulls_last=True), F("letter").desc(), name="case_newest"),
            models.Index(
                "outcome", F("decision_date").desc(nulls_last=True), F("letter").desc(), name="case_outcome_newest"
            ),
            models.Index(F("case_number").desc(nulls_last=True), F("letter").desc(), name="case_by_number"),
            models.Index(F("item_count").desc(), F("letter").desc(), name="case_by_items"),
            models.Index(F("problem_count").desc(), F("letter").desc(), name="case_by_doubts"),
            # Counts of the home page: of the cases that lists show, without reading their rows.
            models.Index(fields=["state"], name="case_current_state", condition=Q(superseded_by__isnull=True)),
            models.Index(fields=["outcome"], name="case_current_outcome", condition=Q(superseded_by__isnull=True)),
            models.Index(
                fields=["added_at"],
                include=["outcome"],
                name="case_current_added",
                condition=Q(added_at__isnull=False, superseded_by__isnull=True),
            ),
            models.Index(F("outcome").desc(), F("letter").desc(), name="case_by_outcome"),
            models.Index(F("category_ids").desc(), F("letter").desc(), name="case_by_category"),
            models.Index(F("specialties").desc(), F("letter").desc(), name="case_by_specialty"),
            models.Index(
                F("due_on").desc(nulls_last=True),
                F("letter").desc(),
                name="case_by_due_date",
                condition=Q(due_on__isnull=False),
            ),
            models.Index(
                "office_set",
                F("decision_date").desc(nulls_last=True),
                F("letter").desc(),
                name="case_office_newest",
                condition=models.Q(office_set__isnull=False),
            ),
            # One index for all filters finds rows that match several of them without visiting other rows.
            GinIndex(
                *indexed_columns(of_items=False),
                case_words(),
                case_sections("claims"),
                case_sections("reviewer"),
                name="case_found_by",
            ),
            GinIndex(all_values(), name="case_office_values"),
        ]
        permissions = [
            ("browse_cases", "Can browse cases, items and decisions"),
            ("export_cases", "Can export lists"),
            ("view_statistics", "Can view statistics"),
            ("view_quality", "Can view the quality page"),
            ("correct_cases", "Can correct parsed values"),
        ]

    def __str__(self) -> str:
        return f"Case {self.pk}"


class CaseText(models.Model):
    """A case's long text, and its search vector without its items: number, summary, reviewer, notes."""

    case = models.OneToOneField(Case, primary_key=True, on_delete=models.CASCADE, related_name="text")
    summary = PackedText(blank=True)
    search = SearchVectorField(null=True)
    words_version = models.SmallIntegerField(
        default=0,
        db_default=0,
        help_text="the form of the search vectors of the case and its items (see cases.search_words)",
    )

    class Meta:
        indexes = [
            models.Index(fields=["words_version"], name="case_words_version"),
            models.Index(fields=["case"], name="case_text_earlier", condition=Q(summary__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"Text of case {self.case_id}"


class DisputedItem(ReadOften):
    """A treatment request that UR denied, and the decision on it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="items", db_index=False)
    number = models.PositiveSmallIntegerField()
    request = models.TextField()
    disputed = models.TextField()
    partly_approved = models.BooleanField(default=False)
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="items")
    category_rule = models.CharField(max_length=60, help_text="the rule that set the category, or 'staff'")
    body_region = models.CharField(max_length=40, blank=True)
    problem_codes = ArrayField(models.CharField(max_length=40), default=list)
    grounds = ArrayField(models.CharField(max_length=40), default=list, db_default=[])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="item_number_unique")]

    def __str__(self) -> str:
        return f"Item {self.number} of case {self.case_id}"


class ItemText(models.Model):
    """An item's long texts, and its search vector: request, rationale, guideline lines and what these cite."""

    item = models.OneToOneField(DisputedItem, primary_key=True, on_delete=models.CASCADE, related_name="text")
    rationale = PackedText(blank=True)
    claims_text = PackedText(blank=True)
    reviewer_text = PackedText(blank=True)
    search = SearchVectorField(null=True)

    class Meta:
        indexes = [models.Index(fields=["item"], name="item_text_earlier", condition=Q(rationale__isnull=True))]

    def __str__(self) -> str:
        return f"Text of item {self.item_id}"
