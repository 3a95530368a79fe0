"""Where each determination letter of a file begins and ends: what precedes and follows it is no part of any value.

A letter begins at its header block, whose labels are the nearest above its first heading, or at that heading. The next
letter begins where the order of the headings starts over. Where the last rationale ends is told by ``letter_end``.
"""

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from determinations.parsing.dates import ANY_DATE
from determinations.parsing.header import CASE_NUMBER
from determinations.parsing.pages.letter_end import find_letter_end
from determinations.parsing.pages.notices import find_notices
from determinations.parsing.results import Problem
from determinations.parsing.sections import HEADINGS, STRETCHED_HEADINGS, without_number
from determinations.parsing.spans import Span, line_around, make

_FIRST, _SUMMARY, _ISSUES = 0, 2, 3
_RATIONALE_LABEL = "Decision rationale:"
_GUIDELINE_LABELS = ("Claims Administrator guideline", "MAXIMUS guideline")
_RATIONALE = re.compile(r"Decision\s+rationale\s*:", re.IGNORECASE)
_GUIDELINE = re.compile(r"(?:Claims\s+Administrator|MAXIMUS)\s+guidelines?\s*:", re.IGNORECASE)
#: The labels of the header block; the case number's comes first in every reader's order.
_CASE_LABEL = re.compile(r"Case\s+Number\s*:")
_LABEL = re.compile(
    r"Case\s+Number\s*:|Date\s+Assigned\s*:|Date\s+of\s+Injury\s*:|Decision\s+Date\s*:|UR\s+Denial\s+Date\s*:"
    r"|Priority\s*:|R(?<=\bR)eceived\s*:"
)
_DATE_LABELS = re.compile(r"Assigned\s*:|Injury\s*:|Decision\s+Date\s*:|Denial\s+Date\s*:|Received\s*:")
_DATES = re.compile(r"(?<![\d/.-])\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}(?!\d)|[A-Za-z]{3,9}\.?\s\d{1,2},?\s\d{4}")
#: The block has some 250 characters; text readers stretch it. Labels of one block are not far apart.
_BLOCK_REACH, _WIDEST_GAP = 1500, 400
_FIRST_LABEL, _LAST_LABEL = "Case Number:", "Received:"
#: Between the block's last label and the first heading there are values, and hardly anything else.
_VALUE = re.compile(rf"{ANY_DATE}|CM\s?\d\d\s?\S?\s?\d+|Standard|Expedited|Application|\s+", re.IGNORECASE)
_MOST_BESIDE_VALUES = 12
#: Hardly anything but its label is on the line of a case number.
_MOST_WORDS_BESIDE = 4
#: No heading is further from the beginning of its line.
_LONGEST_INDENT = 400
#: Nor does a row of the header block have so many characters, but for spaces between its columns.
_LONGEST_ROW = 200
_LEARNED_FROM = 3000
#: A file of so many letters is none that an office has; what follows is not read.
MOST_LETTERS = 500
_SEVERAL = 2


class Bounds(NamedTuple):
    """One letter: where it begins and ends, and what is doubtful about that."""

    extent: Span
    problems: tuple[Problem, ...] = ()


class _Heading(NamedTuple):
    span: Span
    kind: int


def find_letters(source: str) -> list[Bounds]:
    """The determination letters in a text, in printed order; none when no heading of theirs is there.

    A notice of 2013 has none of the headings. Alone in its file it is all of the text; among other letters it is one.
    """
    groups = _groups(source)
    notices = find_notices(source, [(group[0].span.start, group[-1].span.start) for group in groups])
    if not groups and len(notices) < _SEVERAL:
        return []
    begun: list[tuple[int, list[_Heading]]] = [(start, []) for start in notices]
    earliest = 0
    for group in groups[: MOST_LETTERS + 1]:
        before = max((start for start in notices if start < group[0].span.start), default=0)
        begun.append((_start(source, max(earliest, before), group[0].span.start), group))
        earliest = group[-1].span.end
    begun.sort(key=itemgetter(0))
    limits = [*(start for start, _ in begun[1:]), len(source)]
    letters = [
        _bounds(source, group, start, limit) if group else Bounds(Span(start, limit))
        for (start, group), limit in zip(begun[:MOST_LETTERS], limits, strict=False)
    ]
    count = len(groups) + len(notices)
    if count > MOST_LETTERS:
        message = f"The file has {count:,} letters; the first {MOST_LETTERS:,} were read."
        at = begun[MOST_LETTERS][0]
        problem = Problem("too_many_letters", message, Span(at, at + 1))
        letters[-1] = letters[-1]._replace(problems=(*letters[-1].problems, problem))
    return letters


def _groups(source: str) -> list[list[_Heading]]:
    """The headings letter by letter: a new letter begins where their order starts over."""
    groups: list[list[_Heading]] = []
    for heading in sorted(_headings(source)):
        if not groups or heading.kind <= groups[-1][-1].kind:
            groups.append([])
        groups[-1].append(heading)
    return groups


