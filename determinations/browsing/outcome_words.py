"""Searches that name a decision, such as ``knee mri overturned``: letters seldom have that word among their texts.

Letters print "Overturned" in the line of an item, which is read as its decision and is no word of its request.
"""

import re
from dataclasses import dataclass

from determinations.searching.singular import STOP_WORDS

#: The words that mean a decision, and its value in the filter of items.
_DECISIONS = {"overturned": "overturned", "upheld": "upheld"}
#: A word alone, with apostrophes, hyphens, slashes and points between its letters: no quotation mark, field or star.
_PLAIN = re.compile(r"[^\W_]+(?:[-'’/.][^\W_]+)*", re.UNICODE)
#: With these, the search may mean items that were decided otherwise: ``knee not overturned``.
_TURNING = re.compile(r"(?i:or|not|nor|neither|never|.*n['’]t)|AND")


@dataclass(frozen=True, slots=True)
class NamedDecision:
    """A search without the word that means a decision, and that decision."""

    words: str
    decision: str


def named_decision(text: str) -> NamedDecision | None:
    """The decision that a search of plain words names besides others; None for any other search."""
    words = text.split()
    if any(_TURNING.fullmatch(word) or not _PLAIN.fullmatch(word) for word in words):
        return None
    named = {_DECISIONS[word.lower()] for word in words if word.lower() in _DECISIONS}
    others = [word for word in words if word.lower() not in _DECISIONS]
    says_more = any(word.lower() not in STOP_WORDS for word in others)
    return NamedDecision(" ".join(others), named.pop()) if len(named) == 1 and says_more else None
