"""Headings, labels, decisions and header values that are misspelled in the text: other programs recognized the pages.

``CLlNICAL CASE SUMMARY``, ``Decisionrationale``, ``CASE NUMBER:``, ``Overtumed``, ``CMl7-O900001``: a letter has each
of these words at one kind of place only, so that a close spelling there can mean nothing else. This is looked for only
where something of the letter was not found. Prose, requests and guidelines stay as they are, and each place is
doubtful.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.check_marks import is_box
from determinations.parsing.clean import clean_text
from determinations.parsing.scanned import (
    DECISIONS,
    HEADER_LABELS,
    ROW_STARTS,
    distance,
    misread_case_number,
    misread_date,
    most_wrong,
)
from determinations.parsing.source import DoubtfulWord, SourceText
from determinations.parsing.spans import Span

#: No letter has more rows, and no row that begins with a label has more words.
_MOST_ROWS, _MOST_WORDS = 3_000, 400
#: The header block is right above the first heading; text readers give each of its cells a row, or all of them one.
_HEADER_ROWS, _MOST_HEADER_WORDS = 40, 40
_ROW = re.compile(r"[^\n\f]*\S[^\n\f]*")
_WORD = re.compile(r"\S+")
_FIRST_HEADING, _CLAIMS = "".join(ROW_STARTS[0]), "Claims Administrator guideline:"
#: What a phrase can end at: a word's end, or a mark inside of one: ``guideline;Decision``.
_INNER_END = re.compile(r"[:;.,]")
#: Marks around a decision: ``: "Upheld",``.
_AROUND = "\"'\u201c\u201d\u2018\u2019[]*_.,;:"
_MOST_PIECES = 3
_LONGEST_START = max(len(wanted) + most_wrong(wanted) for wanted in map("".join, ROW_STARTS))
#: What a label's colon is read as.
_MARKS = ":;.,-\u2013"
#: Without one, one character more may be wrong.
_MOST_BESIDE_THE_MARK = 2


class Misprints(NamedTuple):
    """The text with its fixed phrases as they are usually printed, which are its doubtful words; and the way back."""

    source: SourceText
    arrangement: Arrangement


class _Row(NamedTuple):
    start: int
    words: tuple[str, ...]
    offsets: tuple[int, ...]  #: of the words, in the text

    def end_of(self, word: int) -> int:
        return self.offsets[word] + len(self.words[word])


class _Change(NamedTuple):
    span: Span
    text: str


def find_misprints(source: SourceText) -> Misprints | None:
    """The text with misspelled phrases corrected; None when there are none, or when it was recognized here.

    Of a text that was recognized by this product the phrases are corrected where it is recognized.
    """
    if source.doubtful:
        return None
    text = clean_text(source.text)
    rows = list(_rows(text))
    if not rows or len(rows) > _MOST_ROWS:
        return None
    changes = sorted(_changes(text, rows))
    if not changes:
        return None
    arrangement = Arrangement.replacing(source.text, changes)
    at, doubtful = 0, []
    moved = [0]
    for change in changes:
        start = change.span.start + at
        doubtful.append(DoubtfulWord(Span(start, start + len(change.text)), "misprinted"))
        at += len(change.text) - (change.span.end - change.span.start)
        moved.append(at)
    starts = [change.span.start for change in changes]
    offsets = tuple(offset + moved[bisect_left(starts, offset)] for offset in source.page_offsets)
    return Misprints(SourceText(arrangement.text, offsets, source.page_methods, tuple(doubtful)), arrangement)


def _rows(text: str) -> Iterator[_Row]:
    for row in _ROW.finditer(text):
        found = list(_WORD.finditer(text, row.start(), row.end()))[:_MOST_WORDS]
        yield _Row(row.start(), tuple(word[0] for word in found), tuple(word.start() for word in found))


def _changes(text: str, rows: list[_Row]) -> Iterator[_Change]:
    """The changes, row by row; those of one row do not overlap."""
    starts = [_row_start(row) for row in rows]
    headings = [number for number, start in enumerate(starts) if start and start[1] == _FIRST_HEADING]
    header_rows = {number for heading in headings for number in range(heading - _HEADER_ROWS, heading)}
    for number, (row, start) in enumerate(zip(rows, starts, strict=True)):
        found = [start[0]] if start else []
        if number in header_rows and len(row.words) <= _MOST_HEADER_WORDS:
            found += _header_changes(row)
        following = starts[number + 1] if number + 1 < len(rows) else None
        if following and following[1] == _CLAIMS.replace(" ", ""):
            found += _decision_changes(row)
        taken = -1
        for change in sorted(found):
            if change.span.start >= taken and _differs(text, change):
                yield change
            taken = max(taken, change.span.end)


def _differs(text: str, change: _Change) -> bool:
    """Whether the change is more than spacing: phrases with wide spaces are read as they are."""
    return " ".join(text[change.span.start : change.span.end].split()) != change.text


def _row_start(row: _Row) -> tuple[_Change, str] | None:
    """The heading or label that the row begins with, as a change, and which one it is, without spaces."""
    best: tuple[int, _Change, str] | None = None
    beginning = "".join(row.words)[:_LONGEST_START].lower()
    for phrase in ROW_STARTS:
        wanted = "".join(phrase)
        if not _may_begin(beginning, wanted):
            continue
        match = _matched(row, 0, wanted)
        if match and (best is None or match[0] < best[0]) and _may_be_meant(row, match, wanted):
            best = match[0], _Change(Span(row.offsets[0], match[1]), " ".join(phrase)), wanted
    return best[1:] if best else None


def _may_be_meant(row: _Row, match: tuple[int, int], wanted: str) -> bool:
    """Whether a row that begins like a phrase may have it, and is no prose that speaks of a case's summary or a
    decision's rationale: a label has a mark after it, or is whole but for that; a heading is in capitals, or alone."""
    wrong, end = match
    printed = "".join(
        word[: end - offset] for word, offset in zip(row.words, row.offsets, strict=True) if offset < end
    )
    if wanted.endswith(":"):
        return printed[-1] in _MARKS or (wrong <= _MOST_BESIDE_THE_MARK and printed[0] == wanted[0])
    in_capitals = sum(map(str.isupper, printed)) * 2 > len(printed)
    return in_capitals or end >= row.offsets[-1] + len(row.words[-1]) - 1


