"""The plain count: reads all rows of the normalized tables, and filters and counts them in Python.

It is independent: it shares no code with the filters, the fact rows or the engine, only the catalog of statistics.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.http import QueryDict

from determinations.models import (
    ArchivedCase,
    Authority,
    Case,
    CaseWork,
    DisputedItem,
    Duty,
    EditionValidity,
    LegalHold,
    NotificationCase,
    PrintedCitation,
    UploadedFile,
)
from determinations.parsing.citations import section_label
from determinations.wording.labels import AGE_BANDS, CLAIM_AGES, DAY_BANDS

Count = tuple[int, int, int]


#: The letters of archived cases and those under a legal hold, as of the last ``countable_items``.
_ARCHIVED: set[int] = set()
_HELD: set[int] = set()
#: What staff added to each case, as of the last ``countable_items``; a case without a row is new.
_WORK: defaultdict[int, CaseWork] = defaultdict(CaseWork)
_TOLD: set[tuple[int, int]] = set()
_NO_ONE = User(username="nobody")
#: The duties by letter and item number, as of the last ``countable_items``.
_DUTIES: dict[tuple[int, int], Duty] = {}


def countable_items() -> list[DisputedItem]:
    """All items of cases that are not superseded, with their case, category and citations."""
    _ARCHIVED.clear()
    _ARCHIVED.update(ArchivedCase.objects.filter(restored_at=None).values_list("letter_id", flat=True))
    _HELD.clear()
    _HELD.update(LegalHold.objects.filter(released_at=None).values_list("letter_id", flat=True))
    _WORK.clear()
    _WORK.update(CaseWork.objects.select_related("owner").in_bulk())
    _TOLD.clear()
    _TOLD.update(NotificationCase.objects.values_list("notification_id", "letter_id"))
    _DUTIES.clear()
    _DUTIES.update(
        {(duty.letter_id, duty.item_number): duty for duty in Duty.objects.select_related("rule", "assigned_to")}
    )
    return list(
        DisputedItem.objects.filter(case__superseded_by__isnull=True)
        .select_related("case__text", "category", "text")
        .prefetch_related("citations__authority")
    )


def matching(items: Iterable[DisputedItem], query: QueryDict) -> list[DisputedItem]:
    """The items that match all filters of the address."""
    return [
        item
        for item in items
        if all(_holds(item, name, query.getlist(name)) for name in query if any(query.getlist(name)))
    ]


def _holds(item: DisputedItem, name: str, values: list[str]) -> bool:
    condition = _CONDITIONS[name]
    return (all if name in _EVERY_ONE else any)(condition(item, value) for value in values)


def _date(column: str, sign: int) -> Callable[[DisputedItem, str], bool]:
    def holds(item: DisputedItem, value: str) -> bool:
        day, bound = getattr(item.case, column), date.fromisoformat(value)
        return day is not None and (day >= bound if sign > 0 else day <= bound)

    return holds


def _in_band(number: int | None, value: str, bands) -> bool:
    if value == "unknown":
        return number is None
    if value == "known":
        return number is not None
    (first, last), *_rest = [(first, last) for name, _label, first, last in bands if name == value]
    return number is not None and first <= number <= last


def _days(column: str) -> Callable[[DisputedItem, str], bool]:
    def holds(item: DisputedItem, value: str) -> bool:
        start, ended = getattr(item.case, column), item.case.decision_date
        days = (ended - start).days if start and ended and start <= ended else None
        return _in_band(days, value, DAY_BANDS)

    return holds


def _claim_age(item: DisputedItem, value: str) -> bool:
    start, ended = item.case.date_of_injury, item.case.decision_date
    if not start or not ended or start > ended:
        return value == "unknown"
    years = ended.year - start.year - (1 if (ended.month, ended.day) < (start.month, start.day) else 0)
    return _in_band(years, value, CLAIM_AGES)


def _cited(item: DisputedItem, side: str):
    return [citation for citation in item.citations.all() if citation.side == side]


def _family(side: str) -> Callable[[DisputedItem, str], bool]:
    def holds(item: DisputedItem, value: str) -> bool:
        cited = {citation.authority.family for citation in _cited(item, side)}
        if value in ("none", "any"):
            return bool(cited) == (value == "any")
        return value in cited

    return holds


def _authority(side: str) -> Callable[[DisputedItem, str], bool]:
    return lambda item, value: value in {citation.authority.key for citation in _cited(item, side)}


def _part(side: str, column: str) -> Callable[[DisputedItem, str], bool]:
    def holds(item: DisputedItem, value: str) -> bool:
        key, _, part = value.partition("@")
        for citation in _cited(item, side):
            cited = getattr(citation, column)
            if column == "sections":
                cited, part = [section_label(name) for name in cited], section_label(part)
            if citation.authority.key == key and part in (cited if isinstance(cited, list) else [cited]):
                return True
        return False

    return holds


@cache
def _validity() -> dict[tuple[str, str], EditionValidity]:
    return {(row.authority_id, row.edition): row for row in EditionValidity.objects.all()}


def status_of(item: DisputedItem, citation) -> str:
    """The status of a citation's edition on the relevant date of its side."""
    valid = _validity().get((citation.authority.key, citation.edition))
    day = item.case.ur_denial_date if citation.side == "claims" else item.case.decision_date
    if valid is None:
        return "unjudged"
    if day is None:
        return "undated"
    if valid.valid_to is not None and day > valid.valid_to:
        return "superseded"
    return "early" if valid.valid_from is not None and day < valid.valid_from else "current"


