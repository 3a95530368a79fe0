"""The parts of a case sheet: values, citations, grounds, items and doubts, as pages show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A problem in words. ``remedy`` says what it means and what to do; ``message`` gives the details.

    ``times`` counts repeats for the same value, such as several unclear words in one request, and ``words`` are those
    of a scan. ``is_first`` marks the first doubt of each value.
    """

    label: str
    severity: str
    remedy: str
    message: str
    path: str
    times: int = 1
    words: tuple[str, ...] = ()
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """What staff did with a value: set it in place of the parser's, or confirmed it."""

    parser_value: str
    is_confirmed: bool
    in_conflict: bool
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SheetValue:
    """One value: its label, its text, and its place in the letter."""

    path: str
    label: str
    text: str
    span: Span | None
    doubts: tuple[Doubt, ...]
    before: Before | None
    raw: object = None

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class CitedAuthority:
    """One citation, with its authority's name."""

    name: str
    key: str
    family: str
    edition: str
    sections: tuple[str, ...]
    pages: tuple[str, ...]
    printed: str
    path: str
    span: Span | None

    @property
    def label(self) -> str:
        """What the evidence is of."""
        return self.name

    @property
    def reference(self) -> str:
        """The citation in one line, for copying."""
        parts = [self.name]
        if self.edition:
            parts.append(self.edition)
        if self.sections:
            parts.append("; ".join(self.sections))
        if self.pages:
            parts.append(f"page {', '.join(self.pages)}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class SheetSide:
    """One side of an item: its guideline sentence as printed and the citations read from it."""

    title: str
    value: SheetValue
    citations: tuple[CitedAuthority, ...]
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class SheetGround:
    """One ground of a decision: ``name`` is short, ``meaning`` is a sentence; its evidence is a sentence."""

    code: str
    name: str
    meaning: str
    path: str
    span: Span | None

    @property
    def label(self) -> str:
        """What the evidence is of."""
        return f"the ground “{self.name}”"


@dataclass(frozen=True, slots=True)
class SheetItem:
    """One disputed item."""

    number: int
    path: str
    request: SheetValue
    disputed: SheetValue
    decision: SheetValue
    category: SheetValue
    treatment: tuple[str, str]
    rationale: SheetValue
    grounds: SheetValue
    stated_grounds: tuple[SheetGround, ...]
    partly_approved: bool
    sides: tuple[SheetSide, ...]
    doubts: tuple[Doubt, ...]
    category_rule: str


@dataclass(frozen=True, slots=True)
class CaseSheet:
    """A whole case. ``doubts`` are those about the letter as a whole, ``doubted`` the paths of values with others."""

    values: Mapping[str, SheetValue]
    summary: SheetValue
    items: tuple[SheetItem, ...]
    doubts: tuple[Doubt, ...]
    doubt_count: int
    doubted: tuple[str, ...]
    spans: tuple[tuple[str, Span], ...]
