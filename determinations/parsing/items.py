"""The disputed items: where each one's line, guideline lines and rationale are, and what its line says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

from determinations.parsing.check_marks import start_without_marks, undecided_from
from determinations.parsing.item_numbers import without_numbers
from determinations.parsing.item_starts import find_item_start
from determinations.parsing.results import Decision, Problem
from determinations.parsing.spans import Folded, Span, fold, fold_text, trimmed
from determinations.parsing.typography import Typography, typography_of

Part = Literal["claims_text", "reviewer_text", "rationale"]
_ORDER: tuple[Part, ...] = ("claims_text", "reviewer_text", "rationale")
#: Letters have up to some thirty items. What goes far beyond is no letter, and is not read to its end.
MOST_ITEMS = 1_000
#: Each part's label, and the first word of it: a plain word is found far quicker than a pattern.
_LABELS: tuple[tuple[Part, str, re.Pattern[str]], ...] = (
    ("claims_text", "Claims", re.compile(r"Claims\s+Administrator\s+guidelines?\s*:", re.IGNORECASE)),
    ("reviewer_text", "MAXIMUS", re.compile(r"MAXIMUS\s+guidelines?\s*:", re.IGNORECASE)),
    ("rationale", "Decision", re.compile(r"Decision\s+rationale\s*:", re.IGNORECASE)),
)
_OPENING = re.compile(
    r"\s*:?\s*The\s+Final\s+Determination\s+was\s+based\s+on\s+decisions\s+for\s+the\s+disputed\s+items/services"
    r"\s+set\s+forth\s+below\s*:",
    re.IGNORECASE,
)
_DECISION = re.compile(r"\b(Upheld|Overturned)\s*\.?\s*\Z", re.IGNORECASE)
_DECISION_WORDS = ("Upheld", "Overturned")
_DECISION_REACH = 24
_LEFT_OVER = re.compile(r":\s*(Upheld|Overturned)[ \t]*\.?[ \t]*(?=[\n\f]|\Z)")
#: ``Not Upheld``, ``Partially Overturned``, ``Upheld / Overturned``: another decision than the last word says. What is
#: before a colon belongs to the request: ``Meniscectomy, partial: Upheld``.
_CHANGED_DECISION = re.compile(
    r"(?:\b(?:not|non|partial(?:ly)?|partly|in\s+part|neither|nor)"
    r"|\b(?:Upheld|Overturned)\b[\s/|,;&]*(?:\b(?:and|or)\b)?)[\s,-]*\Z",
    re.IGNORECASE,
)
#: ``MRI of the knee: Decision: Upheld``.
_DECISION_LABEL = re.compile(
    r"(?:\A|[:.;\n\f])\s*(?:IMR\s+)?(?:Final\s+)?(?:Decision|Determination)\s*:\s*\Z", re.IGNORECASE
)
_TRAILING_IS = re.compile(r"\s+(?:is|are)\s*\Z")
#: What a rationale says and an item's line never does.
_OF_A_RATIONALE = re.compile(
    r"\b(?:medically|medical)\s+(?:necess|appropriate)|(?:[a-z]{3}|\d[%)]|\))[.][\"\u201d]?\s+[(\"\u201c]?[A-Z0-9]"
)
_SHORT = "The item's line begins on one page and ends on the next."

#: ``X 12 visits was the original request.``
_ORIGINAL = re.compile(r"\b(?:was|were|is|are) (?:part of )?the original request\b", re.IGNORECASE)
#: ``The remaining IMR eligible portion of the original request, X is``; ``The original request, X is``
_REMAINING = re.compile(
    r"(?:\bremaining IMR[ -]eligible portions? of the original request|(?<=[.;] )The original request)\s?[,:;]?\s",
    re.I,
)
_PARTIAL_WORDS = re.compile(
    r"IMR[ -]eligible|\boriginal request\b|\b(?:authorized|approved|certified) by the Claims Admin", re.IGNORECASE
)


class ItemText(NamedTuple):
    """One item as printed, before its citations are read. ``spans`` by field name."""

    number: int
    request: str
    disputed: str
    partly_approved: bool
    decision: Decision | None
    parts: dict[Part, str]
    spans: dict[str, Span]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Block:
    """The labels of one item, in printed order: ``(part, start, end)``."""

    labels: list[tuple[Part, int, int]] = field(default_factory=list)

    @property
    def start(self) -> int:
        return self.labels[0][1]

    @property
    def below(self) -> int:
        """Where the text under the last label begins."""
        return self.labels[-1][2]


def read_items(source: str, start: int, end: int, running_text: Span) -> tuple[tuple[ItemText, ...], list[Problem]]:
    """The items in ``source[start:end]``, the text below the heading of the decisions; and what was doubtful.

    ``running_text`` is a place from which the way the letter is set can be learned.
    """
    problems: list[Problem] = []
    opening = _OPENING.match(source, start, end)
    if not opening:
        heading = Span(start, min(end, start + 100))
        problems.append(Problem("wording_unknown", "The decisions do not open with their standard sentence.", heading))
    blocks = _blocks(source, start, end)
    if len(blocks) > MOST_ITEMS:
        message = f"The text has {len(blocks):,} disputed items; the first {MOST_ITEMS:,} were read."
        place = Span(blocks[MOST_ITEMS].start, blocks[MOST_ITEMS].below)
        problems.append(Problem("too_many_items", message, place, "items"))
    if len(blocks) > 1:
        typography = typography_of(source, *running_text)
        blank_lines_part = _blank_lines_part(source, blocks, typography)
    places: list[tuple[Span, str | None]] = []
    item_start, doubt = (opening.end() if opening else start), None
    for number, block in enumerate(blocks[:MOST_ITEMS], 1):
        following = blocks[number] if number < len(blocks) else None
        block_end, next_doubt = end, None
        if following:
            block_end, next_doubt = find_item_start(source, block.below, following.start, typography, blank_lines_part)
        places.append((Span(item_start, block_end), doubt))
        item_start, doubt = block_end, next_doubt
    lines = [trimmed(source, place.start, block.start) for (place, _), block in zip(places, blocks, strict=False)]
    lines = [Span(start_without_marks(source, line), line.end) for line in lines]
    items = [
        _read_item(source, number, place, line, block, doubt)
        for number, ((place, doubt), line, block) in enumerate(
            zip(places, without_numbers(source, lines), blocks, strict=False), 1
        )
    ]
    problems += _left_over(source, start, end, items)
    return tuple(items), problems


def _blocks(source: str, start: int, end: int) -> list[_Block]:
    """The labels, item by item. A new item begins where their order starts over."""
    blocks: list[_Block] = []
    last = len(_ORDER)
    for label_start, label_end, part in sorted(_labels(source, start, end)):
        place = _ORDER.index(part)
        if place <= last:
            if not _begins_item(source, label_start, part, is_repeated=place == last):
                continue  # a mention inside a text
            blocks.append(_Block())
        blocks[-1].labels.append((part, label_start, label_end))
        last = place
    return blocks


def _labels(source: str, start: int, end: int) -> Iterator[tuple[int, int, Part]]:
    """Where each label begins and ends, part by part."""
    for part, word, label in _LABELS:
        at = source.find(word, start, end)
        found = False
        while at >= 0:
            if match := label.match(source, at, end):
                found = True
                yield at, match.end(), part
            at = source.find(word, at + len(word), end)
        if not found:  # set in other capitals than in any letter known
            yield from ((match.start(), match.end(), part) for match in label.finditer(source, start, end))


def _begins_item(source: str, position: int, part: Part, *, is_repeated: bool) -> bool:
    """Whether a label that is out of order begins a new item: it follows a decision, or at least is at a line's
    start where another item's label can be."""
    if _DECISION.search(source, max(0, position - _DECISION_REACH), position):
        return True
    before = source[max(0, position - 20) : position].rstrip(" \t")
    begins_line = not before or before[-1] in "\n\f"
    return begins_line and part != "rationale" and not is_repeated


