"""Whether a letter's pages follow each other: pages put in order, and a problem where one seems to be missing.

What must hold at every page edge inside a letter: its labels go on in their order, an item's decision is followed by
the guideline lines, a sentence that is open goes on and one that has ended does not. Pages that break this are tried
in every other order; the one in which all of them agree is read, and said to be a rearrangement.
"""

import re
from collections.abc import Iterator
from itertools import pairwise, permutations
from typing import NamedTuple

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.results import Problem
from determinations.parsing.spans import Span, ends_sentence

#: Headings, then the labels of an item, by their first words; each begins a line.
_MARKS = (
    ("h0", "HOW THE IMR FINAL"),
    ("h1", "The Expert Reviewer has"),
    ("h2", "CLINICAL CASE SUMMARY"),
    ("h3", "IMR ISSUES, DECISIONS"),
    ("claims", "Claims Administrator guideline"),
    ("reviewer", "MAXIMUS guideline"),
    ("rationale", "Decision rationale"),
)
_MAY_FOLLOW = {
    "h0": {"h1"},
    "h1": {"h2"},
    "h2": {"h3"},
    "h3": {"claims"},
    "claims": {"reviewer", "rationale"},
    "reviewer": {"rationale"},
    "rationale": {"claims", "h0"},
}
_DECISION = re.compile(r"\b(?:Upheld|Overturned)\.?\Z")
_MAY_BE_DECISION = ("Upheld", "Upheld.", "Overturned", "Overturned.")
_CLAIMS = re.compile(r"Claims\s+Administrator")
_LABEL = re.compile(
    r"Claims\s+Administrator\s+g|MAXIMUS\s+g|Decision\s+r|CLINICAL|IMR\s+ISS|HOW\s+THE|The\s+Expert\s+Rev"
)
#: More pages than this are not tried in every order, but in reverse.
_MOST_TRIED = 6
_CONFLICT = -3
#: A bracket that a page leaves open is closed within so many characters of the next one.
_SOON = 300
_OUT_OF_ORDER = "The pages of this letter were out of order and were read in the order in which their text continues."
_BROKEN = "The text does not continue from page {0} to page {1}: a page may be missing, or pages may be out of order."


class _Page(NamedTuple):
    """A page: where it is, its first and last printed line, and the first and last mark on it."""

    number: int
    span: Span
    first_line: str
    last_line: str
    first_mark: str
    last_mark: str
    begins_letter: bool
    opening: str


class Ordered(NamedTuple):
    """The text with its pages in order; the problems' spans point into the text as it was before."""

    arrangement: Arrangement
    problems: tuple[Problem, ...]


def order_pages(source: str, first_page: int = 1) -> Ordered:
    """The text with the pages of a letter in order where they were not. ``first_page``: its number in the file."""
    whole = Arrangement.whole(source)
    if "\f" not in source:
        return Ordered(whole, ())
    pages = _pages(source, first_page)
    marked = [at for at, page in enumerate(pages) if page.first_mark]
    if not marked:
        return Ordered(whole, ())
    first, last = marked[0], marked[-1]
    of_letter = pages[first : last + 1]
    broken = [pair for pair in pairwise(of_letter) if _agreement(*pair) <= _CONFLICT]
    gaps = list(_gaps_behind(pages[last:]))
    headless = not of_letter[0].begins_letter and any(page.begins_letter for page in of_letter)
    ends = _ends_before(pages[:first], of_letter[-1] if last == len(pages) - 1 or broken or headless else None)
    if not broken and not headless and not ends:
        return Ordered(whole, tuple(gaps))
    better = _better_order([*ends, *of_letter]) if ends else None
    if better:
        first -= len(ends)
        of_letter = [*ends, *of_letter]
    elif broken or headless:
        better = _better_order(of_letter)
    if better:
        order = [*pages[:first], *better, *pages[last + 1 :]]
        problem = Problem("pages_out_of_order", _OUT_OF_ORDER, of_letter[0].span)
        return Ordered(_arranged(source, order), (problem,))
    return Ordered(whole, (*(_doubt(above, below) for above, below in broken), *gaps))


def _ends_before(pages: list[_Page], last: _Page | None) -> list[_Page]:
    """The pages right before the letter's first mark that may be its end: they begin within a sentence."""
    if last is None or not last.last_line:
        return []
    ends: list[_Page] = []
    for page in reversed(pages):
        if not page.first_line[:1].islower():
            break
        ends.insert(0, page)
    return ends


