"""Sources outside the MTUS, ACOEM and ODG: which one a reference names, and where one reference ends.

A reference is told by its landmarks: the address of a page, or the name of a publisher of guidelines. An address
belongs to the name before it; any further landmark begins another reference.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from determinations.parsing.citations.printed_names import authorities

# Addresses break over lines at a hyphen or a slash: "https://www.example.org/first-part- second-part".
_ADDRESS = re.compile(
    r"(?:https?:\s*/+\s*(?:www\.)?|www\.)(?P<host>[\w.-]+)(?:[^\s,;]|(?<=[/-])\s+(?=[a-z0-9]))*"
    r"|(?<![\w.@-])(?P<bare>(?:[\w-]+\.)+(?:com|org|net|gov|edu))\b(?:/\S*)?"
)
_MAY_HOLD_ADDRESS = re.compile(r"http|www|\.(?:com|org|net|gov|edu)\b")
_ACCESSED = re.compile(
    r"[\s,;.(]*(?i:accessed|retrieved|updated|last\s+\w+|viewed)\b[^,;]*?"
    r"(?:\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|(?:19|20)\d\d)\)?"
)
_SEPARATED = re.compile(r"[,;]|\.\s|\band\b|&")
_AND_AT_END = re.compile(r"\b(?:and|&)\s+\Z")
_BETWEEN = re.compile(r";\s+(?:and\s+)?(?=[A-Z])|,\s+and\s+(?=[A-Z])|\s\d\)\s|\s\(\d\)\s")
_YEAR = re.compile(r"(?<![\d/-])(?:19|20)\d\d(?![\d/-])")
_EDITION = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)\s+[Ee]d(?:ition|n|\.)")
_WORD = re.compile(r"\w+")
_OWN_ADDRESS = re.compile(r"(?i)(?:[\w-]+\.)*(?:odg|worklossdata|mcg\.com)")
_LONGEST_NAME = 200
WEB_PAGE = "other/web-page"
_TEXTBOOK = "other/textbook"
LONGEST_REFERENCE = 260


class Landmark(NamedTuple):
    """An address or a publisher's name inside a reference."""

    key: str
    is_address: bool
    start: int
    end: int


class Reference(NamedTuple):
    """One reference at ``start``:``end``; ``key`` is None when nothing tells what it is."""

    key: str | None
    edition: str | None
    name: str
    start: int
    end: int


def read_references(text: str, start: int, end: int) -> list[Reference]:
    """The references of ``text[start:end]`` in order; at least one."""
    cuts = [start, *_cuts(text, start, end), end]
    references = []
    for a, b in itertools.pairwise(cuts):
        piece = text[a:b]
        name = piece.strip(" .,;:").removeprefix("and ").removesuffix(" and").strip(" .,;:")
        if not name:
            continue
        a += piece.index(name)
        key = source_of(name)
        years = _YEAR.findall(name) or _EDITION.findall(name) if key in generic_sources() else []
        shown = name if len(name) <= _LONGEST_NAME else ""
        references.append(Reference(key, years[-1] if years else None, shown, a, a + len(name)))
    return references


def _cuts(text: str, start: int, end: int) -> list[int]:
    cuts: list[int] = []
    previous: Landmark | None = None
    for landmark in _landmarks(text, start, end):
        if previous is None or landmark.key == previous.key:
            previous = landmark if previous is None or landmark.is_address else previous._replace(end=landmark.end)
            continue
        semicolon = text.find(";", previous.end, landmark.start)
        joined = _AND_AT_END.search(text, previous.end, landmark.start)
        belongs = landmark.is_address and not previous.is_address and semicolon < 0 and not joined
        between = _SEPARATED.search(text, semicolon if semicolon > 0 else previous.end, landmark.start)
        if not belongs and (between or previous.is_address):
            accessed = _ACCESSED.match(text, previous.end, landmark.start)
            gap = joined or between
            cuts.append(accessed.end() if accessed else gap.start() if gap else previous.end)
        previous = landmark
    parted = list(_BETWEEN.finditer(text, start, end))
    if not cuts and parted:
        pieces = [start, *(gap.end() for gap in parted), end]
        # A semicolon parts two references only when each of them is a reference by itself.
        if all(source_of(text[a:b]) not in {None, "other/guideline"} for a, b in itertools.pairwise(pieces)):
            cuts = pieces[1:-1]
    return cuts


def _landmarks(text: str, start: int, end: int) -> list[Landmark]:
    addresses = [
        Landmark(key, not _is_name(match, key), match.start(), match.end())
        for match in _ADDRESS.finditer(text, start, end)
        if (key := _key_of_address(match))
    ]
    names = [
        name
        for name in named_sources(text, start, end)
        if not any(address.start <= name.start < address.end for address in addresses)
    ]
    return sorted([*addresses, *names], key=lambda landmark: landmark.start)


