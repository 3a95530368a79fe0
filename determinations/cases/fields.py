"""Correctable fields of letters and items: their allowed values, and when two values are equal.

A correction names its value by path. ``category`` of an item is corrected as a pair ``[category, subcategory]``, since
neither has a meaning alone; every other field holds the record's own value (see ``parsing.results.to_record``).
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, cast

from django.utils.translation import gettext as _

from determinations.cases.typed_dates import read_typed_date
from determinations.models.corrections import FieldValue, ItemValues
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.results import (
    SIDES,
    CitationRecord,
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
_CASE_NUMBER = re.compile(r"CM\d{2}-\d{7}")


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
_BEFORE_DECISION: tuple[DateField, ...] = ("date_assigned", "application_received", "ur_denial_date")


#: Characters that PostgreSQL cannot store: NUL and unpaired surrogates.
_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without characters that the database refuses; its error message would quote the rest."""
    return _NOT_KEPT.sub("", text)


def words(value: object) -> str:
    """A typed value as one line of storable characters, with single spaces between words."""
    return " ".join(storable(str(value)).split())


class ValueRefused(ValueError):
    """A value that the field cannot hold; the message is for the user who typed it."""


def field_of(name: str, *, of_item: bool) -> Field:
    """The field of this name, or :class:`ValueRefused`."""
    found = (ITEM_FIELDS if of_item else LETTER_FIELDS).get(name)
    if found is None:
        raise ValueRefused(_("There is no field “%s”.") % name[:40])
    return found


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


def clean(field: Field, value: object, *, known: "Known") -> FieldValue:
    """The value as stored in the record. Raises :class:`ValueRefused` with the reason."""
    if field.required and value in (None, "", [], ["", ""]):
        raise ValueRefused(_("%s cannot be empty.") % field.label)
    if field.kind != "flag" and value in (None, ""):
        return None if field.kind not in ("names", "choices", "citations") else []
    return _CLEANERS[field.kind](field, value, known)


@dataclass(frozen=True, slots=True)
class Known:
    """Reference data: families by authority key, and pairs of category and subcategory."""

    families: Mapping[str, str]
    categories: frozenset[tuple[str, str]]


def warnings_of(record: EffectiveRecord) -> list[tuple[str, str]]:
    """Values that look wrong but may be correct: (path, message)."""
    found: list[tuple[str, str]] = []
    number = record["case_number"]
    if number and not _CASE_NUMBER.fullmatch(number):
        found.append(("case_number", _("Case numbers look like CM16-0012345. Please check this one.")))
    for name in DATE_FIELDS:
        injured, value = record["date_of_injury"], record[name]
        if name != "date_of_injury" and injured and value and value < injured:
            found.append((name, _("%s is before the date of injury.") % LETTER_FIELDS[name].label))
    decided = record["decision_date"]
    for name in _BEFORE_DECISION:
        value = record[name]
        if decided and value and value > decided:
            found.append((name, _("%s is after the decision date.") % LETTER_FIELDS[name].label))
    for item in record["items"]:
        if item["decision"] is None:
            found.append((f"items/{item['key']}/decision", _("The decision is missing.")))
    return found


def lines_without_citations(paths: Collection[str]) -> list[tuple[str, str]]:
    """Guideline lines that changed while their citations did not: (path, message)."""
    found = []
    for path in paths:
        cited = path.removesuffix("_text")
        if path.endswith(("/claims_text", "/reviewer_text")) and cited not in paths:
            name = ITEM_FIELDS[cited.rpartition("/")[2]].label
            found.append(
                (path, _("“%s” was not changed. Update it too if this line now cites different guidelines.") % name)
            )
    return found


def _line(field: Field, value: object, known: Known) -> str:
    text = words(value)
    if len(text) > field.longest:
        raise ValueRefused(
            _("%(field)s can have at most %(most)d characters.") % {"field": field.label, "most": field.longest}
        )
    return text


def _date(field: Field, value: object, known: Known) -> str:
    day = read_typed_date(str(value))
    if day is None:
        raise ValueRefused(
            _("%(field)s: “%(typed)s” is not a date. Enter month, day and year, such as 06/09/2016 or Jun 9, 2016.")
            % {"field": field.label, "typed": words(value)[:40]}
        )
    return day.isoformat()


def _number(field: Field, value: object, known: Known) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        raise ValueRefused(_("%s must be a whole number.") % field.label) from None
    if not 0 <= number <= 120:
        raise ValueRefused(_("%s must be between 0 and 120.") % field.label)
    return number


def _choice(field: Field, value: object, known: Known) -> str:
    word = str(value).strip().lower()
    if word not in dict(field.choices):
        raise ValueRefused(
            _("%(field)s must be one of: %(words)s.")
            % {"field": field.label, "words": ", ".join(label for _word, label in field.choices)}
        )
    return word


def _choices(field: Field, value: object, known: Known) -> list[str]:
    chosen = {_choice(field, word, known) for word in _members(field, value)}
    return [word for word, _label in field.choices if word in chosen]


def _flag(field: Field, value: object, known: Known) -> bool:
    return bool(value)


def _names(field: Field, value: object, known: Known) -> list[str]:
    names = value.split("\n") if isinstance(value, str) else _members(field, value)
    return [_line(field, name, known) for name in names if str(name).strip()]


def _category(field: Field, value: object, known: Known) -> list[str]:
    pair = tuple(value.split(" / ", 1)) if isinstance(value, str) else tuple(map(str, _members(field, value)))
    if pair not in known.categories:
        raise ValueRefused(_("This category is not in the list of categories."))
    return list(pair)


def _citations(field: Field, value: object, known: Known) -> list[CitationRecord]:
    cited: list[CitationRecord] = []
    for citation in _members(field, value):
        given = cast(GivenCitation, citation if isinstance(citation, dict) else {})
        authority = words(given.get("authority") or "")
        if authority not in known.families:
            raise ValueRefused(_("%s: choose an authority from the list for each citation.") % field.label)
        cited.append(
            {
                "family": known.families[authority],
                "authority": authority,
                "edition": words(given.get("edition") or "")[:60] or None,
                "sections": [words(name)[:300] for name in given.get("sections") or () if name],
                "pages": [words(page)[:40] for page in given.get("pages") or () if page],
                "text": words(given.get("text") or ""),
                "span": given.get("span"),
            }
        )
    named = [(citation["authority"], citation["edition"]) for citation in cited]
    if len(set(named)) < len(named):
        raise ValueRefused(
            _("%s: the same authority and edition is listed twice. Combine their sections.") % field.label
        )
    return cited


def _members(field: Field, value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueRefused(_("%s is a list.") % field.label)


_CLEANERS: Mapping[Kind, Callable[[Field, object, Known], FieldValue]] = {
    "line": _line,
    "text": _line,
    "date": _date,
    "number": _number,
    "choice": _choice,
    "choices": _choices,
    "flag": _flag,
    "names": _names,
    "category": _category,
    "citations": _citations,
}
