"""The words of a piece of text between two spaces: how signs, hyphens, numbers and units are read.

Everything is decided from the characters themselves, by Python's own Unicode tables: the database's locale has no say.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from determinations.searching.singular import LONGEST_WORD

#: Pieces longer than this are not kept in memory; nothing that people type or print is.
_LONGEST_KEPT = 80
_DASHES = "‐‑‒–—―−﹘﹣－⁻"
_QUOTES = "‘’‚‛′ʼ`´＇"
_REPLACED = str.maketrans(
    {**dict.fromkeys(_DASHES, "-"), **dict.fromkeys(_QUOTES, "'"), "×": "x", "⁄": "/", "∕": "/", "µ": "u", "μ": "u"}
)
#: Characters that are not there: soft hyphens, zero-width characters, marks of trade.
_DROPPED = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\ufffe®™©℠]")
_WORD = re.compile(
    r"(?P<acronym>(?:[a-z]\.){2,}[a-z]?(?![a-z]))"  # "m.r.i.", "T.E.N.S"
    r"|(?P<level>[clst]-\d{1,2}(?!\d))"  # "L-4/5"
    r"|(?P<ordinal>\d+(?:st|nd|rd|th)(?![a-z\d]))"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?![\d,])|\d*\.?\d+(?:\.\d+)*)"
    r"|(?P<code>(?!x\d)[a-z]{1,2}\d+)"  # "L4", "H2", "CM17"; in "2x6" the x stands alone
    r"|(?P<letters>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<percent>%)|(?P<and>&)",
)
_LEVEL = re.compile(r"([clst])(\d{1,2})")
#: The vertebrae in order; a level is the two that a disc lies between.
_SPINE = [f"{part}{n}" for part, last in (("c", 8), ("t", 12), ("l", 6), ("s", 5)) for n in range(1, last + 1)]
_PLACE = {name: place for place, name in enumerate(_SPINE)}
#: One word where writers have several.
_SAME = {
    "milligram": "mg", "milligrams": "mg", "mgs": "mg", "microgram": "mcg", "micrograms": "mcg", "ug": "mcg",
    "milliliter": "ml", "milliliters": "ml", "cc": "ml", "ccs": "ml", "wk": "week", "wks": "week", "hr": "hour",
    "hrs": "hour", "yr": "year", "yrs": "year", "mo": "month", "mos": "month", "lb": "pound", "lbs": "pound",
    "tabs": "tablet", "tab": "tablet", "caps": "capsule", "cap": "capsule", "inj": "injection", "bilat": "bilateral",
    "eval": "evaluation", "rehab": "rehabilitation", "dx": "diagnosis", "meds": "medication", "med": "medication",
    "pct": "percent",
}  # fmt: skip
_WHOLE = {"w/": ("with",), "w/o": ("without",), "cannot": ("can", "not"), "can't": ("can", "not")}


class Word(NamedTuple):
    """A word of a piece of text: in normal form, where it is, and how it was printed.

    ``hyphen``: a hyphen joins it to the next word. ``joined``: a hyphen, a slash or nothing joins it to the word
    before, as the vertebrae of a level are.
    """

    text: str
    start: int
    end: int
    capitals: bool
    hyphen: bool = False
    joined: bool = False


def place_on_spine(word: str) -> int | None:
    """Where a vertebra such as ``l4`` is, counted from the top; None for another word."""
    return _PLACE.get(word)


def vertebra(place: int) -> str:
    """The vertebra at a place."""
    return _SPINE[place]


def words_of_piece(piece: str) -> tuple[Word, ...]:
    """The words of a piece of text without spaces."""
    return _kept(piece) if len(piece) <= _LONGEST_KEPT else _read(piece)


@lru_cache(maxsize=200_000)
def _kept(piece: str) -> tuple[Word, ...]:
    return _read(piece)


def _read(piece: str) -> tuple[Word, ...]:
    text, places = _plain(piece)
    lower = text.lower()
    if lower in _WHOLE:
        return tuple(Word(word, 0, len(piece), False) for word in _WHOLE[lower])
    words: list[Word] = []
    before = 0
    for match in _WORD.finditer(lower):
        between = lower[before : match.start()]
        joined = set(between) <= set("-/") if between else bool(words)
        if words and between == "-":
            words[-1] = words[-1]._replace(hyphen=True)
        start, end = places[match.start()], places[match.end() - 1] + 1
        printed = text[match.start() : match.end()]
        capitals = printed.removesuffix("s").isupper()
        for word in _normal(match):
            words.append(Word(word, start, end, capitals, joined=joined))
            joined = False
        before = match.end()
    if words and lower[before:] == "-":  # a hyphen at the end of a line
        words[-1] = words[-1]._replace(hyphen=True)
    if not words and lower and set(lower) <= set("-/"):  # "L4 - L5"
        return (Word("", 0, len(piece), False, joined=True),)
    return tuple(words)


def _plain(piece: str) -> tuple[str, list[int]]:
    """The piece without accents, ligatures and signs, and the place in the piece of each character that is left."""
    if piece.isascii():
        return piece, list(range(len(piece)))
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(piece):
        if _DROPPED.match(character):
            continue
        for plain in unicodedata.normalize("NFKD", character.translate(_REPLACED)).translate(_REPLACED):
            if not unicodedata.combining(plain):
                characters += plain
                places.append(place)
    return "".join(characters), places


def _normal(match: "re.Match[str]") -> tuple[str, ...]:
    word = match[0]
    if match["number"]:
        return (_number(word),)
    if match["acronym"]:
        return (word.replace(".", ""),)
    if match["level"] or match["code"]:
        letters, digits = re.split(r"(?<=[a-z])-?(?=\d)", word, maxsplit=1)
        return (letters + (digits.lstrip("0") or "0"),)
    if match["percent"]:
        return ("percent",)
    if match["and"]:
        return ("and",)
    if match["ordinal"]:
        return (word,)
    return _letters(word)


def _number(word: str) -> str:
    """A number without thousands separators and needless zeros: ``1,200``, ``05``, ``.5``, ``7.50``."""
    word = word.replace(",", "")
    whole, _, rest = word.partition(".")
    whole = whole.lstrip("0") or "0"
    if not rest or "." in rest:
        return f"{whole}.{rest}" if rest else whole
    rest = rest.rstrip("0")
    return f"{whole}.{rest}" if rest else whole


def _letters(word: str) -> tuple[str, ...]:
    if word.endswith("n't"):
        return (word[:-3][:LONGEST_WORD], "not")
    word = word.removesuffix("'s").replace("'", "")[:LONGEST_WORD]
    return (_SAME.get(word, word),)
