"""Cases, items and citations as the API shows them.

Masked accounts get null or empty in place of what they may not see.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from ninja import Field

from determinations.models import Case, Citation, DisputedItem, ItemFact, OfficeField
from determinations.tables.work import Work
from determinations.views.api.answers import Reply, page_of_case
from determinations.views.api.lists import CountOut, PageOut
from determinations.wording.labels import Labels


class WorkOut(Reply):
    """What staff added to a case."""

    owner: str | None
    status: str
    tags: list[str]


class CaseOut(Reply):
    """A case: its effective values, that is, what was read with corrections on top."""

    id: int = Field(description="that of the letter")
    url: str = Field(description="the page of the case")
    case_number: str | None
    outcome: str = Field(description="upheld, partly, overturned or unknown")
    item_count: int
    overturned_count: int
    decision_date: date | None
    date_of_injury: date | None
    ur_denial_date: date | None
    application_received: date | None
    date_assigned: date | None
    priority: str
    age: int | None
    sex: str
    licensure: list[str]
    specialties: list[str]
    categories: list[str]
    claims_authorities: list[str] = Field(description="keys of authorities that the claims administrator cites")
    reviewer_authorities: list[str] = Field(description="keys of authorities that the reviewer cites")
    state: str
    problems: list[str] = Field(description="codes of what is in doubt")
    corrected: bool
    due_on: date | None = Field(description="the earliest due date of open duties")
    added_at: datetime | None
    work: WorkOut | None
    office_fields: dict[str, str] = Field(description="values of the office's own fields, by key")


class CasePage(PageOut):
    """A page of cases."""

    count: CountOut
    results: list[CaseOut]


class CitationOut(Reply):
    """A guideline that one side cites for an item."""

    case: int
    item: int = Field(description="number of the item")
    side: str = Field(description="claims or reviewer")
    authority: str = Field(description="key of the authority")
    edition: str
    sections: list[str]
    pages: list[str]


class CitationPage(PageOut):
    """The citations of a page of items."""

    count: CountOut = Field(description="of items")
    results: list[CitationOut]


class ItemOut(Reply):
    """A disputed item. ``decision`` is upheld, overturned, or empty if it was not found."""

    case: int
    number: int
    url: str
    request: str
    disputed: str = Field(description="the part of the request that is in dispute")
    partly_approved: bool
    decision: str
    category: str
    subcategory: str
    body_region: str
    grounds: list[str]
    problems: list[str]


class ListedItem(ItemOut):
    """An item in a list, with what its case says."""

    case_number: str | None
    decision_date: date | None
    claims_authorities: list[str]
    reviewer_authorities: list[str]


class ItemPage(PageOut):
    """A page of items."""

    count: CountOut
    results: list[ListedItem]


class WholeItem(ItemOut):
    """An item with its texts and citations."""

    rationale: str
    claims_text: str = Field(description="the guideline line of the claims administrator")
    reviewer_text: str = Field(description="the guideline line of the reviewer")
    citations: list[CitationOut]


class WholeCase(CaseOut):
    """A case with its summary and items."""

    summary: str
    superseded_by: int | None = Field(description="the letter that counts instead of this one")
    items: list[WholeItem]


class CasesOut(Reply):
    """Cases by ID; ``missing``: the IDs of those that do not exist, or that the account does not see."""

    results: list[WholeCase]
    missing: list[int]
    damaged: list[int] = Field(description="the IDs of those of which a stored text is damaged until it is restored")


def case_out(
    case: Case, labels: Labels, fields: Iterable[OfficeField], texts: Mapping[int, str], *, with_work: bool
) -> CaseOut:
    """A case. ``with_work``: it was annotated with what staff added."""
    values = {field.key: getattr(case, field.column) for field in fields}
    return CaseOut(
        id=case.pk,
        url=page_of_case(case.pk),
        case_number=case.case_number,
        outcome=case.outcome,
        item_count=case.item_count,
        overturned_count=case.overturned_count,
        decision_date=case.decision_date,
        date_of_injury=case.date_of_injury,
        ur_denial_date=case.ur_denial_date,
        application_received=case.application_received,
        date_assigned=case.date_assigned,
        priority=case.priority,
        age=case.age,
        sex=case.sex,
        licensure=case.licensure,
        specialties=case.specialties,
        categories=category_names(case, labels),
        claims_authorities=authority_keys(case.claims_authority_ids, labels),
        reviewer_authorities=authority_keys(case.reviewer_authority_ids, labels),
        state=case.state,
        problems=case.all_problem_codes,
        corrected=case.corrected,
        due_on=case.due_on,
        added_at=case.added_at,
        work=_work_of(case) if with_work else None,
        office_fields={key: texts[pk] for key, pk in values.items() if pk in texts},
    )


def _work_of(case: Case) -> WorkOut:
    work = Work.of(case)
    return WorkOut(owner=work.owner or None, status=work.status, tags=list(work.tags))


def category_names(case: Case, labels: Labels) -> list[str]:
    """The categories of a case's items."""
    by_id = labels.category_by_id
    return list(dict.fromkeys(by_id[pk].name for pk in case.category_ids if pk in by_id))


def authority_keys(ids: Iterable[int], labels: Labels) -> list[str]:
    """The keys of authorities."""
    by_id = labels.authority_by_id
    return [by_id[pk].key for pk in ids if pk in by_id]


def item_out(item: DisputedItem, labels: Labels) -> ItemOut:
    """An item."""
    category = labels.category_by_id[item.category_id]
    return ItemOut(
        case=item.case_id,
        number=item.number,
        url=f"{page_of_case(item.case_id)}?item={item.number}#item-{item.number}",
        request=item.request,
        disputed=item.disputed,
        partly_approved=item.partly_approved,
        decision=item.decision,
        category=category.name,
        subcategory=category.subcategory,
        body_region=item.body_region,
        grounds=item.grounds,
        problems=item.problem_codes,
    )


def listed_item(fact: ItemFact, labels: Labels) -> ListedItem:
    """An item of a list."""
    return ListedItem(
        **dict(item_out(fact.item, labels)),
        case_number=fact.case.case_number,
        decision_date=fact.decision_date,
        claims_authorities=authority_keys(fact.claims_authority_ids, labels),
        reviewer_authorities=authority_keys(fact.reviewer_authority_ids, labels),
    )


def citations_of(items: Sequence[DisputedItem], labels: Labels) -> dict[int, list[CitationOut]]:
    """The citations of items by the ID of the item, in one query."""
    numbers = {item.pk: item for item in items}
    cited: dict[int, list[CitationOut]] = {pk: [] for pk in numbers}
    rows = Citation.objects.filter(item__in=list(numbers)).order_by("item", "side", "position")
    columns = rows.values_list("item_id", "side", "authority_id", "edition", "sections", "pages")
    for item_id, side, authority_id, edition, sections, pages in columns:
        item, name = numbers[item_id], labels.authority_by_id.get(authority_id)
        cited[item_id].append(
            CitationOut(
                case=item.case_id, item=item.number, side=side, authority=name.key if name else "",
                edition=edition, sections=sections, pages=pages,
            )
        )  # fmt: skip
    return cited
