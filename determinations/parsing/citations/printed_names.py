"""The guideline documents that letters cite, and how a printed name is matched to one of them.

The facts are in ``authorities.toml``, ``sources.toml`` and ``sections.toml`` beside this file; nothing here names a
guideline, save the words that letters misspell.
"""

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

#: What may be between the words of a name: white space, a comma, a slash, a hyphen, any dash. Sets that name no
#: character beyond ASCII compile ten times as fast.
_BETWEEN_WORDS = r"[^\w!-+.:-@\[-`{-~]"
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_WORD = re.compile(r"[^\s,/-]+")
_NAME_IS_NEAR, _WORD_IS_NEAR, _WORD_OF_THE_SAME_LETTER_IS_NEAR = 0.86, 0.78, 0.65
# Words as letters misprint them: "Compliants", "Guideline", "Guide-Lines", "Post-Surgical".
_MISPRINTS = {
    "complaints": r"comp\w{3,7}s?",
    "complaint": r"comp\w{3,7}s?",
    "guidelines": r"guid\w*-?lines?",
    "guideline": r"guid\w*-?lines?",
    "disorders": r"disorders?",
    "postsurgical": r"post[\s-]?surgical",
    "postoperative": r"post[\s-]?operative",
    "and": r"(?:and|&)",
    "&": r"(?:and|&)",
}


@dataclass(frozen=True, slots=True)
class Authority:
    """One guideline document or chapter. ``acoem_chapter`` lists chapter numbers ("12", "1, 2, 3, 5") or is empty.

    ``generic`` entries are kinds of source (a textbook, a journal) and not one publisher.
    """

    key: str
    family: str
    title: str
    acoem_chapter: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    verified: bool = True
    printed_as: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    generic: bool = False
    examples: tuple[str, ...] = ()


@lru_cache(maxsize=4096)
def normalized_form(text: str) -> str:
    """A printed name as compared: lower case, "&" as "and", no punctuation, single spaces."""
    return _NOT_WORD.sub(" ", text.lower().replace("&", " and ").replace("'", "").replace("’", "")).strip()


def name_pattern(name: str) -> str:
    """A regular expression for one printed name; commas, hyphens, spacing, case, "and" / "&" do not matter."""
    words = _WORD.findall(name)
    parts = [_MISPRINTS.get(word.lower()) or re.escape(word.lower()) for word in words]
    pattern = parts[0]
    for before, part in itertools.pairwise(parts):
        touching = part == _MISPRINTS["and"] or before == _MISPRINTS["and"]
        pattern += _BETWEEN_WORDS + ("*" if touching else "+") + part
    first = pattern[0]
    if not first.isalpha():
        return f"(?i:{pattern})"
    # The first letter is outside the case-blind part so that the regular expression engine can skip fast.
    return f"[{first.upper()}{first}](?i:{pattern[1:]})"


def names_pattern(names: Iterable[str]) -> str:
    """A regular expression for any of these names, the longest first."""
    return "|".join(name_pattern(name) for name in sorted(set(names), key=len, reverse=True))


@cache
def data(name: str) -> Mapping[str, Any]:
    """One data file of this package, read once."""
    return MappingProxyType(tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8")))


@cache
def authorities() -> tuple[Authority, ...]:
    """Every guideline document of the data files, other sources last: what the Authority table is seeded from."""
    entries = data("authorities")["authority"] + data("sources")["source"]
    by_key = {entry["key"]: entry for entry in entries}
    return tuple(_authority(entry, by_key.get(entry.get("names_of"), entry)) for entry in entries)


def _authority(entry: Mapping[str, Any], names: Mapping[str, Any]) -> Authority:
    return Authority(
        key=entry["key"],
        family=entry["key"].partition("/")[0],
        title=entry["title"],
        acoem_chapter=entry.get("acoem_chapter", ""),
        valid_from=entry.get("valid_from"),
        valid_to=entry.get("valid_to"),
        verified=entry.get("verified", True),
        printed_as=tuple(names.get("printed_as", ())),
        short=tuple(names.get("short", ())),
        patterns=tuple(entry.get("patterns", ())),
        generic=entry.get("generic", False),
        examples=tuple(entry["examples"]),
    )


@cache
def authority(key: str) -> Authority | None:
    """The authority of this key, or None."""
    return next((entry for entry in authorities() if entry.key == key), None)


@cache
def by_chapter() -> Mapping[str, str]:
    """ACOEM chapter number -> key, for the chapters as the MTUS takes them over (4, 6, 7: not taken over)."""
    return {
        number: entry.key
        for entry in reversed(authorities())
        for number in entry.acoem_chapter.split(", ")
        if number and (entry.family == "mtus" or number in {"4", "6", "7"})
    }


@cache
def section_names(*lists: str) -> frozenset[str]:
    """The normalised section names of these lists of ``sections.toml``; of all lists when none is named."""
    return frozenset(
        normalized_form(name)
        for key, entry in data("sections").items()
        if not lists or key in lists
        for name in entry["names"]
    )


@cache
def _titles() -> Mapping[str, str]:
    return {
        normalized_form(name): entry.key
        for entry in authorities()
        if entry.family == "mtus"
        for name in (*entry.printed_as, *entry.short)
    }


def title_key(name: str) -> str | None:
    """The key of the MTUS document of exactly this name; None if there is none."""
    return _titles().get(normalized_form(name))


def begins_with_title(name: str) -> bool:
    """Whether a longer name begins with the title, of two words or more, of an MTUS document."""
    words = normalized_form(name).split()
    return any(" ".join(words[:n]) in _titles() for n in range(2, min(len(words), 8)))


def closest_title(title: str) -> str | None:
    """The key of the MTUS document whose name this is, misspelled; None when no name is near.

    The name as a whole must be near and each of its words too ("Low Complaints" is not "Elbow Complaints"), or a word
    is left out of the name of one document alone.
    """
    words = normalized_form(title).split()
    for near in get_close_matches(" ".join(words), _titles(), n=4, cutoff=_NAME_IS_NEAR):
        others = near.split()
        same_number = len(words) == len(others)
        if "".join(words) == "".join(others) or (
            same_number and all(_is_near(*pair) for pair in zip(words, others, strict=True))
        ):
            return _titles()[near]
    holding = {key for name, key in _titles().items() if _holds(name.split(), words)}
    return holding.pop() if len(words) > 1 and len(holding) == 1 else None


def _holds(name: list[str], words: list[str]) -> bool:
    """Whether all the words are in the name, in this order: a word of it was left out."""
    rest = iter(name)
    return all(word in rest for word in words)


def _is_near(word: str, other: str) -> bool:
    cutoff = _WORD_OF_THE_SAME_LETTER_IS_NEAR if word[0] == other[0] else _WORD_IS_NEAR
    return bool(get_close_matches(word, [other], 1, cutoff))
