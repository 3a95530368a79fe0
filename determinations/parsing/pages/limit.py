"""How many pages of a text are read: a file without end is no letter, and must not keep a worker busy."""

from typing import NamedTuple

from determinations.parsing.results import Problem
from determinations.parsing.spans import Span

#: Letters have 2 to 10 pages; a file of many letters has some hundred.
MOST_PAGES = 1_000


class ReadablePages(NamedTuple):
    """The text of the pages that are read, and a problem when there are more."""

    text: str
    problems: tuple[Problem, ...]


def first_pages(source: str) -> ReadablePages:
    """The text up to the end of page ``MOST_PAGES``; all of it for every file that is a letter or a bundle."""
    count = source.count("\f")
    if count < MOST_PAGES:
        return ReadablePages(source, ())
    end = -1
    for _ in range(MOST_PAGES):
        end = source.find("\f", end + 1)
    message = f"The file has {count + 1:,} pages; the first {MOST_PAGES:,} were read."
    return ReadablePages(source[:end], (Problem("too_many_pages", message, Span(end, end + 1)),))
