"""What an item cites, as one word: ``ItemFact.cited``.

Items with the same citations have the same word, so that grouping by it answers every question about who cites what
in one pass: ``c12@2009``, the claims administrator cites authority 12 in the edition 2009, and so on, in the order of
side, authority and edition, with a separator between that no edition holds. Grouping by one short text takes a third
of the time that arrays take.
"""

from functools import lru_cache
from typing import NamedTuple

SEPARATOR = "\x1f"
_SIDES = {"c": "claims", "r": "reviewer"}


class Mention(NamedTuple):
    """One citation: side, authority, edition (empty where none is printed)."""

    side: str
    authority_id: int
    edition: str


@lru_cache(maxsize=20_000)
def mentions(cited: str) -> tuple[Mention, ...]:
    """The citations of the word."""
    return tuple(mention(each) for each in cited.split(SEPARATOR)) if cited else ()


@lru_cache(maxsize=20_000)
def mention(printed: str) -> Mention:
    """One citation of a word."""
    number, _, edition = printed[1:].partition("@")
    return Mention(_SIDES[printed[0]], int(number), edition)


@lru_cache(maxsize=20_000)
def authority_ids(cited: str, side: str) -> tuple[int, ...]:
    """The authorities that one side cites, each once."""
    return tuple(dict.fromkeys(each.authority_id for each in mentions(cited) if each.side == side))
