"""Decodes ``ItemFact.cited``: all citations of an item as one string.

``c12@2009`` means that the claims administrator (``c``; the reviewer is ``r``) cites authority 12 in the 2009 edition.
Citations are sorted by side, authority and edition and joined by a separator that no edition contains. Items with the
same citations have the same string, so one GROUP BY counts editions of all authorities.
"""

from functools import lru_cache
from typing import NamedTuple

SEPARATOR = "\x1f"
_SIDES = {"c": "claims", "r": "reviewer"}


class CodedCitation(NamedTuple):
    """One citation; ``edition`` is empty if the letter prints none."""

    side: str
    authority_id: int
    edition: str


@lru_cache(maxsize=20_000)
def decode_citations(cited: str) -> tuple[CodedCitation, ...]:
    """All citations in ``ItemFact.cited``."""
    return tuple(decode_citation(code) for code in cited.split(SEPARATOR)) if cited else ()


@lru_cache(maxsize=20_000)
def decode_citation(code: str) -> CodedCitation:
    """One citation, such as ``c12@2009``."""
    authority_id, _, edition = code[1:].partition("@")
    return CodedCitation(_SIDES[code[0]], int(authority_id), edition)
