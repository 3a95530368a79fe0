"""The tables of cases: the case list, and decisions grouped by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.utils.safestring import SafeString

from determinations.models import Case
from determinations.tables.base import Column
from determinations.tables.cells import NUMBER, authority_names, date_cell, doubts, quiet, stacked, two_lines
from determinations.tables.work import NO_WORK, Work, WorkColumns
from determinations.templatetags.frame import decision_badge
from determinations.wording.labels import Labels
from determinations.wording.markup import markup

_MOST_ITEMS = 6


@dataclass(slots=True)
class CaseRow:
    """A case with the data of its row; ``group_head`` is set on the first row of a group."""

    case: Case
    row_url: str
    labels: Labels
    items: Sequence[Mapping[str, str]] = ()
    group_head: str = ""
    work: Work = NO_WORK

    @property
    def letter_id(self) -> int:
        """The letter that the row stands for when it is selected."""
        return self.case.pk

    @property
    def name(self) -> str:
        """What screen readers call the row."""
        return self.case.case_number or f"letter {self.case.pk}, no case number"

    def office_text(self, column: str) -> str:
        """The value of a field of the office; empty for none."""
        return self.labels.office_values.get(getattr(self.case, column) or 0, "")


class _CaseColumns(WorkColumns):
    """Columns that both tables of cases may show."""

    renders_rows = True

    number = Column(verbose_name="Case", empty_values=())
    decided = Column(verbose_name="Decided", empty_values=())
    items = Column(verbose_name="Items", empty_values=(), attrs=NUMBER)
    outcome = Column(verbose_name="Outcome", empty_values=())
    category = Column(verbose_name="Category", empty_values=())
    specialty = Column(verbose_name="Reviewer", empty_values=())
    reviewer = Column(verbose_name="Reviewer cites", empty_values=())
    claims = Column(verbose_name="Claims administrator cites", empty_values=())
    injured = Column(verbose_name="Injured", empty_values=())
    denied = Column(verbose_name="UR denial", empty_values=())
    received = Column(verbose_name="Received", empty_values=())
    worker = Column(verbose_name="Worker", empty_values=())
    priority = Column(verbose_name="Priority", empty_values=())
    due = Column(verbose_name="Due", empty_values=())
    doubts = Column(verbose_name="Doubts", empty_values=())

    def render_number(self, record: CaseRow) -> SafeString:
        """The case number, which links to the case."""
        return markup(
            '<a class="main-link nowrap" href="{}">{}</a>', record.row_url, record.case.case_number or "(no number)"
        )

    def render_decided(self, record: CaseRow) -> SafeString | str:
        """The decision date."""
        return date_cell(record.case.decision_date)

    def render_items(self, record: CaseRow) -> int:
        """The number of items."""
        return record.case.item_count

    def render_outcome(self, record: CaseRow) -> SafeString:
        """The outcome, with the number of items overturned."""
        case = record.case
        return decision_badge(case.outcome, f"{case.overturned_count}/{case.item_count}" if case.item_count else "")

    def render_category(self, record: CaseRow) -> SafeString:
        """The categories of the items, each once."""
        by_id = record.labels.category_by_id
        names = dict.fromkeys(by_id[pk].name for pk in record.case.category_ids if pk in by_id)
        return two_lines(", ".join(names))

    def render_specialty(self, record: CaseRow) -> SafeString:
        """The reviewer's specialties."""
        return two_lines(", ".join(record.case.specialties))

    def render_reviewer(self, record: CaseRow) -> SafeString | str:
        """The guidelines that the reviewer cites for any item."""
        return authority_names(record.case.reviewer_authority_ids, record.labels.authority_by_id)

    def render_claims(self, record: CaseRow) -> SafeString | str:
        """The guidelines that the claims administrator cites for any item."""
        return authority_names(record.case.claims_authority_ids, record.labels.authority_by_id)

    def render_injured(self, record: CaseRow) -> SafeString | str:
        """The date of injury."""
        return date_cell(record.case.date_of_injury)

    def render_denied(self, record: CaseRow) -> SafeString | str:
        """The date of the UR denial."""
        return date_cell(record.case.ur_denial_date)

    def render_received(self, record: CaseRow) -> SafeString | str:
        """When the application was received."""
        return date_cell(record.case.application_received)

    def render_due(self, record: CaseRow) -> SafeString | str:
        """The earliest due date of what the case obliges to do and is still open."""
        return date_cell(record.case.due_on)

    def render_worker(self, record: CaseRow) -> str:
        """Age and sex."""
        case = record.case
        return ", ".join(filter(None, [str(case.age) if case.age is not None else "", case.sex]))

    def render_priority(self, record: CaseRow) -> str:
        """Standard or expedited."""
        return record.case.priority.capitalize()

    def render_doubts(self, record: CaseRow) -> SafeString | str:
        """The number of doubts about the case."""
        return doubts(record.case.problem_count)


class CaseTable(_CaseColumns):
    """One row per letter."""

    caption = "Cases"
    sorts: ClassVar = {
        "number": "", "decided": "-", "outcome": "", "items": "-", "category": "", "specialty": "", "due": "",
        "doubts": "-",
    }  # fmt: skip
    hidden_at_first = ("items", "injured", "denied", "received", "worker", "priority", "claims", "tags", "due")
    gives_way = ("specialty", "reviewer")

    class Meta:
        sequence = (
            "number",
            "decided",
            "outcome",
            "items",
            "category",
            "specialty",
            "reviewer",
            "...",
            "owner",
            "status",
            "tags",
            "doubts",
        )


class DecisionTable(_CaseColumns):
    """Cases by day, with the requests that were overturned and upheld."""

    caption = "Decisions by day"
    sorts: ClassVar = {"decided": "-"}
    hidden_at_first = (
        "decided", "items", "injured", "denied", "received", "worker", "priority", "reviewer", "claims",
        "owner", "status", "tags", "due",
    )  # fmt: skip
    gives_way = ("category", "specialty")

    requests = Column(verbose_name="Overturned: authorize", empty_values=())
    upheld = Column(verbose_name="Upheld: denial stands", empty_values=())

    class Meta:
        sequence = (
            "number",
            "outcome",
            "requests",
            "upheld",
            "category",
            "specialty",
            "...",
            "owner",
            "status",
            "tags",
            "doubts",
        )

    def render_requests(self, record: CaseRow) -> SafeString:
        """The overturned requests."""
        return _requests(record, "overturned")

    def render_upheld(self, record: CaseRow) -> SafeString:
        """The upheld requests."""
        return _requests(record, "upheld")


def _requests(record: CaseRow, decision: str) -> SafeString:
    requests = [item["disputed"] for item in record.items if item["decision"] == decision]
    if not requests:
        return quiet("none")
    shown: list[SafeString | str] = [two_lines(text) for text in requests[:_MOST_ITEMS]]
    if len(requests) > _MOST_ITEMS:
        shown.append(quiet(f"and {len(requests) - _MOST_ITEMS} more"))
    return stacked(shown)
