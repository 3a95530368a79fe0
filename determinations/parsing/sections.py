"""Where the sections of the 2014-2017 letter are, by their printed headings."""

import re
from typing import NamedTuple

from determinations.parsing.spans import Span, line_around, make


class Sections(NamedTuple):
    """The headings that were found, in printed order; None for one that the text lacks."""

    how_made: Span | None
    credentials: Span | None
    summary: Span | None
    issues: Span | None

    def after(self, heading: Span, end: int) -> Span:
        """The text under a heading: up to the next heading that was found, or the end of the letter."""
        later = [other.start for other in self if other and other.start >= heading.end]
        return Span(heading.end, min(later) if later else end)

    @property
    def start(self) -> int | None:
        """Where the first heading is: the header block is what comes before."""
        return min((heading.start for heading in self if heading), default=None)


#: The headings in printed order.
HEADINGS = (
    "HOW THE IMR FINAL DETERMINATION WAS MADE",
    "The Expert Reviewer has the following credentials:",
    "CLINICAL CASE SUMMARY",
    "IMR ISSUES, DECISIONS AND RATIONALES",
)
#: The same headings broken over lines or with stretched spaces.
STRETCHED_HEADINGS = tuple(
    re.compile(r"\s+".join(re.escape(word) for word in heading.split())) for heading in HEADINGS
)


#: ``III. CLINICAL CASE SUMMARY``: sections may be numbered.
_NUMBER = re.compile(r"(?:[IVX]{1,5}|\d{1,2}|[A-H])\s?[.):]\s*\Z")
_LONGEST_NUMBER = 12


def without_number(source: str, start: int, heading: int) -> int:
    """Where the number before a heading begins; the heading itself where it has none. ``start``: of its line."""
    number = _NUMBER.search(source, max(start, heading - _LONGEST_NUMBER), heading)
    return number.start() if number and not source[start : number.start()].strip() else heading


def _start(source: str, heading: int) -> int:
    """The same for a heading wherever it is."""
    if source[heading - 1 : heading] in ("", "\n", "\f"):
        return heading
    return without_number(source, line_around(source, heading).start, heading)


def find_sections(source: str) -> Sections:
    """The headings of the letter. Each is looked for after the one before, so that a mention in a text is none."""
    found: list[Span | None] = []
    position = 0
    for heading, stretched in zip(HEADINGS, STRETCHED_HEADINGS, strict=True):
        at = source.find(heading, position)
        if at >= 0:
            found.append(make(Span, (_start(source, at), at + len(heading))))
        elif match := stretched.search(source, position):
            found.append(Span(_start(source, match.start()), match.end()))
        else:
            found.append(None)
        if found[-1]:
            position = found[-1].end
    return Sections(*found)
