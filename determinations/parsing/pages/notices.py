"""Where the notices and reviews of 2013 begin in a file that may hold letters of several layouts.

A notice begins at its title, which is followed by its date. Of a notice whose first page is missing, the first of its
numbered determinations is the beginning.
"""

import re
from collections.abc import Iterator

from determinations.parsing.spans import line_around

_TITLE = re.compile(r"Notice\s+of\s+Independent\s+Medical\s+Review\s+Determination")
#: The title's date is below it, perhaps under an address.
_DATE_LABEL, _DATE_REACH = "Dated:", 600
#: The review of early 2013, which is told apart but not read; its first section is below its title.
_REVIEW = re.compile(r"MEDICAL\s+PROFESSIONAL\s+REVIEW")
_REVIEW_SECTIONS, _REVIEW_REACH = ("ISSUE AT DISPUTE", "DOCUMENTS REVIEWED FOR DETERMINATION"), 3000
#: The organization's name above the title.
_LETTERHEAD = re.compile(r"MAXIMUS\s+FEDERAL\s+SERVICES,?\s+INC\.?\s*\Z", re.IGNORECASE)
_LETTERHEAD_REACH = 120
_FIRST_ITEM = re.compile(r"\b1\s?\)\s+MAXIMUS\s+Federal\s+Services,\s+Inc\.?\s+has\s+determined")
#: The title alone is on its line, perhaps with the organization's name.
_MOST_BESIDE_TITLE = 40


def find_notices(source: str, letters: list[tuple[int, int]]) -> list[int]:
    """Where notices begin, in order. ``letters``: first and last heading of each letter of another layout."""
    titles = [*_titles(source), *_reviews(source)]
    items = [match.start() for match in _FIRST_ITEM.finditer(source)] if "has determined" in source else []
    if not titles and not items:
        return []
    events = sorted(
        [(at, "title") for at in titles]
        + [(at, "item") for at in items]
        + [(place, "letter") for span in letters for place in span]
    )
    starts, kind = [], ""
    for at, event in events:
        if event == "title" or (event == "item" and kind not in {"title", "item"}):
            starts.append(at)
        kind = event
    return starts


def _reviews(source: str) -> Iterator[int]:
    for title in _REVIEW.finditer(source) if "PROFESSIONAL" in source else ():
        end = title.end() + _REVIEW_REACH
        if any(source.find(section, title.end(), end) >= 0 for section in _REVIEW_SECTIONS):
            yield line_around(source, title.start()).start


def _titles(source: str) -> Iterator[int]:
    if "Notice" not in source:
        return
    for title in _TITLE.finditer(source):
        line = line_around(source, title.start())
        beside = line.end - line.start - len(title.group())
        if beside > _MOST_BESIDE_TITLE or source.find(_DATE_LABEL, title.end(), title.end() + _DATE_REACH) < 0:
            continue
        above = _LETTERHEAD.search(source, max(0, title.start() - _LETTERHEAD_REACH), title.start())
        yield above.start() if above else line.start