def _superseded(side: str) -> Callable[[DisputedItem, str], bool]:
    def holds(item: DisputedItem, value: str) -> bool:
        return any(
            value in ("any", f"{citation.authority.key}@{citation.edition}")
            and status_of(item, citation) == "superseded"
            for citation in _cited(item, side)
        )

    return holds


def _edition_status(side: str) -> Callable[[DisputedItem, str], bool]:
    return lambda item, value: any(status_of(item, citation) == value for citation in _cited(item, side))


def _section(side: str) -> Callable[[DisputedItem, str], bool]:
    def is_meant(section: str, value: str) -> bool:
        label, part = section_label(section), value.upper()
        return part in section.upper() or part in label.upper() or label == section_label(value)

    return lambda item, value: any(
        is_meant(section, value) for citation in _cited(item, side) for section in citation.sections
    )


def _duty_of(item: DisputedItem, value: str) -> bool:
    duty = _DUTIES.get((item.case_id, item.number))
    if duty is None:
        return False
    if duty.state != "open":
        return duty.closed_by_name == value
    return (duty.assigned_to.username if duty.assigned_to else "nobody") == value


def _duty_state(item: DisputedItem, value: str) -> bool:
    duty = _DUTIES.get((item.case_id, item.number))
    if duty is None:
        return value == "none"
    if duty.state == "done":
        late = duty.days_late
        return value == ("done_undated" if late is None else "late" if late > 0 else "met")
    return value == duty.state


def _due(sign: int) -> Callable[[DisputedItem, str], bool]:
    def holds(item: DisputedItem, value: str) -> bool:
        duty, bound = _DUTIES.get((item.case_id, item.number)), date.fromisoformat(value)
        day = duty.due_on if duty else None
        return day is not None and (day >= bound if sign > 0 else day <= bound)

    return holds


def _says(text: str, word: str) -> bool:
    return re.search(rf"\b{word}\b", text, re.I) is not None


def _lines(item: DisputedItem) -> str:
    """Both guideline lines, and the names of what they cite."""
    citations = item.citations.all()
    names = [name for citation in citations for name in (str(citation.authority), *citation.sections)]
    return " ".join([item.text.claims_text, item.text.reviewer_text, *names])


def _upload(item: DisputedItem, value: str) -> bool:
    return UploadedFile.objects.filter(upload_id=int(value), letter_id=item.case_id).exists()


def _printed(item: DisputedItem, value: str) -> bool:
    return PrintedCitation.objects.filter(letter_id=item.case_id, normalised=value, aliased=False).exists()


def _equal(read: Callable[[DisputedItem], object]) -> Callable[[DisputedItem, str], bool]:
    return lambda item, value: (read(item) or "unknown") == value


