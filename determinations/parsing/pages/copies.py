"""Pages that are in a file twice in a row, as when a scanner takes a sheet twice: each is read once.

Only a page whose lines are the same is a copy; its outermost lines may differ by their numbers, because fax machines
and offices count sheets. A page of a letter that was issued again differs from the first one's, at least by its date.
"""

from itertools import pairwise

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.pages.forms import OWN_LINE

#: A page with less text is a separator sheet, a stamp or a note; one with more lines is none of a letter.
_FEWEST_CHARACTERS, _MOST_LINES = 300, 500
#: So many lines at a page's top and bottom may be a fax machine's or an office's.
_OUTER_LINES = 2
_NUMBERS = str.maketrans("", "", "0123456789")


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
    return [text for line in page.split("\n")[:_MOST_LINES] if (text := "".join(line.split()))]


def _are_copies(lines: list[str], others: list[str]) -> bool:
    if len(lines) != len(others):
        return False
    last = len(lines) - _OUTER_LINES
    return all(
        line == other or (not _OUTER_LINES <= number < last and _are_alike(line, other))
        for number, (line, other) in enumerate(zip(lines, others, strict=True))
    )


def _are_alike(line: str, other: str) -> bool:
    """Whether two outer lines differ by numbers that are not the letter's own."""
    return line.translate(_NUMBERS) == other.translate(_NUMBERS) and not OWN_LINE.match(line)
