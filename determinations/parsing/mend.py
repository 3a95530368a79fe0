"""Lines that a text reader has put out of order, put back where the page has them.

Names are taken out of public letters, which leaves a gap in the line. One reader takes what follows the gap for a
column of its own and prints it at the end of the page: ``was referred to`` is alone, though the line had room to
spare in the middle of a sentence, and ``for a second opinion on`` is alone further down. Both together make one full
line. No letter that was read in order has such a line.
"""

from typing import NamedTuple

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.results import Problem
from determinations.parsing.spans import Span
from determinations.parsing.typography import Typography, typography_of

_RUNNING_TEXT = "CLINICAL CASE SUMMARY"
_LONGEST_TORN = 80
_SENTENCE_ENDS = tuple(".?!:;\"')]\u201d")
_DECISIONS = ("Upheld", "Overturned")
_NEVER_TORN = (*_SENTENCE_ENDS, *_DECISIONS)
#: What begins a line of its own, whatever room the line before had; ``Section(s):`` follows a long name.
_LABELS = (
    "Claims Administrator",
    "MAXIMUS guideline",
    "Decision rationale",
    "IMR ISSUES",
    "Section(s):",
    *_DECISIONS,
)
#: A guideline line may break early before the rest of a chapter's name and its pages.
_CITATION_MARKS = ("Page(s):", "Section(s):")
#: Both halves together may be a little wider than the full lines from which the width was learned.
_FULL = 1.15
#: A page edge counts as so many line ends.
_PAGE_EDGE = 99
#: More torn lines on a page than any letter has names.
_MOST_TORN = 20
#: A text with more lines is no letter.
_MOST_LINES = 20_000


class Mended(NamedTuple):
    """The text in the page's order, and a problem for each line that breaks off."""

    arrangement: Arrangement
    problems: tuple[Problem, ...]


class _Printed(NamedTuple):
    """A line that is not blank, and how many line ends are before and after it."""

    span: Span
    text: str
    gap_before: int
    gap_after: int


def mend_lines(source: str) -> Mended:
    """The text with torn lines mended; a problem for each, also for those whose other half was not found."""
    whole = Mended(Arrangement.whole(source), ())
    start = source.find(_RUNNING_TEXT)
    if start < 0 or not _may_be_torn(source, start + len(_RUNNING_TEXT)):
        return whole
    setting = _setting(source)
    problems, moves = [], []
    for page in _pages(source, start + len(_RUNNING_TEXT)):
        torn_lines = [
            line
            for above, line, following in zip((None, *page), page, page[1:], strict=False)
            if _is_torn(above, line, following, setting)
        ]
        strays = [line for line in page if _is_stray(line, setting)] if torn_lines else []
        for torn in torn_lines[:_MOST_TORN]:
            problems.append(Problem("lines_out_of_order", "A line breaks off in mid-sentence.", torn.span))
            stray = next((s for s in strays if s.span > torn.span and _make_a_line(torn, s, setting)), None)
            if stray:
                strays.remove(stray)
                moves.append((torn.span.end, stray.span))
    if not problems:
        return whole
    return Mended(Arrangement.of(source, _pieces(len(source), moves)), tuple(problems))


def _may_be_torn(source: str, start: int) -> bool:
    """A quick look, which nearly every letter passes: a short line that ends neither a sentence nor an item, and had
    room for what follows."""
    setting = None
    if source.count("\n", start) > _MOST_LINES:
        return False
    for page in source[start:].split("\f"):
        lines = page.split("\n")
        for number, line in enumerate(lines):
            if not line or (len(line) >= _LONGEST_TORN and line[0] != " "):
                continue
            text = line.strip()
            if not text or text.endswith(_NEVER_TORN) or len(text) >= _LONGEST_TORN:
                continue
            below = next((n for n in range(number + 1, len(lines)) if lines[n].strip()), None)
            following = lines[below].strip() if below else ""
            if not below or following.startswith(_LABELS):
                continue
            if text.isupper() and _may_precede_a_heading(_line_above(lines, number)):
                continue
            setting = setting or _setting(source)
            if below - number <= setting.usual_gap and setting.had_room(text, following):
                return True
    return False


def _line_above(lines: list[str], number: int) -> str:
    """The printed line above a line of its page; a page's first line may be a heading."""
    return next((text for line in reversed(lines[:number]) if (text := line.strip())), _SENTENCE_ENDS[0])


def _setting(source: str) -> Typography:
    start = source.find(_RUNNING_TEXT)
    return typography_of(source, start, min(len(source), start + 3000))


def _pages(source: str, start: int) -> list[list[_Printed]]:
    """The printed lines of each page from ``start``."""
    pages = []
    for page in source[start:].split("\f"):
        found: list[tuple[int, str, int]] = []
        at, gap = start, 0
        for line in page.split("\n"):
            text = line.strip()
            if text:
                found.append((source.index(text, at), text, gap))
                gap = 0
            at += len(line) + 1
            gap += 1
        gaps = [*(gap for _, _, gap in found), _PAGE_EDGE]
        gaps[0] = _PAGE_EDGE
        pages.append(
            [
                _Printed(Span(place, place + len(text)), text, before, after)
                for (place, text, _), before, after in zip(found, gaps, gaps[1:], strict=False)
            ]
        )
        start += len(page) + 1
    return pages


def _is_torn(above: _Printed | None, line: _Printed, following: _Printed, setting: Typography) -> bool:
    return (
        len(line.text) < _LONGEST_TORN
        and following.gap_before <= setting.usual_gap
        and not line.text.endswith(_NEVER_TORN)
        and not following.text.startswith(_LABELS)
        and not any(mark in following.text for mark in _CITATION_MARKS)
        and not (line.text.isupper() and (above is None or _may_precede_a_heading(above.text)))
        and setting.had_room(line.text, following.text)
    )


def _may_precede_a_heading(line: str) -> bool:
    """Whether a line in capitals after this one may be a heading; within a sentence it is a stamp or a watermark."""
    return line.endswith(_NEVER_TORN)


def _is_stray(line: _Printed, setting: Typography) -> bool:
    alone = min(line.gap_before, line.gap_after) > setting.usual_gap
    return alone and not line.text[0].isupper() and not line.text.endswith(_DECISIONS)


def _make_a_line(torn: _Printed, stray: _Printed, setting: Typography) -> bool:
    return setting.width_of(f"{torn.text} {stray.text}") < setting.full_width * _FULL


def _pieces(length: int, moves: list[tuple[int, Span]]) -> tuple[Span, ...]:
    """The source cut so that each moved line follows the line it belongs to."""
    cuts = sorted([(to, to, line) for to, line in moves] + [(line.start, line.end, None) for _, line in moves])
    pieces, at = [], 0
    for start, resume, inserted in cuts:
        if start > at:
            pieces.append(Span(at, start))
        if inserted:
            pieces.append(Span(inserted.start - 1, inserted.end))  # with the white space before it
        at = resume
    pieces.append(Span(at, length))
    return tuple(pieces)
