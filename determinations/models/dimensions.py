"""Everything lists and statistics can be filtered by: one ``Dimension`` each.

This table is read by the filters (``filters``), the facet counts and the rail (``browsing``), the marks on cases
(``cases.item_marks``) and the two filter indexes (``fact_found_by``, ``case_found_by``). A new filter is one entry.
It holds data only; how each ``Kind`` filters, counts and offers its values is a small class in ``filters.kinds``.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from determinations.models.office_fields import SLOTS, column_of
from determinations.parsing.categories import body_region
from determinations.parsing.results import SIDES, ItemRecord, Side, ground_codes

#: The array on ``Case`` that holds the marks of its items, see ``cases.item_marks``.
MARKS = "said_of_items"

#: An item and the family of each authority by key -> the values of the dimension that the item has.
Mark = Callable[[ItemRecord, Mapping[str, str]], Collection[str]]


class Kind(StrEnum):
    """How a dimension keeps its values. Each has its class in ``filters.kinds``."""

    CHOICE = "choice"  # a text column with a fixed set of values, all of them offered
    TEXT = "text"  # a text column; the values that occur are offered, most frequent first
    CODES = "codes"  # an array of texts; the values that occur are offered, most frequent first
    YES_NO = "yes_no"  # a Boolean column
    DECISION = "decision"  # a Boolean column, null where no decision was read
    AGE = "age"  # years, in bands
    BANDS = "bands"  # another number, in bands
    FAMILIES = "families"  # bits, one for each family of guidelines
    NO_FAMILY = "no_family"  # the same column: families that are not among the bits
    AUTHORITIES = "authorities"  # an array of IDs of authorities
    CATEGORY = "category"  # the category with its subcategories below it
    SUBCATEGORY = "subcategory"
    SECTION = "section"  # part of the name of a section that one side cites
    PERIOD = "period"  # a date column: from and to
    UNDATED = "undated"  # which dates are missing
    SEVERAL_ITEMS = "several_items"
    CITED_PART = "cited_part"  # ``key@part``: an edition, section or page that one side cites
    SUPERSEDED = "superseded"  # ``key@edition``: an edition no longer in force that one side cites
    STANDING = "standing"  # whether the editions one side cites were in force
    DUTY = "duty"  # whether the item's duty is open, met, late or not required
    DUTY_RULE = "duty_rule"  # what the item obliges to do
    DUTY_DUE = "duty_due"  # whether the due date of the item's duty is known
    DUE = "due"  # the due date of the item's duty: from and to
    DUTY_OF = "duty_of"  # who closed the item's duty or, while it is open, has it
    OWNER = "owner"  # who a case is assigned to
    STATUS = "status"  # how far the office is with a case
    HELD = "held"  # under a legal hold
    ARCHIVED = "archived"  # left out of daily lists
    TAG = "tag"  # a tag of a case
    ADDED = "added"  # when the case was first read: from and to
    LETTERS = "letters"  # chosen letters, by ID
    OFFICE_FIELD = "office_field"  # a field of the office's own: the values that occur, or from and to
    TOLD = "told"  # the cases of a notification
    UPLOAD = "upload"
    PRINTED = "printed"
    WORDS = "words"
    REST = "rest"  # all items but those of another address
    BY_ITEM = "by_item"


class Scope(Enum):
    """Whether a value belongs to the letter or to one of its items, and which rows therefore answer for it."""

    LETTER = auto()  # once per letter; cases and items have the column
    LETTER_BY_ITEM = auto()  # once per letter, but only items have the column
    CASE_OR_ITEM = auto()  # a case answers for everything it contains, an item for itself
    ITEM = auto()  # per item; a case must have one item that meets all such filters


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One thing to filter by.

    ``name`` is the parameter in addresses (a period adds ``_from`` and ``_to``); it never changes: saved views use it.
    ``words`` names the vocabulary of its values in ``wording.labels``; without one, values are shown as they are.
    """

    name: str
    label: str
    kind: Kind
    scope: Scope
    #: The column of ``ItemFact``, or of ``CitationFact`` for parts of citations.
    item_column: str = ""
    #: The column of ``Case``; dimensions of the letter have the same name there.
    case_column: str = ""
    #: What an empty text column is called in addresses.
    empty: str = ""
    words: str = ""
    #: The values that the rail offers of a fixed set, if not all.
    offered: tuple[str, ...] = ()
    #: The side it is about, if only one.
    side: Side | None = None
    #: The field of the letter's words that it looks in, if only one (``searching.query.FIELDS``).
    searched: str = ""
    #: Several values must all hold, instead of any.
    every: bool = False
    #: The values one item leaves as marks on its case.
    mark: Mark | None = None
    #: The columns are part of the indexes for filters.
    indexed: bool = False
    in_rail: bool = False
    #: The facet of the rail that shows it, if not one of its own.
    facet: str = ""
    #: The heading of the facet, if not the label.
    title: str = ""
    #: The facet is open from the start.
    opened: bool = False

    @property
    def of_item(self) -> bool:
        """Cases answer through their items."""
        return self.scope in (Scope.LETTER_BY_ITEM, Scope.ITEM)

    @property
    def of_letter(self) -> bool:
        """All items of a letter have the same value."""
        return self.scope in (Scope.LETTER, Scope.LETTER_BY_ITEM)

    def column(self, *, of_items: bool) -> str:
        """The column of the rows listed; empty where these rows have none."""
        if of_items:
            return self.item_column
        return self.case_column or (self.item_column if self.scope is Scope.LETTER else "")


