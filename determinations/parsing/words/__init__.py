"""Words divided at a line's end, joined: ``documen-`` / ``tation`` is one word, ``follow-`` / ``up`` keeps its hyphen.

A text reader may print the two halves on two lines or on one, so the line's end tells nothing. A hyphen divides a word
when the joined word is known and its halves are not words of their own.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.spans import Span, make

#: First halves that make a compound with any word, whether or not they are words themselves.
_PREFIXES = frozenset(
    (
        "anti auto bi bio co counter de dis ex extra fore hyper hypo il im in infra inter intra ir macro mal mega "
        "meta micro mid mini mis mono multi neo neuro non off over para peri poly post pre pro pseudo psycho quasi "
        "re retro self semi sub super supra trans tri ultra un under uni up well"
    ).split()
)
_SHORTEST = 2
#: Letters have up to some hundred hyphens; those of a text beyond all measure are not looked at to its end.
_MOST_HYPHENS = 5_000
_SECOND_HALF = re.compile(r"(?: *[\n\f]\s*)?([a-z][^\W\d_]+)")
_SHORTEST_UNKNOWN, _SHORTEST_LISTED = 4, 3


class _Division(NamedTuple):
    """A hyphen between two halves: where each half begins and ends, and the hyphen itself."""

    left: Span
    hyphen: int
    right: Span


def join_divided_words(text: str) -> Arrangement:
    """The text with divided words joined; a line's end that divided one comes after the word."""
    pieces: list[Span] = []
    at = 0
    for division in _divisions(text):
        if not _is_one_word(text, division):
            continue
        gap_start = division.hyphen + 1
        pieces += [Span(at, division.hyphen), division.right, Span(gap_start, division.right.start)]
        at = division.right.end
    if not pieces:
        return Arrangement.whole(text)
    return Arrangement.of(text, [*pieces, Span(at, len(text))])


def _divisions(text: str) -> Iterator[_Division]:
    """Hyphens between two stretches of letters, the second in small ones, on one line or at a line's end."""
    hyphen, left = text.find("-"), _MOST_HYPHENS
    while hyphen > 0 and left:
        left -= 1
        if text[hyphen - 1].isalpha() and (second := _SECOND_HALF.match(text, hyphen + 1)):
            start = hyphen
            while start and text[start - 1].isalpha():
                start -= 1
            begin, end = second.span(1)
            if hyphen - start >= _SHORTEST and not _is_part_of_more(text, start, end):
                yield make(_Division, (make(Span, (start, hyphen)), hyphen, make(Span, (begin, end))))
        hyphen = text.find("-", hyphen + 1)


_JOINERS = frozenset("-/_@0123456789")


def _is_part_of_more(text: str, start: int, end: int) -> bool:
    """Whether the two halves are part of an address, a longer compound or a number."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    dotted = after == "." and text[end + 1 : end + 2].isalnum()
    return before in _JOINERS or before == "." or after in _JOINERS or dotted


def _forms(word: str) -> Iterator[str]:
    """The word, and what it may be derived from: word lists leave out plurals and adverbs."""
    yield word
    if word.endswith("ly"):
        yield word.removesuffix("ly")
    if word.endswith("ies"):
        yield word.removesuffix("ies") + "y"
    if word.endswith("s"):
        yield word.removesuffix("s")


def _is_one_word(text: str, division: _Division) -> bool:
    left, right = text[slice(*division.left)].lower(), text[slice(*division.right)]
    joined = left + right
    known = known_words()
    right_known = len(right) < _SHORTEST_LISTED or not known.isdisjoint(_forms(right))
    is_compound = right_known and (left in known or left in _PREFIXES)
    if joined in known and not is_compound:
        return True
    if text.count(joined[1:]) > 1:  # the letter prints it as one word, and with its hyphen only here
        return text.count(f"-{right}") <= 1 or text.lower().count(f"{left}-{right}") <= 1
    strange = left not in known and left not in _PREFIXES and not right_known
    return strange and min(len(left), len(right)) >= _SHORTEST_UNKNOWN


@cache
def known_words() -> frozenset[str]:
    """English and medical words in small letters, of three letters and more."""
    folder = files(__package__)
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("english.txt", "medical.txt")]
    return frozenset("\n".join(texts).split())


_DATA_OF_PARSER = {
    "categories": ("medicine_names.txt", "drugs.csv", "rules.toml", "categories.toml", "regions.toml"),
    "citations": ("authorities.toml", "sections.toml", "sources.toml", "spellings.toml"),
    "grounds": ("rules.toml", "words.toml"),
}


@cache
def data_words() -> frozenset[str]:
    """The words of the parser's data in small letters: names of guidelines, sections, medicines and treatments."""
    package = files("determinations.parsing")
    texts = (
        package.joinpath(folder, name).read_text(encoding="utf-8")
        for folder, names in _DATA_OF_PARSER.items()
        for name in names
    )
    return frozenset().union(*(re.findall(r"[a-z]{2,}", text.lower()) for text in texts))


@cache
def words_of_letters() -> frozenset[str]:
    """The known words and those of the parser's own data."""
    return known_words() | data_words()