_CONDITIONS: dict[str, Callable[[DisputedItem, str], bool]] = {
    "decided_from": _date("decision_date", 1),
    "decided_to": _date("decision_date", -1),
    "injured_from": _date("date_of_injury", 1),
    "injured_to": _date("date_of_injury", -1),
    "denied_from": _date("ur_denial_date", 1),
    "denied_to": _date("ur_denial_date", -1),
    "received_from": _date("application_received", 1),
    "received_to": _date("application_received", -1),
    "undated": lambda item, value: (
        {
            "decided": item.case.decision_date,
            "injured": item.case.date_of_injury,
            "denied": item.case.ur_denial_date,
            "received": item.case.application_received,
        }[value]
        is None
    ),
    "outcome": lambda item, value: item.case.outcome == value,
    "specialty": lambda item, value: value in (item.case.specialties or ["unknown"]),
    "licensure": lambda item, value: value in (item.case.licensure or ["unknown"]),
    "age": lambda item, value: _in_band(item.case.age, value, AGE_BANDS),
    "sex": _equal(lambda item: item.case.sex),
    "category": lambda item, value: item.category.name == value,
    "subcategory": lambda item, value: f"{item.category.name}/{item.category.subcategory}" == value,
    "priority": _equal(lambda item: item.case.priority),
    "decision": _equal(lambda item: item.decision),
    "region": _equal(lambda item: item.body_region),
    "ground": lambda item, value: value in (item.grounds or ["unknown"]),
    "claims_family": _family("claims"),
    "reviewer_family": _family("reviewer"),
    "claims_authority": _authority("claims"),
    "reviewer_authority": _authority("reviewer"),
    "same_guideline": lambda item, value: (
        bool({c.authority_id for c in _cited(item, "claims")} & {c.authority_id for c in _cited(item, "reviewer")})
        == (value == "yes")
    ),
    "partly_approved": lambda item, value: item.partly_approved == (value == "yes"),
    "problem": lambda item, value: value in [*item.case.problem_codes, *item.problem_codes],
    "state": lambda item, value: item.case.state == value,
    "corrected": lambda item, value: item.case.corrected == (value == "yes"),
    "q": lambda item, value: _says(f"{item.request} {item.text.rationale} {_lines(item)}", value),
    "request_words": lambda item, value: _says(item.request, value),
    "rationale_words": lambda item, value: _says(item.text.rationale, value),
    "summary_words": lambda item, value: _says(item.case.text.summary, value),
    "cites_words": lambda item, value: _says(_lines(item), value),
    "reviewer_words": lambda item, value: _says(" ".join([*item.case.specialties, *item.case.licensure]), value),
    "notes_words": lambda item, value: False,  # these letters have none
    "claims_without": lambda item, value: not _family("claims")(item, value),
    "reviewer_without": lambda item, value: not _family("reviewer")(item, value),
    "claim_age": _claim_age,
    "days_from_denial": _days("ur_denial_date"),
    "days_from_application": _days("application_received"),
    "days_from_assignment": _days("date_assigned"),
    "several_items": lambda item, value: (item.case.item_count > 1) == (value == "yes"),
    "claims_edition": _part("claims", "edition"),
    "reviewer_edition": _part("reviewer", "edition"),
    "claims_cites": _part("claims", "sections"),
    "reviewer_cites": _part("reviewer", "sections"),
    "claims_page": _part("claims", "pages"),
    "reviewer_page": _part("reviewer", "pages"),
    "claims_superseded": _superseded("claims"),
    "reviewer_superseded": _superseded("reviewer"),
    "claims_standing": _edition_status("claims"),
    "reviewer_standing": _edition_status("reviewer"),
    "claims_section": _section("claims"),
    "reviewer_section": _section("reviewer"),
    "duty": _duty_state,
    "duty_rule": lambda item, value: (
        (duty := _DUTIES.get((item.case_id, item.number))) is not None and duty.rule.key == value
    ),
    "duty_due": lambda item, value: (
        (duty := _DUTIES.get((item.case_id, item.number))) is not None
        and (duty.due_on is not None) == (value == "known")
    ),
    "duty_of": _duty_of,
    "owner": lambda item, value: (_WORK[item.case_id].owner or _NO_ONE).username == value,
    "status": lambda item, value: _WORK[item.case_id].status == value,
    "archived": lambda item, value: (item.case_id in _ARCHIVED) == (value == "yes"),
    "held": lambda item, value: (item.case_id in _HELD) == (value == "yes"),
    "tag": lambda item, value: value in _WORK[item.case_id].tags,
    "letter": lambda item, value: str(item.case_id) in value.split(","),
    "told": lambda item, value: (int(value), item.case_id) in _TOLD,
    "added_from": lambda item, value: item.case.added_at is not None and f"{item.case.added_at:%Y-%m-%d}" >= value,
    "added_to": lambda item, value: item.case.added_at is not None and f"{item.case.added_at:%Y-%m-%d}" <= value,
    "due_from": _due(1),
    "due_to": _due(-1),
    "upload": _upload,
    "printed": _printed,
    "by_item": lambda item, value: True,
    "rest_of": lambda item, value: not matching([item], QueryDict(value)),
}
for _name in (
    "specialty",
    "licensure",
    "ground",
    "claims_family",
    "reviewer_family",
    "claims_authority",
    "reviewer_authority",
):
    _CONDITIONS[f"also_{_name}"] = _CONDITIONS[_name]
