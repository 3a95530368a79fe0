"""Pages that are in a file twice in a row, as when a scanner takes a sheet twice: each is read once.

Only a page whose lines are the same is a copy; its outermost lines may differ by their numbers, because fax machines
and offices count sheets. Another letter, or one that was issued again, differs at least by its case number or a date.
"""

import re
from itertools import pairwise

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.dates import ANY_DATE
from determinations.parsing.header import CASE_NUMBER
from determinations.parsing.pages.forms import OWN_LINE

#: A page with less text is a separator sheet, a stamp or a note; one with more lines is none of a letter.
_FEWEST_CHARACTERS, _MOST_LINES = 300, 500
#: So many lines at a page's top and bottom may be a fax machine's or an office's.
_OUTER_LINES = 2
_NUMBERS = str.maketrans("", "", "0123456789")
_DATE = re.compile(ANY_DATE)


def without_copies(source: str) -> Arrangement:
    """The text without the pages that repeat the page before them."""
    gaps: list[tuple[int, int]] = []
    end = -1
    for page, following in pairwise(source.split("\f")):
        end += len(page) + 1
        if _may_be_copies(page, following) and _are_copies(_lines(page), _lines(following)):
            gaps.append((end, end + 1 + len(following)))
    return Arrangement.without(source, gaps) if gaps else Arrangement.whole(source)


def _may_be_copies(page: str, other: str) -> bool:
    """A quick look: both have much text, and nearly as much."""
    return min(len(page), len(other)) >= _FEWEST_CHARACTERS and page.count("e") == other.count("e")


def _lines(page: str) -> list[str]:
    return [text for line in page.split("\n")[:_MOST_LINES] if (text := line.strip())]


def _are_copies(lines: list[str], others: list[str]) -> bool:
    if len(lines) != len(others):
        return False
    last = len(lines) - _OUTER_LINES
    return all(
        _without_spaces(line) == _without_spaces(other)
        or (not _OUTER_LINES <= number < last and _are_alike(line, other))
        for number, (line, other) in enumerate(zip(lines, others, strict=True))
    )


def _are_alike(line: str, other: str) -> bool:
    """Whether two outer lines differ by numbers that are not the letter's own."""
    if OWN_LINE.match(line) or _own_numbers(line) != _own_numbers(other):
        return False
    return _without_spaces(line).translate(_NUMBERS) == _without_spaces(other).translate(_NUMBERS)


def _own_numbers(line: str) -> list[str]:
    """The case numbers and dates in a line: two letters of a file differ by them, two copies of a page do not."""
    return [found[0] for pattern in (CASE_NUMBER, _DATE) for found in pattern.finditer(line)]


def _without_spaces(line: str) -> str:
    return "".join(line.split())
