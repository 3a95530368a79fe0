"""How full a page is printed: a letter's pages are full but for the last one."""

from collections.abc import Iterable

#: Headings and items have a blank line above them, which not every text reader prints.
_SPACED_STARTS = (
    "HOW THE IMR", "The Expert Reviewer has", "CLINICAL CASE", "IMR ISSUES", "The Final Det", "Claims Adm",
    "MAXIMUS g", "Decision ration",
)  # fmt: skip
_SPACED_ENDS = ("Upheld", "Overturned")
_FIRST_HEADING = "HOW THE IMR"
#: The header block's lines on paper; text readers print one for each cell, or one for each row.
_HEADER_LINES = 6
#: A line that a text reader has joined from two at a hyphen is longer than any printed one.
_LONGEST_LINE = 110
#: The heights of full pages differ by so many lines, and no full page is lower.
_SPREAD, _LOWEST = 3, 35
#: A quick look: no page with fewer printed lines is full, however many blank ones part them.
_FEWEST_LINES = 28
#: No page has so many lines; how they are spaced does not matter then.
_MOST_LINES = 1_000
#: Less than this share of the fullest page is a page that ended early.
_SHORT = 0.8


def is_full(page: str, others: Iterable[str]) -> bool:
    """Whether a page is printed to its bottom, as the others are, each of which another page follows."""
    if page.count("\n") < _FEWEST_LINES:
        return False
    height = page_height(page)
    return height >= _LOWEST and height >= max(map(page_height, others), default=height) - _SPREAD


def is_short(page: str, others: Iterable[str]) -> bool:
    """Whether a page plainly ended before its bottom; False where there is no other page to compare."""
    return page_height(page) < max(map(page_height, others), default=0) * _SHORT


def page_height(page: str) -> int:
    """How many lines a page's text takes, with the blank ones that part its blocks."""
    if (line_ends := page.count("\n")) > _MOST_LINES:
        return line_ends
    heading = page.find(_FIRST_HEADING)
    lines = [text for line in page[max(0, heading) :].split("\n") if (text := line.strip())]
    spaced = sum([line.startswith(_SPACED_STARTS) or line.endswith(_SPACED_ENDS) for line in lines])
    height = (
        spaced + len(lines) + sum([(len(line) - 1) // _LONGEST_LINE for line in lines if len(line) > _LONGEST_LINE])
    )
    return height + (_HEADER_LINES if heading >= 0 else 0)