_EVERY_ONE = {
    name
    for name in _CONDITIONS
    if re.match(r"rest_of|also_|.*_(without|edition|cites|page|superseded|standing)$", name)
}


def count(items: Iterable[DisputedItem]) -> Count:
    """Items, decided items, overturned items."""
    decisions = [item.decision for item in items]
    return len(decisions), sum(bool(decision) for decision in decisions), decisions.count("overturned")


def by(items: Iterable[DisputedItem], keys: Callable[[DisputedItem], Iterable[object]]) -> dict[object, Count]:
    """Counts by key; an item counts once under every one of its keys."""
    members: defaultdict[object, list[DisputedItem]] = defaultdict(list)
    for item in items:
        for key in set(keys(item)):
            members[key].append(item)
    return {key: count(items_of_key) for key, items_of_key in members.items()}


def letters(items: Iterable[DisputedItem]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Letters, letters with several items, and items, by month and outcome."""
    cases: dict[int, Case] = {item.case_id: item.case for item in items}
    of_case = Counter(item.case_id for item in items)
    whole = Counter(DisputedItem.objects.values_list("case_id", flat=True))
    by_month: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for pk, case in cases.items():
        month = f"{case.decision_date:%Y-%m}" if case.decision_date else "unknown"
        counts = by_month[month, case.outcome]
        counts[0] += 1
        counts[1] += whole[pk] > 1
        counts[2] += of_case[pk]
    return {key: (a, b, c) for key, (a, b, c) in by_month.items()}


def parts(items: Iterable[DisputedItem], authority: Authority, column: str) -> dict[object, Count]:
    """Items by side and section (or page) of one authority."""

    def keys(item: DisputedItem) -> Iterable[object]:
        for citation in item.citations.all():
            if citation.authority_id == authority.pk:
                names = getattr(citation, column)
                labels = [section_label(name) for name in names] if column == "sections" else names
                yield from ((citation.side, label) for label in labels)

    return by(items, keys)


def month(item: DisputedItem) -> date | None:
    """The first day of the month of decision."""
    day = item.case.decision_date
    return day.replace(day=1) if day else None


def citing(
    items: Iterable[DisputedItem], authority: Authority, value: Callable[[DisputedItem], object]
) -> dict[object, Count]:
    """Items that cite one authority by side and a value."""

    def keys(item: DisputedItem) -> Iterable[object]:
        for citation in item.citations.all():
            if citation.authority_id == authority.pk:
                yield citation.side, value(item)

    return by(items, keys)


def edition_statuses(items: Iterable[DisputedItem]) -> dict[object, Count]:
    """Items by side and edition status."""
    return by(items, lambda item: ((citation.side, status_of(item, citation)) for citation in item.citations.all()))


def editions(items: Iterable[DisputedItem]) -> dict[Any, Count]:
    """Items by side, authority, edition, year of decision and edition status."""

    def keys(item: DisputedItem) -> Iterable[object]:
        year = item.case.decision_date.year if item.case.decision_date else None
        for citation in item.citations.all():
            yield (citation.side, citation.authority_id, citation.edition, year, status_of(item, citation))

    return by(items, keys)
