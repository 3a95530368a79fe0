"""The table of disputed items: one row a request, across all cases."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from django.utils.safestring import SafeString

from determinations.models import DisputedItem, ItemFact
from determinations.tables.base import Column
from determinations.tables.cells import authority_names, date_cell, doubts, quiet, two_lines
from determinations.tables.work import NO_WORK, Work, WorkColumns
from determinations.templatetags.frame import decision_badge
from determinations.wording.labels import Labels
from determinations.wording.markup import markup


@dataclass(slots=True)
class ItemRow:
    """An item's fact row, its item and the number of its case loaded with it."""

    fact: ItemFact
    row_url: str
    labels: Labels
    group_head: str = ""
    work: Work = NO_WORK
    #: Of the fact: taken once for all cells.
    item: DisputedItem = field(init=False)
    case_number: str | None = field(init=False)

    def __post_init__(self) -> None:
        self.item = self.fact.item
        self.case_number = self.fact.case_number  # type: ignore[attr-defined] # annotated: a case has many columns

    @property
    def letter_id(self) -> int:
        """The letter that the row stands for when it is selected."""
        return self.fact.case_id

    @property
    def name(self) -> str:
        """What screen readers call the row."""
        return f"{self.case_number or 'a case without a number'}, item {self.item.number}"

    def office_text(self, column: str) -> str:
        """The value of a field of the office; empty for none."""
        return self.labels.office_values.get(getattr(self.fact, column) or 0, "")


class ItemTable(WorkColumns):
    """One row a request."""

    caption = "Disputed items"
    renders_rows = True
    sorts: ClassVar = {"decision": "-", "category": "", "decided": "-", "denied": "-", "injured": "-"}
    hidden_at_first = ("injured", "denied", "worker", "region", "specialty", "grounds", "owner", "status", "tags")
    office_at_first = 1
    gives_way = ("claims",)

    request = Column(verbose_name="Request in dispute", empty_values=())
    decision = Column(verbose_name="Decision", empty_values=())
    category = Column(verbose_name="Category", empty_values=())
    grounds = Column(verbose_name="Grounds", empty_values=())
    claims = Column(verbose_name="Claims administrator cites", empty_values=())
    reviewer = Column(verbose_name="Reviewer cites", empty_values=())
    specialty = Column(verbose_name="Reviewer", empty_values=())
    region = Column(verbose_name="Body region", empty_values=())
    worker = Column(verbose_name="Worker", empty_values=())
    decided = Column(verbose_name="Decided", empty_values=())
    denied = Column(verbose_name="UR denial", empty_values=())
    injured = Column(verbose_name="Injured", empty_values=())
    case = Column(verbose_name="Case", empty_values=())
    doubts = Column(verbose_name="Doubts", empty_values=())

    class Meta:
        sequence = ("request", "...", "case", "owner", "status", "tags", "doubts")

    def render_request(self, record: ItemRow) -> SafeString:
        """The disputed request, which links to the item in its case."""
        item = record.item
        partly = quiet(" partly approved by UR") if item.partly_approved else ""
        return markup(
            '<a class="main-link two-lines" href="{}">{}</a>{}', record.row_url, item.disputed or item.request, partly
        )

    def render_decision(self, record: ItemRow) -> SafeString:
        """Upheld or overturned."""
        return decision_badge(record.item.decision)

    def render_category(self, record: ItemRow) -> SafeString | str:
        """Category and subcategory."""
        category = record.labels.category_by_id.get(record.fact.category_id)
        return "" if category is None else _category_cell(category.name, category.subcategory)

    def render_grounds(self, record: ItemRow) -> SafeString:
        """Why the item was decided as it was, in short words."""
        return two_lines(", ".join(record.labels.of("ground", code) for code in record.fact.grounds))

    def render_claims(self, record: ItemRow) -> SafeString | str:
        """The claims administrator's guidelines."""
        return authority_names(record.fact.claims_authority_ids, record.labels.authority_by_id)

    def render_reviewer(self, record: ItemRow) -> SafeString | str:
        """The reviewer's guidelines."""
        return authority_names(record.fact.reviewer_authority_ids, record.labels.authority_by_id)

    def render_specialty(self, record: ItemRow) -> SafeString:
        """The reviewer's specialties."""
        return two_lines(", ".join(record.fact.specialties))

    def render_region(self, record: ItemRow) -> str:
        """The first body region named."""
        return record.fact.body_region

    def render_worker(self, record: ItemRow) -> str:
        """Age and sex."""
        fact = record.fact
        return ", ".join(filter(None, [str(fact.age) if fact.age is not None else "", fact.sex]))

    def render_decided(self, record: ItemRow) -> SafeString | str:
        """The decision date."""
        return date_cell(record.fact.decision_date)

    def render_denied(self, record: ItemRow) -> SafeString | str:
        """The date of the UR denial."""
        return date_cell(record.fact.ur_denial_date)

    def render_injured(self, record: ItemRow) -> SafeString | str:
        """The date of injury."""
        return date_cell(record.fact.date_of_injury)

    def render_case(self, record: ItemRow) -> SafeString:
        """The case's number."""
        return markup('<span class="nowrap">{}</span>', record.case_number or "(no number)")

    def render_doubts(self, record: ItemRow) -> SafeString | str:
        """The number of kinds of doubt about the item itself."""
        return doubts(len(record.item.problem_codes))


@lru_cache(maxsize=1024)
def _category_cell(name: str, subcategory: str) -> SafeString:
    if name == subcategory:
        return two_lines(name)
    return markup('<span class="two-lines">{} <span class="quiet">{}</span></span>', name, subcategory)
