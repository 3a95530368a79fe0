"""The values of the rows of cases, items and citations, computed from records alone, without database access."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from determinations.cases.fields import EffectiveItem, EffectiveRecord
from determinations.cases.item_marks import item_marks
from determinations.models import LetterState, Outcome
from determinations.parsing.categories import body_region
from determinations.parsing.problems import needs_review
from determinations.parsing.results import SIDES, DateField, ground_codes

_DATES: tuple[DateField, ...] = (
    "date_assigned",
    "date_of_injury",
    "decision_date",
    "ur_denial_date",
    "application_received",
)


@dataclass(frozen=True, slots=True)
class References:
    """The rows that records refer to: category ids by name and subcategory, ids and families of authorities by key."""

    categories: Mapping[tuple[str, str], int]
    authorities: Mapping[str, int]
    families: Mapping[str, str]


def case_row(record: EffectiveRecord, known: References) -> dict[str, object]:
    """A case's columns, without its letter and the state of that letter."""
    items = record["items"]
    cited = {side: sorted({known.authorities[c["authority"]] for item in items for c in item[side]}) for side in SIDES}
    return {
        "layout": record["layout"] or "",
        "case_number": record["case_number"],
        **{name: record[name] or None for name in _DATES},
        "priority": record["priority"] or "",
        "age": record["age"],
        "sex": record["sex"] or "",
        "licensure": list(record["licensure"]),
        "specialties": list(record["specialties"]),
        "outcome": outcome_of([item["decision"] for item in items]),
        "item_count": len(items),
        "overturned_count": sum(item["decision"] == "overturned" for item in items),
        "category_ids": sorted({known.categories[item["category"], item["subcategory"]] for item in items}),
        "claims_authority_ids": cited["claims"],
        "reviewer_authority_ids": cited["reviewer"],
        "said_of_items": item_marks(items, known.families),
        "problem_codes": sorted({p["code"] for p in record["problems"] if not p["path"].startswith("items/")}),
        "all_problem_codes": sorted({p["code"] for p in record["problems"]}),
        "problem_count": len(record["problems"]),
        "state": state_of(record),
    }


def codes_by_item(record: EffectiveRecord) -> dict[str, set[str]]:
    """The codes of the problems with values of each item, by its number in paths."""
    codes: dict[str, set[str]] = {}
    for problem in record["problems"]:
        head, _slash, rest = problem["path"].partition("/")
        number, slash, _name = rest.partition("/")
        if head == "items" and slash:
            codes.setdefault(number, set()).add(problem["code"])
    return codes


def item_row(item: EffectiveItem, codes: Collection[str], known: References) -> dict[str, object]:
    """A disputed item's columns, without its id and its case; ``codes`` of the problems with its values."""
    return {
        "number": item["number"],
        "request": item["request"],
        "disputed": item["disputed"],
        "partly_approved": item["partly_approved"],
        "decision": item["decision"] or "",
        "category_id": known.categories[item["category"], item["subcategory"]],
        "category_rule": item["category_rule"],
        "body_region": body_region(item["disputed"]) or "",
        "grounds": ground_codes(item),
        "problem_codes": sorted(codes),
    }


def citation_rows(item: EffectiveItem, known: References) -> list[dict[str, object]]:
    """The columns of an item's citations, without the item's id."""
    return [
        {
            "side": side,
            "position": position,
            "authority_id": known.authorities[citation["authority"]],
            "edition": citation["edition"] or "",
            "sections": list(citation["sections"]),
            "pages": list(citation["pages"]),
            "printed": citation["text"],
        }
        for side in SIDES
        for position, citation in enumerate(item[side])
    ]


def outcome_of(decisions: Sequence[str | None]) -> Outcome:
    """A case's outcome from its items' decisions, as the regulator's index words it (uphold, overturn, partial)."""
    if not decisions or not all(decisions):
        return Outcome.UNKNOWN
    overturned = sum(decision == "overturned" for decision in decisions)
    if overturned == 0:
        return Outcome.UPHELD
    return Outcome.OVERTURNED if overturned == len(decisions) else Outcome.PARTLY


def state_of(record: EffectiveRecord) -> LetterState:
    """The state of a letter that has a case."""
    if record["layout"] is None and not record["items"]:
        return LetterState.UNKNOWN_LAYOUT
    if any(needs_review(problem["code"]) for problem in record["problems"]):
        return LetterState.NEEDS_REVIEW
    return LetterState.PARSED


def searched_hash(record: EffectiveRecord, words: int) -> int:
    """A number for the words and sections that a case is found by; ``words`` is that of its words."""
    sections = [[citation["sections"] for citation in item[side]] for item in record["items"] for side in SIDES]
    return int.from_bytes(blake2b(json.dumps([words, sections]).encode(), digest_size=8).digest(), signed=True)