def _header_changes(row: _Row) -> Iterator[_Change]:
    """Labels, dates and case numbers of the header block."""
    end = -1
    for at, offset in enumerate(row.offsets):
        if offset < end:
            continue
        labels = ((label, _matched(row, at, "".join(label))) for label in HEADER_LABELS)
        label, match = min(
            ((label, match) for label, match in labels if match),
            key=lambda found: (found[1][0] - len("".join(found[0])), found[1][0]),
            default=(None, None),
        )
        if label and match:
            end = match[1]
            yield _Change(Span(offset, end), " ".join(label))
        elif value := _value(row, at):
            end = value.span.end
            yield value


def _value(row: _Row, at: int) -> _Change | None:
    for end in range(at + 1, min(at + 1 + _MOST_PIECES, len(row.words) + 1)):
        piece = "".join(row.words[at:end])
        value = misread_case_number(piece) or misread_date(
            piece, whole_year=True, joined=end > at + 1, first=row.words[at]
        )
        if value:
            return _Change(Span(row.offsets[at], row.end_of(end - 1)), value)
    return None


def _decision_changes(row: _Row) -> Iterator[_Change]:
    """The decision at the end of an item's line, the row before ``Claims Administrator guideline:``."""
    if any(is_box(character) for word in row.words for character in word):
        return  # check marks say which decision is meant
    endings = []
    for first in range(max(0, len(row.words) - _MOST_PIECES), len(row.words)):
        bare = "".join(row.words[first:]).strip(_AROUND).lower()
        for decision, most in DECISIONS.items():
            wrong = distance(bare, decision.lower(), most)
            if wrong is not None:
                endings.append((wrong, -first, decision))
    if not endings:
        return
    _, first, decision = min(endings)
    end = row.offsets[-1] + len(row.words[-1])
    if not first:
        yield _Change(Span(row.offsets[0], end), decision)
        return
    before = row.words[-first - 1]
    bare = before.rstrip(_AROUND)
    marks = before[len(bare) :]
    if marks and bare and "," not in marks:  # a comma goes on with a list: ``Upheld, Overturned``
        yield _Change(Span(row.offsets[-first - 1] + len(bare), end), f": {decision}")
    else:
        yield _Change(Span(row.offsets[-first], end), decision)


def _matched(row: _Row, first: int, wanted: str) -> tuple[int, int] | None:
    """How many characters of the phrase are wrong at the row's word ``first``, and where in the text it ends."""
    lower, most = wanted.lower(), most_wrong(wanted)
    ends: list[int] = []
    printed = ""
    for word, offset in zip(row.words[first:], row.offsets[first:], strict=True):
        for at, character in enumerate(word, 1):
            printed += character.lower()
            is_end = at == len(word) or _INNER_END.match(character)
            ends.append(offset + at if is_end else -1)
        if len(printed) >= len(wanted) + most:
            break
    printed, ends = printed[: len(wanted) + most], ends[: len(wanted) + most]
    if len(printed) < len(wanted) - most or _letters_missing(lower, printed) > most:
        return None
    best: tuple[int, int] | None = None
    for length in range(max(1, len(wanted) - most), len(printed) + 1):
        if ends[length - 1] < 0:
            continue
        wrong = distance(printed[:length], lower, most)
        if wrong is not None and (best is None or wrong < best[0]):
            best = wrong, ends[length - 1]
    return best


def _may_begin(beginning: str, wanted: str) -> bool:
    """A quicker look for rows, nearly all of which are prose: whether enough of the phrase's characters are there."""
    most = most_wrong(wanted)
    printed = beginning[: len(wanted) + most]
    if len(printed) < len(wanted) - most:
        return False
    missing = 0
    for character, number in _characters_of(wanted):
        missing += max(0, number - printed.count(character))
        if missing > most:
            return False
    return True


@lru_cache(maxsize=64)
def _characters_of(wanted: str) -> tuple[tuple[str, int], ...]:
    """How often each character is in the phrase."""
    return tuple(Counter(wanted.lower()).items())


def _letters_missing(wanted: str, printed: str) -> int:
    """A quick look: how many of the wanted characters the row does not begin with, in whatever order."""
    return (Counter(wanted) - Counter(printed)).total()
