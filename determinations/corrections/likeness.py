"""How similar the wording of two letters is: a signature small enough to store and to look up.

Every run of four words is hashed; the hashes fall into 64 bins, and the smallest of each bin is kept (one permutation
hashing). The share of bins in which two letters agree estimates the share of runs that they have in common. Four bins
make a band: letters that are 80% similar share one of the 16 bands with probability 0.9998.
"""

import re
from collections.abc import Sequence
from zlib import crc32

from determinations.parsing.results import LetterRecord

_WORD = re.compile(r"[a-z0-9]+")
_RUN = 4
_BINS = 64
_BAND = 4
_EMPTY = -1


def wording_of(document: LetterRecord) -> str:
    """A letter's own text: summary, requests, rationales. The fixed sentences would make all letters similar."""
    parts = [document["summary"] or ""]
    for item in document["items"]:
        parts += [item["request"], item["rationale"] or ""]
    return "\n".join(parts)


def minima_of(wording: str) -> list[int]:
    """The smallest hash of each bin, -1 for an empty one."""
    words = _WORD.findall(wording.lower())
    minima = [_EMPTY] * _BINS
    for at in range(len(words) - _RUN + 1):
        number = crc32(" ".join(words[at : at + _RUN]).encode())
        place, value = number % _BINS, number // _BINS
        if minima[place] == _EMPTY or value < minima[place]:
            minima[place] = value
    return minima


def bands_of(minima: Sequence[int]) -> list[int]:
    """A number for each band that is not empty; letters that share one are worth comparing."""
    bands = []
    for at in range(0, _BINS, _BAND):
        band = minima[at : at + _BAND]
        if any(value != _EMPTY for value in band):
            bands.append(crc32(repr((at, *band)).encode()) - 2**31)
    return bands


def percent_alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How similar two wordings are, 0 to 100."""
    filled = [(a, b) for a, b in zip(one, other, strict=True) if a != _EMPTY or b != _EMPTY]
    return round(100 * sum(a == b for a, b in filled) / len(filled)) if filled else 0