def _headings(source: str) -> Iterator[_Heading]:
    for kind, (heading, stretched) in enumerate(zip(HEADINGS, STRETCHED_HEADINGS, strict=True)):
        at = source.find(heading)
        found = at >= 0
        while at >= 0:
            if _begins_line(source, at):
                yield make(_Heading, (make(Span, (at, at + len(heading))), kind))
            at = source.find(heading, at + len(heading))
        if not found:
            yield from (_Heading(Span(*match.span()), kind) for match in stretched.finditer(source))


def _begins_line(source: str, position: int) -> bool:
    """Whether nothing with letters or digits comes before it on its line, but for a number (``III.``)."""
    earliest = max(0, position - _LONGEST_INDENT)
    start = max(source.rfind("\n", earliest, position), source.rfind("\f", earliest, position), earliest - 1) + 1
    if start == position:
        return True
    before = source[start : without_number(source, start, position)]
    return not any(map(str.isalnum, before)) or (position - start <= _LONGEST_ROW and _is_of_the_block(before))


def _is_of_the_block(text: str) -> bool:
    """Whether a text is labels and values of the header block alone: its last row shares a line with the heading."""
    return not any(map(str.isalnum, _VALUE.sub("", _LABEL.sub("", text))))


def _start(source: str, earliest: int, heading: int) -> int:
    """Where the letter whose first heading is at ``heading`` begins: with the nearest header block above it."""
    reach = max(earliest, heading - _BLOCK_REACH)
    usual = _usual_start(source, reach, heading)
    if usual is not None:
        first_value = source[usual + len(_FIRST_LABEL) : heading].lstrip()
        return usual if first_value.startswith("CM") else _with_values_above(source, reach, usual, heading)
    labels = list(_LABEL.finditer(source, reach, heading))
    between = source[labels[-1].end() : heading] if labels else ""
    if not labels or "\f" in between or len(_VALUE.sub("", between)) > _MOST_BESIDE_VALUES:
        return heading
    start = heading
    for label in reversed(labels):
        if start - label.end() > _WIDEST_GAP:
            break
        start = label.start()
        if _CASE_LABEL.match(label.group()):
            break
    return _with_values_above(source, reach, start, heading)


def _with_values_above(source: str, reach: int, start: int, heading: int) -> int:
    """Where the block begins if it lacks values and they are right above its first label: some text readers print a
    column of values before its labels, and the case number's own label may be another (``Case No.:``)."""
    block = source[start:heading]
    has_number = CASE_NUMBER.search(block) is not None
    if has_number and len(_DATES.findall(block)) >= len(_DATE_LABELS.findall(block)):
        return start
    while start > reach:
        above = source[reach:start].rstrip(" \n")
        line = line_around(source, reach + len(above)) if above else None
        if line is None or line.start < reach or above.endswith("\f"):
            break
        text = source[line.start : start]
        is_number = not has_number and CASE_NUMBER.search(text) and len(text.split()) <= _MOST_WORDS_BESIDE
        if not is_number and any(map(str.isalnum, _VALUE.sub("", text))):
            break
        start = line.start
    return start


def _usual_start(source: str, reach: int, heading: int) -> int | None:
    """The same, found sooner, of a block that is set as in most letters; None of any other."""
    last = source.rfind(_LAST_LABEL, reach, heading)
    start = source.rfind(_FIRST_LABEL, reach, last) if last > 0 else -1
    if start < 0 or heading - start > _WIDEST_GAP or source[last - 1] not in " \n":
        return None
    value = source[last + len(_LAST_LABEL) : heading]
    is_usual = ":" not in value and "\f" not in value and len(value.strip()) <= _MOST_BESIDE_VALUES
    return start if is_usual and "Number" not in source[start + len(_FIRST_LABEL) : heading] else None


def _bounds(source: str, group: list[_Heading], start: int, limit: int) -> Bounds:
    """The letter of the headings, which lies in ``source[start:limit]``."""
    issues = next((heading.span for heading in group if heading.kind == _ISSUES), None)
    labels_from = issues.end if issues else group[-1].span.end
    rationale = _last_rationale(source, labels_from, limit)
    if rationale is None:
        return Bounds(Span(start, limit))
    summary = next((heading.span.end for heading in group if heading.kind == _SUMMARY), labels_from)
    running_text = Span(summary, min(limit, summary + _LEARNED_FROM))
    end, problems = find_letter_end(source, start, rationale, limit, running_text)
    return Bounds(Span(start, end), problems)


def _last_rationale(source: str, start: int, end: int) -> int | None:
    """Where the text of the last rationale begins; None when another item's guideline lines follow it."""
    at = source.rfind(_RATIONALE_LABEL, start, end)
    if at >= 0:
        begin = at + len(_RATIONALE_LABEL)
        return None if any([source.find(label, begin, end) >= 0 for label in _GUIDELINE_LABELS]) else begin
    matches = list(_RATIONALE.finditer(source, start, end))
    if not matches or _GUIDELINE.search(source, matches[-1].end(), end):
        return None
    return matches[-1].end()