def _cited_families(side: Side) -> Mark:
    def mark(item: ItemRecord, families: Mapping[str, str]) -> Collection[str]:
        return {families[citation["authority"]] for citation in item[side]} or {"none"}

    return mark


def _same_guideline(item: ItemRecord, _families: Mapping[str, str]) -> Collection[str]:
    by_claims, by_reviewer = ({citation["authority"] for citation in item[side]} for side in SIDES)
    return ["yes"] if by_claims & by_reviewer else []


#: In the order of the rail, and of the active filters above a list.
_OFFERED = (
    Dimension(
        name="decided", label="Decided", kind=Kind.PERIOD, scope=Scope.LETTER, item_column="decision_date",
        in_rail=True, opened=True,
    ),
    Dimension(
        name="outcome", label="Case outcome", kind=Kind.CHOICE, scope=Scope.LETTER, item_column="outcome",
        words="outcome", indexed=True, in_rail=True, opened=True,
    ),
    Dimension(
        name="decision", label="Decision", title="Decision on an item", kind=Kind.DECISION, scope=Scope.ITEM,
        item_column="overturned", case_column=MARKS, words="decision", indexed=True, in_rail=True, opened=True,
        mark=lambda item, _families: [item["decision"] or "unknown"],
    ),
    Dimension(
        name="category", label="Category", kind=Kind.CATEGORY, scope=Scope.ITEM, item_column="category_id",
        case_column="category_ids", indexed=True, in_rail=True, opened=True,
    ),
    Dimension(
        name="subcategory", label="Subcategory", kind=Kind.SUBCATEGORY, scope=Scope.ITEM, words="subcategory",
        in_rail=True, facet="category",
    ),
    Dimension(
        name="ground", label="Ground of the decision", title="Grounds of the decision", kind=Kind.CODES,
        scope=Scope.ITEM, item_column="grounds", case_column=MARKS, words="ground", indexed=True, in_rail=True,
        mark=lambda item, _families: ground_codes(item) or ["unknown"],
    ),
    Dimension(
        name="reviewer_family", label="Reviewer cites", kind=Kind.FAMILIES, scope=Scope.ITEM,
        item_column="reviewer_families", case_column=MARKS, words="family", indexed=True, in_rail=True, opened=True,
        mark=_cited_families("reviewer"),
    ),
    Dimension(
        name="reviewer_authority", label="Reviewer's guideline", kind=Kind.AUTHORITIES, scope=Scope.ITEM,
        item_column="reviewer_authority_ids", case_column="reviewer_authority_ids", words="authority", indexed=True,
        in_rail=True,
    ),
    Dimension(
        name="reviewer_section", label="Reviewer's section", kind=Kind.SECTION, scope=Scope.ITEM, side="reviewer",
        in_rail=True, facet="reviewer_authority",
    ),
    Dimension(
        name="claims_family", label="Claims administrator cites", kind=Kind.FAMILIES, scope=Scope.ITEM,
        item_column="claims_families", case_column=MARKS, words="family", indexed=True, in_rail=True,
        mark=_cited_families("claims"),
    ),
    Dimension(
        name="claims_authority", label="Claims administrator's guideline", kind=Kind.AUTHORITIES, scope=Scope.ITEM,
        item_column="claims_authority_ids", case_column="claims_authority_ids", words="authority", indexed=True,
        in_rail=True,
    ),
    Dimension(
        name="claims_section", label="Claims administrator's section", kind=Kind.SECTION, scope=Scope.ITEM,
        side="claims", in_rail=True, facet="claims_authority",
    ),
    Dimension(
        name="same_guideline", label="Both sides cite the same guideline", kind=Kind.YES_NO, scope=Scope.ITEM,
        item_column="same_authority", words="yes_no", indexed=True, in_rail=True, mark=_same_guideline,
    ),
    Dimension(
        name="specialty", label="Reviewer's specialty", kind=Kind.CODES, scope=Scope.LETTER,
        item_column="specialties", indexed=True, in_rail=True,
    ),
    Dimension(
        name="licensure", label="Reviewer's licensure", kind=Kind.CODES, scope=Scope.LETTER,
        item_column="licensure", indexed=True, in_rail=True,
    ),
    Dimension(
        name="region", label="Body region", kind=Kind.TEXT, scope=Scope.ITEM, item_column="body_region",
        case_column=MARKS, empty="unknown", indexed=True, in_rail=True,
        mark=lambda item, _families: [body_region(item["disputed"]) or "unknown"],
    ),
    Dimension(
        name="partly_approved", label="Partly approved by UR", kind=Kind.YES_NO, scope=Scope.ITEM,
        item_column="partly_approved", words="yes_no", indexed=True, in_rail=True,
        mark=lambda item, _families: ["yes"] if item["partly_approved"] else [],
    ),
    Dimension(
        name="age", label="Age", kind=Kind.AGE, scope=Scope.LETTER, item_column="age", words="age", indexed=True,
        in_rail=True,
    ),
    Dimension(
        name="sex", label="Sex", kind=Kind.CHOICE, scope=Scope.LETTER, item_column="sex", empty="unknown",
        words="sex", indexed=True, in_rail=True,
    ),
    Dimension(
        name="priority", label="Priority", kind=Kind.CHOICE, scope=Scope.LETTER, item_column="priority",
        empty="unknown", words="priority", in_rail=True,
    ),
    Dimension(
        name="injured", label="Injured", title="Other dates", kind=Kind.PERIOD, scope=Scope.LETTER,
        item_column="date_of_injury", in_rail=True, facet="dates",
    ),
    Dimension(
        name="denied", label="UR denial", kind=Kind.PERIOD, scope=Scope.LETTER, item_column="ur_denial_date",
        in_rail=True, facet="dates",
    ),
    Dimension(
        name="received", label="Application received", kind=Kind.PERIOD, scope=Scope.LETTER,
        item_column="application_received", in_rail=True, facet="dates",
    ),
    Dimension(
        name="owner", label="Owner", kind=Kind.OWNER, scope=Scope.LETTER, words="owner", in_rail=True,
    ),
    Dimension(
        name="status", label="Status", kind=Kind.STATUS, scope=Scope.LETTER, words="status", in_rail=True,
    ),
    Dimension(
        name="archived", label="Archived", kind=Kind.ARCHIVED, scope=Scope.LETTER, words="yes_no", in_rail=True,
    ),
    Dimension(
        name="held", label="Under a legal hold", kind=Kind.HELD, scope=Scope.LETTER, words="yes_no", in_rail=True,
    ),
    Dimension(name="tag", label="Tag", title="Tags", kind=Kind.TAG, scope=Scope.LETTER, in_rail=True),
    *(  # which of them there are, and what they are called, is a setting
        Dimension(
            name=column_of(slot), label=f"Office field {slot}", kind=Kind.OFFICE_FIELD, scope=Scope.LETTER,
            item_column=column_of(slot), in_rail=True,
        )
        for slot in SLOTS
    ),
    Dimension(
        name="added", label="Added", kind=Kind.ADDED, scope=Scope.LETTER, words="time", in_rail=True,
    ),
    Dimension(
        name="undated", label="Without a date", kind=Kind.UNDATED, scope=Scope.LETTER, words="undated",
    ),
    Dimension(
        name="problem", label="Doubt", title="Doubts", kind=Kind.CODES, scope=Scope.CASE_OR_ITEM,
        item_column="problem_codes", case_column="all_problem_codes", words="problem", indexed=True, in_rail=True,
    ),
    Dimension(
        name="state", label="State", title="State of the letter", kind=Kind.CHOICE, scope=Scope.LETTER,
        item_column="state", words="state", offered=("parsed", "needs_review", "unknown_layout"), indexed=True,
        in_rail=True,
    ),
    *(
        Dimension(
            name=f"{field}_words", label=label, title="Words in one field", kind=Kind.WORDS, scope=Scope.CASE_OR_ITEM,
            searched=field, in_rail=True, facet="words",
        )
        for field, label in (
            ("request", "Words in the request"),
            ("rationale", "Words in the rationale"),
            ("summary", "Words in the summary"),
            ("cites", "Words in guideline lines"),
            ("reviewer", "Words on the reviewer"),
            ("notes", "Words in notes"),
        )
    ),
    Dimension(
        name="corrected", label="Corrected by staff", kind=Kind.YES_NO, scope=Scope.LETTER, item_column="corrected",
        words="yes_no", in_rail=True,
    ),
    Dimension(
        name="duty", label="Duty", title="Duties", kind=Kind.DUTY, scope=Scope.ITEM, words="duty", in_rail=True,
    ),
    Dimension(
        name="duty_rule", label="Kind of duty", kind=Kind.DUTY_RULE, scope=Scope.ITEM, words="duty_rule",
    ),
    Dimension(
        name="duty_due", label="Due date", kind=Kind.DUTY_DUE, scope=Scope.ITEM, words="duty_due", in_rail=True,
        facet="duty",
    ),
    Dimension(name="duty_of", label="Duty of", kind=Kind.DUTY_OF, scope=Scope.ITEM, words="owner"),
    Dimension(name="due", label="Due", kind=Kind.DUE, scope=Scope.ITEM, in_rail=True, facet="duty"),
)  # fmt: skip

