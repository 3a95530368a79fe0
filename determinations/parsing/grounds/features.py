"""What the trained model sees in a sentence: stems of words, their beginnings, and their side of a negation.

Training and reading use this one module, so a change here needs new weights (``manage.py train_grounds``).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from determinations.parsing.grounds.tokens import tokens_of

_TOKEN = re.compile(r"[a-z]+|\d+(?:/\d+)?|[;:]")
_NUMBER = "#"
#: The first that fits is cut off.
_ENDINGS = tuple("ations ation ments ment ness ings ing ies ied ed es s ly al ive ity".split())
_SHORTEST_STEM = 4
#: Longer stems also count by their beginning, so that words of one family help each other.
_BEGINNING = 5
#: Words that say no more under a negation.
_SMALL_WORDS = frozenset(
    "the a an of to for in on is are was were be been this that has have had or and by as it with at from his her "
    "their he she they".split()
)
_NEGATIONS = frozenset(
    "no not without never neither nor none nothing nowhere cannot fail lack lacked absent absence unclear unknown "
    "uncertain unspecified insufficient inadequate silent miss missing omit scant hardly yet unless".split()
)


def words_of(sentence: str) -> list[str]:
    """The words of a sentence in lower case, numbers, and the signs that divide it."""
    lower = sentence.lower()
    if "n't" in lower or "n\u2019t" in lower:
        lower = lower.replace("\u2019", "'").replace("n't", " not")
    return _TOKEN.findall(lower)


def stem_of(word: str) -> str:
    """The word without its ending; ``#`` for every number."""
    if word[0].isdigit():
        return _NUMBER
    if not word.endswith(_ENDINGS):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


def _own_features(stem: str) -> tuple[str, ...]:
    """What a word says by itself: its stem, and the beginning of a long one (``radic-``)."""
    return (stem, f"{stem[:_BEGINNING]}-") if len(stem) > _BEGINNING else (stem,)


#: The feature of a sentence that denies something.
DENIAL = "!"


class TokenFeatures(NamedTuple):
    """The features of the words in a token: in any place, after and before the first negation."""

    denies: bool
    own: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]


@lru_cache(maxsize=1024)
def token_features(token: str) -> TokenFeatures:
    """What a token says: remembered for the places in which its features are asked for at once."""
    stems = [stem_of(word) for word in words_of(token)]
    telling = [stem for stem in stems if stem not in _SMALL_WORDS]
    return TokenFeatures(
        denies=not _NEGATIONS.isdisjoint(stems),
        own=tuple(feature for stem in stems for feature in _own_features(stem)),
        after=tuple(f"!{stem}" for stem in telling),
        before=tuple(f"{stem}!" for stem in telling),
    )


def sentence_features(sentence: str) -> Iterator[str]:
    """The features of a sentence by itself, of each different token once.

    ``pain`` is a word, ``relie-`` how one begins, ``!`` a negation, ``!pain`` a word in a token after the first
    negation, ``pain!`` one in a token before it.
    """
    tokens = tokens_of(sentence)
    for token in dict.fromkeys(tokens):
        yield from token_features(token).own
    first = next((place for place, token in enumerate(tokens) if token_features(token).denies), None)
    if first is not None:
        yield DENIAL
        for token in dict.fromkeys(tokens[:first]):
            yield from token_features(token).before
        for token in dict.fromkeys(tokens[first + 1 :]):
            yield from token_features(token).after


def is_small(feature: str) -> bool:
    """Whether a feature consists of small words alone, which explain nothing to a person."""
    return _SMALL_WORDS.issuperset(feature.split())


def context_features(category: str, subcategory: str) -> tuple[str, str]:
    """What kind of item a sentence is about."""
    return f"={category}", f"={category}/{subcategory}"
