"""What reading one determination letter gives: plain frozen values, each with its place in the letter.

Paths name a value inside a letter, the same way everywhere (problems, evidence, corrections):
``case_number``, ``summary``, ``items/2/decision``, ``items/2/reviewer`` (items count from 1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from determinations.parsing.source import PageRange
from determinations.parsing.spans import Span

Decision = Literal["upheld", "overturned"]
Side = Literal["claims", "reviewer"]


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


def to_record(letter: ParsedLetter) -> dict[str, Any]:
    """The letter as plain JSON values: dates ``YYYY-MM-DD``, spans ``[start, end]``.

    This is what ``manage.py parse_letters`` prints (with ``file``) and what the database keeps for each letter.
    """
    return _plain(letter)


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case Span():
            return [value.start, value.end]
        case tuple() | list():
            return [_plain(each) for each in value]
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case _ if hasattr(value, "__dataclass_fields__"):
            return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
        case _:
            return value