#: Set by the search box, by links from other pages, and by numbers of the statistics.
_NOT_OFFERED = (
    Dimension(name="letter", label="Selected cases", kind=Kind.LETTERS, scope=Scope.LETTER, words="letters"),
    Dimension(name="told", label="Notification", kind=Kind.TOLD, scope=Scope.LETTER),
    Dimension(name="upload", label="Upload", kind=Kind.UPLOAD, scope=Scope.LETTER),
    Dimension(name="printed", label="Unrecognized citation", kind=Kind.PRINTED, scope=Scope.LETTER),
    Dimension(name="q", label="Words", kind=Kind.WORDS, scope=Scope.CASE_OR_ITEM),
    Dimension(
        name="by_item", label="Only letters with a matching item", kind=Kind.BY_ITEM,
        scope=Scope.LETTER, words="yes_no",
    ),
    Dimension(name="rest_of", label="All except", kind=Kind.REST, scope=Scope.ITEM),
    # The same filters again, for a second condition on the same dimension.
    Dimension(
        name="also_specialty", label="Reviewer's specialty (also)", kind=Kind.CODES, scope=Scope.LETTER_BY_ITEM,
        item_column="specialties", every=True,
    ),
    Dimension(
        name="also_licensure", label="Reviewer's licensure (also)", kind=Kind.CODES, scope=Scope.LETTER_BY_ITEM,
        item_column="licensure", every=True,
    ),
    Dimension(
        name="also_ground", label="Ground too", kind=Kind.CODES, scope=Scope.ITEM, item_column="grounds",
        words="ground", every=True,
    ),
    Dimension(
        name="also_claims_family", label="Claims administrator also cites", kind=Kind.FAMILIES, scope=Scope.ITEM,
        item_column="claims_families", words="family", every=True,
    ),
    Dimension(
        name="also_reviewer_family", label="Reviewer also cites", kind=Kind.FAMILIES, scope=Scope.ITEM,
        item_column="reviewer_families", words="family", every=True,
    ),
    Dimension(
        name="also_claims_authority", label="Claims administrator's guideline (also)", kind=Kind.AUTHORITIES,
        scope=Scope.ITEM, item_column="claims_authority_ids", words="authority", every=True,
    ),
    Dimension(
        name="also_reviewer_authority", label="Reviewer's guideline (also)", kind=Kind.AUTHORITIES, scope=Scope.ITEM,
        item_column="reviewer_authority_ids", words="authority", every=True,
    ),
    # Too specific to offer in a list.
    Dimension(
        name="claims_without", label="Claims administrator does not cite", kind=Kind.NO_FAMILY, scope=Scope.ITEM,
        item_column="claims_families", words="family", every=True,
    ),
    Dimension(
        name="reviewer_without", label="Reviewer does not cite", kind=Kind.NO_FAMILY, scope=Scope.ITEM,
        item_column="reviewer_families", words="family", every=True,
    ),
    Dimension(
        name="claim_age", label="Age of the claim at decision", kind=Kind.BANDS, scope=Scope.LETTER_BY_ITEM,
        item_column="claim_age", words="claim_age",
    ),
    Dimension(
        name="days_from_denial", label="UR denial to decision", kind=Kind.BANDS, scope=Scope.LETTER_BY_ITEM,
        item_column="days_from_denial", words="days",
    ),
    Dimension(
        name="days_from_application", label="Application to decision", kind=Kind.BANDS, scope=Scope.LETTER_BY_ITEM,
        item_column="days_from_application", words="days",
    ),
    Dimension(
        name="days_from_assignment", label="Assignment to decision", kind=Kind.BANDS, scope=Scope.LETTER_BY_ITEM,
        item_column="days_from_assignment", words="days",
    ),
    Dimension(
        name="several_items", label="Several items in the letter", kind=Kind.SEVERAL_ITEMS,
        scope=Scope.LETTER_BY_ITEM, words="yes_no",
    ),
    *(
        Dimension(
            name=f"{side}_{name}", label=f"{who}{label}", kind=kind, scope=Scope.ITEM, item_column=column,
            side=side, words=words, every=True,
        )
        for name, label, kind, column, words in (
            ("edition", "'s edition", Kind.CITED_PART, "edition", "part"),
            ("cites", " cites the section", Kind.CITED_PART, "sections", "part"),
            ("page", " cites the page", Kind.CITED_PART, "pages", "part"),
            ("superseded", " cites a superseded edition", Kind.SUPERSEDED, "edition", "part"),
            ("standing", " cites an edition", Kind.STANDING, "edition", "standing"),
        )
        for side, who in zip(SIDES, ("Claims administrator", "Reviewer"), strict=True)
    ),
)  # fmt: skip

DIMENSIONS: tuple[Dimension, ...] = (*_OFFERED, *_NOT_OFFERED)


def indexed_columns(*, of_items: bool) -> list[str]:
    """The columns of the index that finds items, or cases, by filters; sorted, so that the table's order is free."""
    columns = {dimension.column(of_items=of_items) for dimension in DIMENSIONS if dimension.indexed}
    return sorted(column.removesuffix("_id") for column in columns - {""})
