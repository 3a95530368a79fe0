"""Whether a page is missing between an item's line and what the next page says: another item's lines follow then.

A decision at a page's end is followed by guideline lines at the next page's beginning, whether or not they belong
together. They do not when the rationale says no word of the request and the guidelines' sections are about another
category of treatment.
"""

import re
from collections.abc import Iterator

from determinations.parsing.categories import NO_RULE, categorize
from determinations.parsing.results import ParsedItem, Problem
from determinations.parsing.spans import Span

_WORD = re.compile(r"[a-z]{3,}")
#: Words that requests of every kind have.
_EMPTY_WORDS = frozenset(
    "the and for per via with without times day days week weeks month months visits sessions left right "
    "treatment therapy request original".split()
)
_MESSAGE = "What follows this item's line at the page's end is about another treatment: a page may be missing."


def check_page_gaps(source: str, items: tuple[ParsedItem, ...]) -> Iterator[Problem]:
    """A problem for each item whose line and guideline lines, on two pages, do not belong together."""
    if "\f" not in source:
        return
    for item in items:
        decision, claims = item.spans.get("decision"), item.spans.get("claims_text")
        if not decision or not claims or source.find("\f", decision.end, claims.start) < 0:
            continue
        if item.rationale and not _mentions(item.rationale, item.disputed) and _cites_another_category(item):
            place = Span(decision.end, claims.start)
            yield Problem("page_missing", _MESSAGE, place, f"items/{item.number}/rationale")


def _mentions(rationale: str, disputed: str) -> bool:
    said = rationale.lower()
    words = _WORD.findall(disputed.lower())
    return any(word.removesuffix("s") in said for word in words if word not in _EMPTY_WORDS)


def _cites_another_category(item: ParsedItem) -> bool:
    sections = (section for citation in (*item.claims, *item.reviewer) for section in citation.sections)
    assignments = [categorize(section) for section in sections]
    return any(found.rule != NO_RULE and found.category != item.category for found in assignments)