def _gaps_behind(pages: list[_Page]) -> Iterator[Problem]:
    """A problem for each page behind the last one with a mark that goes on in a sentence, but not in the one above."""
    for above, below in pairwise(pages):
        if not below.first_line[:1].islower():
            return
        if _bracket_stays_open(above, below):
            yield _doubt(above, below)


def _doubt(above: _Page, below: _Page) -> Problem:
    message = _BROKEN.format(above.number, below.number)
    return Problem("page_missing", message, Span(max(above.span.start, above.span.end - 1), below.span.start + 1))


def _pages(source: str, first_page: int) -> list[_Page]:
    pages, start = [], 0
    marks = _marks(source)
    for number, text in enumerate(source.split("\f"), first_page):
        end = start + len(text)
        stripped = text.strip()
        line_end = stripped.find("\n")
        first = stripped[:line_end] if line_end >= 0 else stripped
        last = stripped[stripped.rfind("\n") + 1 :]
        names: list[str] = []
        while marks and marks[-1][0] < end:
            names.append(marks.pop()[1])
        outer = (names[0], names[-1], "h0" in names) if names else ("", "", False)
        pages.append(_Page(number, Span(start, end), first.strip(), last.strip(), *outer, stripped[:_SOON]))
        start = end + 1
    return pages


def _marks(source: str) -> list[tuple[int, str]]:
    """Every mark of the text with its place, the last one first."""
    marks = []
    for name, mark in _MARKS:
        at = source.find(mark)
        while at >= 0:
            marks.append((at, name))
            at = source.find(mark, at + 1)
    marks.sort(reverse=True)
    return marks


def _agreement(above: _Page, below: _Page) -> int:
    """How well one page continues another: negative where it cannot."""
    if not above.last_line or not below.first_line:
        return 0
    if below.first_mark == "h0":
        return 0  # another letter begins, perhaps below its cover
    score = 0
    if above.last_mark and below.first_mark:
        score += 1 if below.first_mark in _MAY_FOLLOW[above.last_mark] else _CONFLICT * 2
    first = below.first_line
    if above.last_line.endswith(_MAY_BE_DECISION) and _DECISION.search(above.last_line):
        score += 3 if _CLAIMS.match(first) else _CONFLICT * 2
    elif _bracket_stays_open(above, below):
        score += _CONFLICT * 2
    elif ends_sentence(above.last_line):
        score += 1 if not first[0].islower() else _CONFLICT
    elif first[0].islower():
        score += 2
    elif _LABEL.match(first) and not above.last_line.isupper():
        score += _CONFLICT
    return score


def _bracket_stays_open(above: _Page, below: _Page) -> bool:
    """Whether a bracket that the last line opens is not closed soon on the next page."""
    if above.last_line.rfind("(") <= above.last_line.rfind(")"):
        return False
    opened, closed = below.opening.find("("), below.opening.find(")")
    return closed < 0 or 0 <= opened < closed


def _better_order(pages: list[_Page]) -> list[_Page] | None:
    """The best order of a letter's pages in which each continues the one before it; None if there is none."""
    if sum(page.begins_letter for page in pages) != 1:
        return None
    first = next(page for page in pages if page.begins_letter)
    rest = [page for page in pages if page is not first]
    scored = []
    for order in permutations(rest) if len(pages) <= _MOST_TRIED else [rest[::-1]]:
        agreements = [_agreement(above, below) for above, below in pairwise((first, *order))]
        if min(agreements, default=0) > _CONFLICT:
            scored.append((sum(agreements), [first, *order]))
    if not scored:
        return None
    # Of orders that agree as well, the file's pages in reverse are likelier than any other.
    best = min(scored, key=lambda candidate: (-candidate[0], candidate[1] != pages[::-1]))[1]
    return None if best == pages else best


def _arranged(source: str, order: list[_Page]) -> Arrangement:
    """The pages in their new order, each with a form feed after it, taken from where the text has one."""
    pieces = []
    last = max(page.span.end for page in order)
    feed = source.index("\f")
    for page in order:
        pieces.append(Span(page.span.start, page.span.end))
        if page is not order[-1]:
            at = page.span.end if page.span.end < last else feed
            pieces.append(Span(at, at + 1))
    return Arrangement.of(source, pieces)