def _is_name(address: re.Match[str], key: str) -> bool:
    """Whether a bare address is its publisher's name: "Drugs.com", which does not belong to the name before it."""
    return bool(address["bare"]) and source_of(address.group()) == key and address.group().count(".") == 1


def _key_of_address(address: re.Match[str]) -> str:
    """The publisher of a page, or a key made of the host's name: ``other/example``."""
    known = source_of(address.group())
    return known if known and known not in generic_sources() else _key_of_host(address)


def _key_of_host(address: re.Match[str]) -> str:
    labels = (address["host"] or address["bare"]).lower().strip(".").split(".")
    slug = re.sub(r"[^a-z0-9-]+", "-", labels[-2] if len(labels) > 1 else labels[0]).strip("-")[:60]
    return f"other/{slug}" if slug else WEB_PAGE


def source_of(text: str) -> str | None:
    """The key of the source that this reference names, the first in the data's order; None when nothing tells."""
    by_first_word = _all_names()
    rank = min(
        [
            rank
            for word in set(_WORD.findall(text.lower()))
            for rank, name in by_first_word.get(word, ())
            if _name_pattern(name).search(text)
        ],
        default=len(authorities()),
    )
    for kind, pattern in _kinds():
        if kind >= rank:
            break
        if pattern.search(text):
            rank = kind
            break
    if rank == len(authorities()):
        return None
    key = authorities()[rank].key
    address = _ADDRESS.search(text) if key == WEB_PAGE else None
    return _key_of_host(address) if address else key


def named_sources(text: str, start: int, end: int) -> Iterator[Landmark]:
    """Publishers and books named in ``text[start:end]``; kinds of source (a journal) are not among them."""
    by_first_word = _names()
    if by_first_word.keys().isdisjoint(_WORD.findall(text[start:end].lower())):
        return
    for word in _WORD.finditer(text, start, end):
        for key, name in by_first_word.get(word.group().lower(), ()):
            if match := _name_pattern(name).match(text, word.start(), end):
                yield Landmark(key, False, match.start(), match.end())
                break


def first_source(text: str, start: int, end: int) -> int | None:
    """Where another source begins inside an ODG citation: a publisher's name or an address that is not the ODG's."""
    places = [landmark.start for landmark in named_sources(text, start, end)]
    if _MAY_HOLD_ADDRESS.search(text, start, end):
        for address in _ADDRESS.finditer(text, start, end):
            if not _OWN_ADDRESS.match(address["host"] or address["bare"]):
                places.append(address.start())
    return min(places, default=None)


@cache
def _kinds() -> tuple[tuple[int, re.Pattern[str]], ...]:
    """The patterns for kinds of source, with the rank of their authority in the data, in that order."""
    return tuple(
        (rank, re.compile("|".join(entry.patterns), re.IGNORECASE))
        for rank, entry in enumerate(authorities())
        if entry.family == "other" and entry.patterns
    )


@cache
def _all_names() -> dict[str, list[tuple[int, str]]]:
    """First word, in lower case -> the names that begin with it, with the rank of their authority in the data."""
    names = defaultdict(list)
    for rank, entry in enumerate(authorities()):
        if entry.family == "other":
            for name in entry.printed_as:
                for word in _first_words(name):
                    names[word].append((rank, name))
    return dict(names)


def _first_words(name: str) -> set[str]:
    """The first word as a text may hold it: that of "Harrison's" is "harrison" or "harrisons"."""
    bare = name.lower().replace("'", "")
    return {found.group() for found in (_WORD.search(name.lower()), _WORD.search(bare)) if found}


@cache
def _names() -> dict[str, list[tuple[str, str]]]:
    """First word, in lower case -> the key and name of publishers and books, the longest name first."""
    names = defaultdict(list)
    for entry in authorities():
        if entry.family == "other" and (not entry.generic or entry.key == _TEXTBOOK):
            for name in sorted(entry.printed_as, key=len, reverse=True):
                if entry.generic and "'s" not in name:
                    continue  # "Textbook", "Elsevier": no book's own name
                first = _WORD.search(name.lower())
                if first:
                    names[first.group()].append((entry.key, name))
    return dict(names)


@cache
def generic_sources() -> frozenset[str]:
    """The keys of kinds of source (a textbook, a journal), which are not one publisher's."""
    return frozenset(entry.key for entry in authorities() if entry.family == "other" and entry.generic)


@cache
def _name_pattern(name: str) -> re.Pattern[str]:
    """An expression for a source's name: any case, save for names all in capitals ("MCG" is not a dose in mcg)."""
    words = r"\s+".join(map(re.escape, name.split())).replace("'", "['’]?")
    return re.compile(rf"(?<!\w){words}(?!\w)" if name.isupper() else rf"(?<!\w)(?i:{words})(?!\w)")
