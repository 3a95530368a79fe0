"""What reading one determination letter gives: plain frozen values, each with its place in the letter.

Paths name a value inside a letter, the same way everywhere (problems, evidence, corrections):
``case_number``, ``summary``, ``items/2/decision``, ``items/2/reviewer`` (items count from 1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NotRequired, TypedDict

from determinations.parsing.source import PageRange
from determinations.parsing.spans import Span

Decision = Literal["upheld", "overturned"]
Side = Literal["claims", "reviewer"]
SideText = Literal["claims_text", "reviewer_text"]
DateField = Literal["date_assigned", "date_of_injury", "decision_date", "ur_denial_date", "application_received"]

#: The two sides of an item, in the order in which every letter prints them.
SIDES: tuple[Side, Side] = ("claims", "reviewer")
#: The field that holds a side's guideline line as printed.
SIDE_TEXTS: Mapping[Side, SideText] = {"claims": "claims_text", "reviewer": "reviewer_text"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something missing, doubtful or contradictory.

    ``code`` is one of ``problems.PROBLEMS``, ``path`` names the value.
    """

    code: str
    message: str
    span: Span | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """One guideline document or chapter that one side relied on for one item.

    ``family`` is mtus, acoem, odg, other; ``authority`` a key of the authorities data, such as ``mtus/low-back``;
    ``edition`` the printed year or edition; ``text`` the citation as printed, standing at ``span``.
    """

    family: str
    authority: str
    edition: str | None
    sections: tuple[str, ...]
    pages: tuple[str, ...]
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason for an item's decision: ``code`` is one of ``grounds.GROUNDS``.

    ``span`` is the sentence of the rationale that states it, ``rule`` the rule that recognized it.
    """

    code: str
    rule: str
    span: Span


@dataclass(frozen=True, slots=True)
class ParsedItem:
    """One disputed item. ``spans`` holds a place for every value that was found, by field name."""

    number: int
    request: str
    disputed: str
    partly_approved: bool
    decision: Decision | None
    category: str
    subcategory: str
    category_rule: str
    claims_text: str | None
    reviewer_text: str | None
    claims: tuple[Citation, ...]
    reviewer: tuple[Citation, ...]
    rationale: str | None
    grounds: tuple[Ground, ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParsedLetter:
    """One letter. ``layout`` is None when the text is in no layout that the parser knows."""

    layout: str | None
    case_number: str | None = None
    date_assigned: date | None = None
    date_of_injury: date | None = None
    decision_date: date | None = None
    ur_denial_date: date | None = None
    application_received: date | None = None
    priority: str | None = None
    licensure: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    age: int | None = None
    sex: str | None = None
    summary: str | None = None
    items: tuple[ParsedItem, ...] = ()
    problems: tuple[Problem, ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LetterPart:
    """One letter of a file. ``part`` counts the file's letters from 1; ``pages`` are its first and last page, from 1.

    ``extent`` is where the letter itself begins and ends in the file's text, without what precedes and follows it.
    """

    part: int
    pages: PageRange
    extent: Span
    letter: ParsedLetter


# The same as plain JSON values: what the database keeps and what passes between the stages after parsing.

#: ``[start, end]`` in the letter's text.
SpanRecord = list[int]


class ProblemRecord(TypedDict):
    """A :class:`Problem` as JSON."""

    code: str
    message: str
    span: SpanRecord | None
    path: str


class CitedRecord(TypedDict):
    """What one side cites, without how and where the letter prints it."""

    family: str
    authority: str
    edition: str | None
    sections: list[str]
    pages: list[str]


class CitationRecord(CitedRecord):
    """A :class:`Citation` as JSON. One that a person entered may have no place in the letter."""

    text: str
    span: SpanRecord | None


class StatedGround(TypedDict):
    """A ground of a decision, without how and where the letter states it."""

    code: str


class GroundRecord(StatedGround):
    """A :class:`Ground` as JSON. One that a person entered may have no place in the letter."""

    rule: str
    span: SpanRecord | None


class ItemBase(TypedDict):
    """The values of an item but for its citations."""

    number: int
    request: str
    disputed: str
    partly_approved: bool
    decision: Decision | None
    category: str
    subcategory: str
    claims_text: str | None
    reviewer_text: str | None
    rationale: str | None


class ItemRecord(ItemBase):
    """A :class:`ParsedItem` as JSON."""

    category_rule: str
    claims: list[CitationRecord]
    reviewer: list[CitationRecord]
    grounds: list[GroundRecord]
    spans: dict[str, SpanRecord]


class LetterBase(TypedDict):
    """The values of a letter but for its items; dates are ``YYYY-MM-DD``."""

    layout: str | None
    case_number: str | None
    date_assigned: str | None
    date_of_injury: str | None
    decision_date: str | None
    ur_denial_date: str | None
    application_received: str | None
    priority: str | None
    licensure: list[str]
    specialties: list[str]
    age: int | None
    sex: str | None
    summary: str | None


class LetterRecord(LetterBase):
    """A :class:`ParsedLetter` as JSON."""

    items: list[ItemRecord]
    problems: list[ProblemRecord]
    spans: dict[str, SpanRecord]


class PartRecord(LetterRecord):
    """A :class:`LetterPart` as JSON: which of the file's letters it is, and its first and last page."""

    part: int
    pages: list[int]


