"""A case as its page shows it: every value in words, with its place in the letter, doubts, and previous value.

Built from the parsed document with corrections applied (``open_letter``), so that the page, the correction form and
the tables agree.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from determinations.cases.fields import read
from determinations.cases.merging import Standing
from determinations.cases.open_letter import OpenLetter
from determinations.models.corrections import FieldValue
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.problems import PROBLEMS
from determinations.parsing.results import (
    SIDE_TEXTS,
    CitationRecord,
    GroundRecord,
    ItemRecord,
    ProblemRecord,
    Side,
    SpanRecord,
    ground_codes,
)
from determinations.wording.labels import Labels
from determinations.wording.paths import FIELD_LABELS

Span = tuple[int, int]

_DATES = ("decision_date", "date_of_injury", "ur_denial_date", "application_received", "date_assigned")
_HEAD = (*_DATES, "priority", "age", "sex", "specialties", "licensure", "case_number")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A problem in words. ``remedy`` says what it means and what to do; ``message`` gives the details.

    ``times`` counts repeats for the same value, such as several unclear words in one request.
    """

    label: str
    severity: str
    remedy: str
    message: str
    path: str
    times: int = 1


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
    rationale: SheetValue
    grounds: SheetValue
    stated_grounds: tuple[SheetGround, ...]
    partly_approved: bool
    sides: tuple[SheetSide, ...]
    doubts: tuple[Doubt, ...]
    category_rule: str


@dataclass(frozen=True, slots=True)
class CaseSheet:
    """A whole case."""

    values: Mapping[str, SheetValue]
    summary: SheetValue
    items: tuple[SheetItem, ...]
    doubts: tuple[Doubt, ...]
    doubt_count: int
    spans: tuple[tuple[str, Span], ...]


def sheet_of(opened: OpenLetter, labels: Labels) -> CaseSheet:
    """The sheet of an opened letter."""
    return _Builder(opened, labels).build()


class _Builder:
    """Builds the sheet; holds the lookups for every value."""

    def __init__(self, opened: OpenLetter, labels: Labels) -> None:
        self.labels = labels
        self.record = opened.merged.record
        self.standings: dict[str, Standing] = {
            opened.path(*target): standing for target, standing in opened.merged.standings.items()
        }
        self.doubts: dict[str, list[Doubt]] = defaultdict(list)
        for doubt, times in Counter(map(_doubt, self.record["problems"])).items():
            self.doubts[doubt.path].append(replace(doubt, times=times))
        self.shown: set[str] = set()
        self.spans: list[tuple[str, Span]] = []

    def build(self) -> CaseSheet:
        spans = self.record.get("spans", {})
        values = {
            name: self._value(name, FIELD_LABELS[name], read(self.record, name), spans.get(name)) for name in _HEAD
        }
        summary = self._value("summary", "Clinical case summary", self.record["summary"], spans.get("summary"))
        items = tuple(self._item(item) for item in self.record["items"])
        left = [doubt for path, doubts in self.doubts.items() if path not in self.shown for doubt in doubts]
        count = len(self.record["problems"])
        return CaseSheet(values, summary, items, tuple(left), count, tuple(self.spans))

    def _value(self, path: str, label: str, raw: object, span: SpanRecord | None) -> SheetValue:
        self.shown.add(path)
        place = _span(span)
        if place:
            self.spans.append((path, place))
        return SheetValue(
            path=path,
            label=label[0].upper() + label[1:],
            text=_words(path, raw),
            span=place,
            doubts=tuple(self.doubts.get(path, ())),
            before=self._before(path, raw),
            raw=_as_date(raw) if path in _DATES else raw,
        )

    def _before(self, path: str, raw: object) -> Before | None:
        standing = self.standings.get(path)
        if standing is None:
            return None
        correction = standing.correction
        return Before(
            parser_value=_words(path, standing.parser_value),
            is_confirmed=_words(path, standing.parser_value) == _words(path, raw),
            in_conflict=standing.state == "conflict",
            by=correction.by_name,
            at=correction.at,
            reason=correction.reason,
        )

    def _item(self, item: ItemRecord) -> SheetItem:
        path = f"items/{item['number']}"
        spans = item.get("spans", {})

        def value(name: str, raw: FieldValue = None) -> SheetValue:
            return self._value(
                f"{path}/{name}", FIELD_LABELS[name], read(item, name) if raw is None else raw, spans.get(name)
            )

        names = dict.fromkeys((item["category"], item["subcategory"]))
        self.shown |= {path, f"{path}/subcategory", f"{path}/partly_approved"}
        return SheetItem(
            number=item["number"],
            path=path,
            request=value("request"),
            disputed=value("disputed"),
            decision=value("decision"),
            category=value("category", ": ".join(names)),
            rationale=value("rationale"),
            grounds=value("grounds", [self.labels.of("ground", code) for code in ground_codes(item)]),
            stated_grounds=tuple(
                self._ground(ground, f"{path}/grounds/{at}") for at, ground in enumerate(item.get("grounds", ()), 1)
            ),
            partly_approved=item["partly_approved"],
            sides=(
                self._side(item, path, "claims", "Claims administrator"),
                self._side(item, path, "reviewer", "Reviewer"),
            ),
            doubts=tuple(
                doubt
                for part in (path, f"{path}/subcategory", f"{path}/partly_approved")
                for doubt in self.doubts.get(part, ())
            ),
            category_rule=item.get("category_rule", ""),
        )

    def _side(self, item: ItemRecord, path: str, side: Side, title: str) -> SheetSide:
        name = SIDE_TEXTS[side]
        text = self._value(f"{path}/{name}", title, item[name], item.get("spans", {}).get(name))
        self.shown.add(f"{path}/{side}")
        cited = tuple(self._cited(citation, f"{path}/{side}/{at}") for at, citation in enumerate(item[side], 1))
        return SheetSide(title, text, cited, tuple(self.doubts.get(f"{path}/{side}", ())))

    def _ground(self, ground: GroundRecord, path: str) -> SheetGround:
        place = _span(ground["span"])
        if place:
            self.spans.append((path, place))
        kind = GROUNDS.get(ground["code"])
        name = self.labels.of("ground", ground["code"])
        return SheetGround(ground["code"], name, kind.meaning if kind else "", path, place)

    def _cited(self, citation: CitationRecord, path: str) -> CitedAuthority:
        place = _span(citation.get("span"))
        if place:
            self.spans.append((path, place))
        return CitedAuthority(
            name=self.labels.of("authority", citation["authority"]),
            key=citation["authority"],
            family=citation["family"],
            edition=citation["edition"] or "",
            sections=tuple(citation["sections"]),
            pages=tuple(citation["pages"]),
            printed=citation["text"],
            path=path,
            span=place,
        )