def _blank_lines_part(source: str, blocks: list[_Block], typography: Typography) -> bool:
    """Whether this text shows paragraphs by blank lines: then most labels have one before them."""
    starts = [start for block in blocks for _, start, _ in block.labels]
    wide = 0
    for position in starts:
        gap = source[max(0, position - 20) : position]
        wide += gap[len(gap.rstrip()) :].count("\n") > typography.usual_gap
    return wide * 2 > len(starts)


def _read_item(source: str, number: int, place: Span, line: Span, block: _Block, doubt: str | None) -> ItemText:
    path = f"items/{number}/"
    problems: list[Problem] = []
    spans: dict[str, Span] = {}
    decision, request_end = _read_decision(source, line, path, spans, problems)
    request = fold(source, *trimmed(source, line.start, request_end))
    spans["request"] = Span(request.start, request.end)
    if not doubt and _reads_like_a_rationale(request.text):
        doubt = "The item's line reads like the end of the previous rationale."
    if doubt:
        problems.append(Problem("item_start_doubtful", doubt, line, path + "request"))
    if "\f" in source[line.start : line.end]:
        problems.append(Problem("item_cut_at_page", _SHORT, line, path + "request"))
    if not request.text:
        problems.append(Problem("value_missing", "The item's line is empty.", line, path + "request"))
    disputed, partly = _read_disputed(request, path, spans, problems)
    parts: dict[Part, str] = {}
    for part, start, end in _part_places(block, place.end):
        span = trimmed(source, start, end)
        if span.start < span.end:
            parts[part] = fold_text(source[span.start : span.end])
            spans[part] = span
    for part in _ORDER:
        if part not in parts:
            message = f"The item has no {part.replace('_', ' ').replace('text', 'guideline line')}."
            problems.append(Problem("value_missing", message, line, path + part))
    problems += _parts_that_may_hold_others(path, block, spans)
    return ItemText(number, request.text, disputed, partly, decision, parts, spans, tuple(problems))


