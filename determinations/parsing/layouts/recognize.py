"""Which layout a text is in, told by its printed markers; and what it is when it is no determination letter."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from determinations.parsing.results import Problem
from determinations.parsing.spans import Span


@dataclass(frozen=True, slots=True)
class Layout:
    """A page layout: ``markers`` are printed phrases, ``needed`` of them make the layout. Not all can be read."""

    name: str
    label: str
    markers: tuple[str, ...]
    needed: int
    is_read: bool


class LayoutMatch(NamedTuple):
    """The layout found (None: none), where its first marker is, and the problem when it cannot be read."""

    layout: Layout | None
    span: Span | None
    problem: Problem | None


_LAYOUTS = (
    Layout(
        "determination",
        "determination, 2014 to 2017",
        (
            "IMR ISSUES, DECISIONS AND RATIONALES",
            "The Expert Reviewer has the following credentials:",
            "Claims Administrator guideline:",
            "MAXIMUS guideline:",
            "Decision rationale:",
            "CLINICAL CASE SUMMARY",
            "HOW THE IMR FINAL DETERMINATION WAS MADE",
        ),
        3,
        True,
    ),
    Layout(
        "notice-2013",
        "notice of determination, 2013",
        (
            "Notice of Independent Medical Review Determination",
            "MAXIMUS Federal Services, Inc. has determined the request for",
        ),
        1,
        True,
    ),
    Layout(
        "final-letter-2014",
        "final determination letter, 2013 to 2014",
        ("IMR DECISION(S) AND RATIONALE(S)",),
        1,
        False,
    ),
    Layout(
        "professional-review-2013",
        "medical professional review, 2013",
        (
            "MEDICAL PROFESSIONAL REVIEW",
            "DOCUMENTS REVIEWED FOR DETERMINATION:",
            "MEDICAL TREATMENT GUIDELINE(S) RELIED UPON BY PROFESSIONAL REVIEWER AND WHY:",
            "MEDICAL REVIEWER QUALIFICATIONS:",
        ),
        2,
        False,
    ),
)

#: Every layout by name.
LAYOUTS: Mapping[str, Layout] = {layout.name: layout for layout in _LAYOUTS}

#: Reviews of other programs, by the phrases of their letterheads and legal bases.
_OTHER_PROGRAMS = (
    (
        "bill_review",
        "an Independent Bill Review",
        re.compile(r"\bIndependent\s+Bill(?:ing)?\s+Review\b|\bIBR\s+(?:Case|Final)\b", re.I),
    ),
    (
        "provider_network_review",
        "a Medical Provider Network's review",
        re.compile(
            r"\bMPN[\s-]+(?:Independent\s+Medical\s+Review|IMR)\b"
            r"|\bMedical\s+Provider\s+Network\s+Independent\s+Medical\s+Review|\b9768\.\d",
            re.I,
        ),
    ),
    (
        "health_plan_review",
        "a health plan's Independent Medical Review",
        re.compile(
            r"\bDepartment\s+of\s+Managed\s+Health\s+Care\b|\bDMHC\b|\bCalifornia\s+Department\s+of\s+Insurance\b"
            r"|\bHealth\s+(?:and|&)\s+Safety\s+Code\s+(?:section\s+)?1374\.3|\bInsurance\s+Code\s+(?:section\s+)?10169",
            re.I,
        ),
    ),
)
_SPEAKS_OF_IMR = re.compile(r"\bIndependent\s+Medical\s+Review\b|\bIMR\b", re.IGNORECASE)
_SPEAKS_OF_DECISION = re.compile(
    r"\bdetermination\b|\bmedically\s+necessary\b|\bUpheld\b|\bOverturned\b", re.IGNORECASE
)
_HEADINGS_END = 4000


def recognize_layout(source: str) -> LayoutMatch:
    """The layout of a cleaned text. The text is put on one line only when no marker is found as printed."""
    for layout in _LAYOUTS:
        span = _found(source, layout)
        if span:
            problem = None
            if not layout.is_read:
                message = f"The letter is in the layout “{layout.label}”, which cannot be read yet."
                problem = Problem("layout_not_read", message, span, "layout")
            return LayoutMatch(layout, span, problem)
    opening = source[:_HEADINGS_END]
    for code, program, pattern in _OTHER_PROGRAMS:
        if match := pattern.search(opening):
            place = Span(match.start(), match.end())
            return LayoutMatch(None, place, Problem(code, f"The text is {program}.", place, "layout"))
    return LayoutMatch(None, None, _not_known(source))


def _found(source: str, layout: Layout) -> Span | None:
    """Where the layout's first marker is, if enough markers are found."""
    places: list[tuple[int, int]] = []
    for marker in layout.markers:
        at = source.find(marker)
        if at >= 0:
            places.append((at, at + len(marker)))
        elif match := _STRETCHED[marker].search(source):
            places.append(match.span())
        if len(places) >= layout.needed:
            return Span(*min(places))
    return None


_STRETCHED = {
    marker: re.compile(r"\s+".join(re.escape(word) for word in marker.split()))
    for layout in _LAYOUTS
    for marker in layout.markers
}


def _not_known(source: str) -> Problem:
    if not source.strip():
        return Problem("not_a_determination", "The text is empty.", None, "layout")
    match = _SPEAKS_OF_IMR.search(source)
    if match and _SPEAKS_OF_DECISION.search(source):
        place = Span(match.start(), match.end())
        return Problem("layout_not_known", "The layout of the text is unknown.", place, "layout")
    return Problem(
        "not_a_determination", "Nothing in the text identifies it as a determination letter.", None, "layout"
    )