def _doubt(problem: ProblemRecord) -> Doubt:
    kind = PROBLEMS.get(problem["code"])
    return Doubt(
        label=(kind.label if kind else problem["code"].replace("_", " ")).capitalize(),
        severity=kind.severity if kind else "doubt",
        remedy=kind.remedy if kind else "",
        message=problem["message"],
        path=problem["path"],
    )


def _span(raw: SpanRecord | None) -> Span | None:
    return (int(raw[0]), int(raw[1])) if raw and raw[1] > raw[0] else None


def _as_date(raw: object) -> date | None:
    return date.fromisoformat(raw) if isinstance(raw, str) and raw else None


def day_of(raw: object) -> str:
    """A date of the record in words; any other text is shown unchanged."""
    try:
        day = _as_date(raw)
    except ValueError:
        day = None
    return f"{day:%b} {day.day}, {day.year}" if day else words_of(raw)


def _words(path: str, raw: object) -> str:
    return day_of(raw) if path in _DATES else words_of(raw)


def words_of(raw: object) -> str:
    """A value of the record other than a date, in words."""
    match raw:
        case None | "":
            return ""
        case bool():
            return "yes" if raw else "no"
        case list() | tuple():
            return ", ".join(words_of(value) for value in raw)
        case Mapping():
            return str(raw.get("text") or raw.get("authority") or "")
        case _:
            return str(raw)


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A run of the letter's text without a span boundary inside; ``paths`` name the values it belongs to.

    ``doubt`` says why a scanned word may be wrong.
    """

    text: str
    paths: tuple[str, ...]
    starts: tuple[str, ...]
    doubt: str = ""

    @property
    def innermost(self) -> str:
        """The value that a click on the piece selects: the one with the shortest evidence."""
        return self.paths[-1] if self.paths else ""


def pieces_of(
    text: str,
    page_offsets: Iterable[int],
    spans: Iterable[tuple[str, Span]],
    doubts: Sequence[tuple[int, int, str]] = (),
) -> list[list[TextPiece]]:
    """The letter's text split into pages, and each page into pieces at span boundaries.

    ``doubts`` are words that may be wrong: start, end and message of each. They form their own pieces.
    """
    offsets = sorted({0, *(offset for offset in page_offsets if offset < len(text))})
    ordered = sorted(spans, key=lambda each: each[1][0] - each[1][1])  # longest first, so that the last is innermost
    said = {start: words for start, _end, words in doubts}
    ends = {edge for _path, span in ordered for edge in span} | {
        edge for start, end, _ in doubts for edge in (start, end)
    }
    edges = sorted({edge for edge in ends if 0 <= edge <= len(text)} | set(offsets))
    pages: list[list[TextPiece]] = []
    for at, start in enumerate(offsets):
        end = offsets[at + 1] if at + 1 < len(offsets) else len(text)
        inside = [edge for edge in edges if start < edge < end]
        bounds = [start, *inside, end]
        pages.append([_piece(text, a, b, ordered, said.get(a, "")) for a, b in pairwise(bounds) if b > a])
    return pages


def _piece(text: str, start: int, end: int, spans: list[tuple[str, Span]], doubt: str) -> TextPiece:
    paths = tuple(path for path, (first, last) in spans if first <= start and end <= last)
    starts = tuple(path for path, (first, _last) in spans if first == start and path in paths)
    return TextPiece(_readable(text[start:end]), paths, starts, doubt)


def _readable(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\f", "").replace("\x02", "-")