def _parts_that_may_hold_others(path: str, block: _Block, spans: dict[str, Span]) -> Iterator[Problem]:
    """A problem for each part whose end is uncertain: the label that should follow it was not found."""
    found = [part for part, _, _ in block.labels]
    for part, following in pairwise(_ORDER):
        if part in found and following not in found and part in spans:
            message = "The label that follows this text was not found; it may include what is below that label."
            yield Problem("value_doubtful", message, spans[part], path + part)


def _reads_like_a_rationale(request: str) -> bool:
    """Whether the request says what only a rationale says. The later sentences of a partial approval are its own."""
    if ". " not in request and '." ' not in request and ".\u201d " not in request and "medical" not in request:
        return False  # the searches below cost more
    original = _ORIGINAL.search(request) if "original" in request.lower() else None
    return bool(_OF_A_RATIONALE.search(request, 0, original.start() if original else len(request)))


def _read_decision(
    source: str, line: Span, path: str, spans: dict[str, Span], problems: list[Problem]
) -> tuple[Decision | None, int]:
    """The decision at the end of the item's line, and where the request ends: before the last colon."""
    undecided = undecided_from(source, line)
    if undecided is not None:
        message = "The check marks beside the decision do not say which word is chosen."
        problems.append(Problem("decision_missing", message, line, path + "decision"))
        return None, line.start + len(source[line.start : undecided].rstrip(": \n\f"))
    match = _DECISION.search(source, max(line.start, line.end - _DECISION_REACH), line.end)
    if match is None:
        problems.append(
            Problem("decision_missing", "The item's line does not end in a decision.", line, path + "decision")
        )
        return None, line.end
    before = source[max(line.start, match.start() - _DECISION_REACH) : match.start()]
    if changed := _CHANGED_DECISION.search(before):
        message = "The words before the decision change it, or state another one."
        problems.append(Problem("decision_missing", message, line, path + "decision"))
        return None, line.start + len(
            source[line.start : match.start() - len(before) + changed.start()].rstrip(": \n\f")
        )
    spans["decision"] = Span(match.start(1), match.end(1))
    label = _DECISION_LABEL.search(before) if "e" in before else None
    request_end = trimmed(
        source, line.start, match.start() - len(label[0].lstrip(":")) if label else match.start()
    ).end
    if source[request_end - 1 : request_end] == ":" and request_end > line.start:
        request_end = line.start + len(source[line.start : request_end].rstrip(": \n\f"))
    elif not label:
        problems.append(
            Problem("value_doubtful", "There is no colon before the decision.", spans["decision"], path + "decision")
        )
        request_end = line.start + len(source[line.start : request_end].rstrip("-–—;, \n\f"))
    ending = source[max(line.start, request_end - _DECISION_REACH) : request_end].rstrip()
    trailing = None
    if ending.endswith(("is", "are")):
        trailing = _TRAILING_IS.search(source, max(line.start, request_end - _DECISION_REACH), request_end)
    decision: Decision = "upheld" if match[1].lower() == "upheld" else "overturned"
    return decision, trailing.start() if trailing else request_end


def _read_disputed(request: Folded, path: str, spans: dict[str, Span], problems: list[Problem]) -> tuple[str, bool]:
    """The part in dispute: the whole request, save in a partial approval, where it is the last clause."""
    text = request.text
    spans["disputed"] = spans["request"]
    if "equest" not in text and "laims" not in text:  # the search below costs more
        return text, False
    if not _PARTIAL_WORDS.search(text):
        return text, False
    original = _ORIGINAL.search(text)
    remaining = None
    for remaining in _REMAINING.finditer(text, original.end() if original else 0):  # noqa: B007 - the last one counts
        pass
    if original and remaining and remaining.end() < len(text):
        spans["partly_approved"] = request.span(original.start(), original.end())
        spans["disputed"] = request.span(remaining.end(), len(text))
        return text[remaining.end() :], True
    message = "The item mentions an original request in unfamiliar wording."
    problems.append(Problem("partial_approval_doubtful", message, spans["request"], path + "disputed"))
    return text, bool(original)


def _part_places(block: _Block, end: int) -> Iterator[tuple[Part, int, int]]:
    """Each part's text: from its label to the next one."""
    following = [start for _, start, _ in block.labels[1:]]
    for (part, _, label_end), text_end in zip(block.labels, [*following, end], strict=True):
        yield part, label_end, text_end


def _left_over(source: str, start: int, end: int, items: list[ItemText]) -> Iterator[Problem]:
    decisions = [item.spans["decision"] for item in items if "decision" in item.spans]
    in_items = sum([source[slice(*span)] in _DECISION_WORDS for span in decisions])
    if in_items == sum([source.count(word, start, end) for word in _DECISION_WORDS]):
        return
    known = {span.end for span in decisions}
    for match in _LEFT_OVER.finditer(source, start, end):
        if match.end(1) not in known:
            place = Span(match.start(), match.end())
            yield Problem("decision_left_over", "A line ends in a decision outside every item.", place)
