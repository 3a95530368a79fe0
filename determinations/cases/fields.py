"""Correctable fields of letters and items, and when two of their values are equal. ``cleaning`` checks what is typed.

A correction names its value by path. ``category`` of an item is corrected as a pair ``[category, subcategory]``, since
neither has a meaning alone; every other field holds the record's own value (see ``parsing.results.to_record``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, cast

from determinations.models.corrections import FieldValue, ItemValues
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.results import (
    SIDES,
    DateField,
    ItemRecord,
    LetterBase,
    ProblemRecord,
    SpanRecord,
    ground_codes,
)

Kind = Literal["line", "text", "date", "number", "choice", "choices", "flag", "names", "category", "citations"]

#: The target of a correction: item key ("" for the letter itself) and field.
Target = tuple[str, str]


class EffectiveItem(ItemRecord):
    """An item with corrections applied; its key identifies it even if its number changes."""

    key: str


class EffectiveRecord(LetterBase):
    """A letter with corrections applied."""

    items: list[EffectiveItem]
    problems: list[ProblemRecord]
    spans: dict[str, SpanRecord]


class GivenCitation(TypedDict):
    """A citation as entered by staff; its family follows from the authority."""

    authority: str
    edition: str | None
    sections: list[str]
    pages: list[str]
    text: str
    span: SpanRecord | None


#: The value of a field as submitted by the form.
GivenValue = FieldValue | list[GivenCitation]


_LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Field:
    """One correctable value: its name in the record, its label, and its allowed values."""

    name: str
    label: str
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()
    longest: int = _LONGEST_TEXT
    required: bool = False


_PRIORITIES = (("standard", "standard"), ("expedited", "expedited"))
_SEXES = (("male", "male"), ("female", "female"))
_GROUNDS = tuple((kind.code, kind.label) for kind in GROUNDS.values())
_DECISIONS = (("upheld", "Upheld"), ("overturned", "Overturned"))

#: Fields of the letter, in the order of the form.
LETTER_FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("case_number", "Case number", "line", longest=20),
        Field("decision_date", "Decision date", "date"),
        Field("date_assigned", "Date assigned", "date"),
        Field("application_received", "Application received", "date"),
        Field("ur_denial_date", "UR denial date", "date"),
        Field("date_of_injury", "Date of injury", "date"),
        Field("priority", "Priority", "choice", _PRIORITIES),
        Field("age", "Age", "number"),
        Field("sex", "Sex", "choice", _SEXES),
        Field("licensure", "Licensed in", "names", longest=60),
        Field("specialties", "Specialties", "names", longest=120),
        Field("summary", "Clinical summary", "text"),
    )
}
#: Fields of one disputed item, in the order of the form.
ITEM_FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("request", "Request", "text", required=True),
        Field("disputed", "Part in dispute", "text", required=True),
        Field("partly_approved", "Partly approved", "flag"),
        Field("decision", "Decision", "choice", _DECISIONS),
        Field("category", "Category", "category", required=True),
        Field("claims_text", "Claims administrator's line", "text"),
        Field("claims", "Claims administrator cites", "citations"),
        Field("reviewer_text", "Reviewer's line", "text"),
        Field("reviewer", "Reviewer cites", "citations"),
        Field("rationale", "Rationale", "text"),
        Field("grounds", "Grounds", "choices", _GROUNDS),
    )
}
DATE_FIELDS: tuple[DateField, ...] = (
    "decision_date",
    "date_assigned",
    "application_received",
    "ur_denial_date",
    "date_of_injury",
)


#: Characters that PostgreSQL cannot store: NUL and unpaired surrogates.
_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without characters that the database refuses; its error message would quote the rest."""
    return _NOT_KEPT.sub("", text)


def words(value: object) -> str:
    """A typed value as one line of storable characters, with single spaces between words."""
    return " ".join(storable(str(value)).split())


def read(values: Mapping[str, object], name: str) -> FieldValue:
    """The correctable value of this name in a record, or in one of its items."""
    if name == "category":
        item = cast(ItemRecord, values)
        return [item["category"], item["subcategory"]]
    if name == "grounds":
        return ground_codes(cast(ItemRecord, values))
    return cast(FieldValue, values[name])


def put(values: LetterBase | ItemRecord | ItemValues, name: str, value: FieldValue) -> None:
    """Set the correctable value of this name in a record, or in one of its items."""
    if name == "category":
        item = cast(ItemRecord, values)
        item["category"], item["subcategory"] = words_in(value)
        item["category_rule"] = "staff"
    elif name == "grounds":
        item = cast(ItemRecord, values)
        known = {ground["code"]: ground for ground in item.get("grounds", ())}
        item["grounds"] = [
            known.get(code) or {"code": code, "rule": "staff", "span": None} for code in words_in(value)
        ]
    else:
        cast(dict[str, object], values)[name] = value


def words_in(value: GivenValue) -> Sequence[str]:
    """The strings of a field that holds several: names, or a category and subcategory."""
    return cast(Sequence[str], value or ())


def citations_in(value: GivenValue) -> Sequence[GivenCitation]:
    """The citations of a citation field."""
    return cast(Sequence[GivenCitation], value or ())


def same(name: str, one: FieldValue, other: FieldValue) -> bool:
    """Whether two values of a field are equal, ignoring white space and the printed form of citations."""
    return _comparable(name, one) == _comparable(name, other)


def _comparable(name: str, value: FieldValue) -> object:
    if name in SIDES:
        return sorted(
            (citation["authority"], citation["edition"] or "", tuple(citation["sections"]), tuple(citation["pages"]))
            for citation in citations_in(value)
        )
    if name == "grounds":
        return sorted(words_in(value))
    if isinstance(value, str):
        return " ".join(value.split())
    return "" if value is None else value
