"""Whether a letter whose last page is full may go on: a page cut off between two items leaves no broken sentence.

The summary's sentences about utilization review name what was denied. A kind of treatment named there that no item
asks for, in a letter whose last page is printed to its bottom, says that items are missing.
"""

import re
from collections.abc import Iterator

from determinations.parsing.categories import NO_RULE, categorize
from determinations.parsing.pages.fullness import is_full
from determinations.parsing.results import ParsedItem, Problem
from determinations.parsing.spans import Span

_DENIED = re.compile(
    r"\b(?:denied|non-?\s?certif|not\s+(?:medically\s+necessary|certified|approved)|non-approved"
    r"|modified(?!\s+(?:duty|duties|work|activit|schedule|hours)))",
    re.I,
)
_SENTENCE_END = re.compile(r"[.?!]\s+(?=[A-Z])")
_BEFORE_SENTENCE_END = re.compile(r"[a-z)\d]")
#: Where a sentence turns from what was denied to why.
_REASONS = re.compile(
    r"\b(?:due to|because|as (?:there|the|it|this|no)|since|given|for lack|lack of|reflecting|noting|secondary to"
    r"|citing)\b",
    re.I,
)
_CLAUSES = re.compile(r"[,;:()]|\b(?:and|or|with)\b")
_SIDES = frozenset({"left", "right"})
#: Kinds so wide that a passing word falls into them.
_TOO_WIDE = frozenset({"Medical Specialties", "Other Therapies", "Other Drugs", "Other"})


def check_last_page(source: str, items: tuple[ParsedItem, ...], summary: str | None) -> Iterator[Problem]:
    """A problem when the last page is full and the summary names a denied treatment that no item is about."""
    *before, last = source.rstrip().split("\f")
    if not before or not items or not summary or not is_full(last, before):
        return
    if _lacks_a_side(items):
        yield Problem(
            "page_missing",
            "The last page is full, and one treatment is for one side while another is for both: "
            "a page may be missing.",
            Span(max(0, len(source.rstrip()) - 1), len(source.rstrip())),
            "items",
        )
    known = {(item.category, item.subcategory) for item in items}
    named = _denied_treatments(summary)
    if not named <= known:
        yield Problem(
            "page_missing",
            "The last page is full, and the summary names a denied treatment that no item asks for: "
            "a page may be missing.",
            Span(max(0, len(source.rstrip()) - 1), len(source.rstrip())),
            "items",
        )


def _lacks_a_side(items: tuple[ParsedItem, ...]) -> bool:
    """Whether one treatment is requested for the left and the right, and another one for one of them only."""
    sides: dict[str, set[str]] = {}
    for item in items:
        words = item.disputed.lower().split()
        named = _SIDES.intersection(words)
        if len(named) == 1:
            sides.setdefault(" ".join(word for word in words if word not in _SIDES), set()).update(named)
    return {len(named) for named in sides.values()} == {1, 2}


def _denied_treatments(summary: str) -> set[tuple[str, str]]:
    """Category and subcategory of what the summary says was denied."""
    treatments = set()
    for sentence in _sentences(summary):
        if _DENIED.search(sentence):
            for clause in _CLAUSES.split(_REASONS.split(sentence)[0]):
                assignment = categorize(clause.strip())
                if assignment.rule != NO_RULE and assignment.subcategory not in _TOO_WIDE:
                    treatments.add((assignment.category, assignment.subcategory))
    return treatments


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if _BEFORE_SENTENCE_END.match(text, end.start() - 1):
            yield text[start : end.start() + 1]
            start = end.end()
    yield text[start:]