class ExpectedItem(ItemBase):
    """An item as reading should give it."""

    claims: list[CitedRecord]
    reviewer: list[CitedRecord]
    grounds: NotRequired[list[StatedGround]]


class ExpectedRecord(LetterBase):
    """The right values of a letter, by which a reading is judged; ``file`` is the name of its file."""

    file: str
    items: list[ExpectedItem]


def to_record(letter: ParsedLetter) -> LetterRecord:
    """The letter as plain JSON values: dates ``YYYY-MM-DD``, spans ``[start, end]``.

    This is what ``manage.py parse_letters`` prints (with ``file``) and what the database keeps for each letter.
    """
    return {
        "layout": letter.layout,
        "case_number": letter.case_number,
        "date_assigned": _day(letter.date_assigned),
        "date_of_injury": _day(letter.date_of_injury),
        "decision_date": _day(letter.decision_date),
        "ur_denial_date": _day(letter.ur_denial_date),
        "application_received": _day(letter.application_received),
        "priority": letter.priority,
        "licensure": list(letter.licensure),
        "specialties": list(letter.specialties),
        "age": letter.age,
        "sex": letter.sex,
        "summary": letter.summary,
        "items": [_item_record(item) for item in letter.items],
        "problems": [problem_record(problem) for problem in letter.problems],
        "spans": _span_records(letter.spans),
    }


def part_record(part: LetterPart) -> PartRecord:
    """One letter of a file as plain JSON values."""
    return {"part": part.part, "pages": list(part.pages), **to_record(part.letter)}


def ground_codes(item: ItemRecord) -> list[str]:
    """The codes of an item's grounds, each once. Records of parsers before 1.8.0 have none."""
    return list(dict.fromkeys(ground["code"] for ground in item.get("grounds", ())))


def problem_record(problem: Problem) -> ProblemRecord:
    """The problem as plain JSON values."""
    return {
        "code": problem.code,
        "message": problem.message,
        "span": list(problem.span) if problem.span else None,
        "path": problem.path,
    }


def _item_record(item: ParsedItem) -> ItemRecord:
    return {
        "number": item.number,
        "request": item.request,
        "disputed": item.disputed,
        "partly_approved": item.partly_approved,
        "decision": item.decision,
        "category": item.category,
        "subcategory": item.subcategory,
        "category_rule": item.category_rule,
        "claims_text": item.claims_text,
        "reviewer_text": item.reviewer_text,
        "claims": [_citation_record(citation) for citation in item.claims],
        "reviewer": [_citation_record(citation) for citation in item.reviewer],
        "rationale": item.rationale,
        "grounds": [{"code": ground.code, "rule": ground.rule, "span": list(ground.span)} for ground in item.grounds],
        "spans": _span_records(item.spans),
    }


def _citation_record(citation: Citation) -> CitationRecord:
    return {
        "family": citation.family,
        "authority": citation.authority,
        "edition": citation.edition,
        "sections": list(citation.sections),
        "pages": list(citation.pages),
        "text": citation.text,
        "span": list(citation.span),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _span_records(spans: Mapping[str, Span]) -> dict[str, SpanRecord]:
    return {name: list(span) for name, span in spans.items()}
