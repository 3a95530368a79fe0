"""What the trained model sees in a sentence: stems of words, their beginnings, pairs, and what stands near a negation.

Training and reading use this one module, so a change here needs new weights (``manage.py train_grounds``).
"""

import re
from collections.abc import Iterator, Sequence

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
#: How many words after a negation, and how many before it, it is about.
AFTER, BEFORE = 13, 6


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
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


def is_negation(stem: str) -> bool:
    return stem in _NEGATIONS


def own_features(stem: str) -> tuple[str, ...]:
    """What a word says by itself: its stem, and the beginning of a long one (``radic-``)."""
    return (stem, f"{stem[:_BEGINNING]}-") if len(stem) > _BEGINNING else (stem,)


def after_negation(stem: str) -> str | None:
    """The feature of a word that a negation precedes; None where it says no more."""
    return None if stem in _SMALL_WORDS else f"!{stem}"


def before_negation(stem: str) -> str | None:
    """The feature of a word that a negation follows; None where it says no more."""
    return None if stem in _SMALL_WORDS else f"{stem}!"


def near_negations(stems: Sequence[str]) -> tuple[set[str], set[str]]:
    """The stems up to ``AFTER`` words after a negation, and those up to ``BEFORE`` words before one."""
    after: set[str] = set()
    before: set[str] = set()
    for place, stem in enumerate(stems):
        if stem in _NEGATIONS:
            after.update(stems[place + 1 : place + 1 + AFTER])
            before.update(stems[max(0, place - BEFORE) : place])
    return after, before


#: The feature of a sentence that denies something.
DENIAL = "!"


def sentence_features(sentence: str) -> Iterator[str]:
    """The features of a sentence by itself: each different word once, each pair of neighbors each time.

    ``pain`` is a word, ``relie-`` how one begins, ``pain scor`` two neighbors, ``!pain`` a word after a negation,
    ``pain!`` one before it, ``!`` a negation.
    """
    stems = [stem_of(word) for word in words_of(sentence)]
    different = dict.fromkeys(stems)
    for stem in different:
        yield from own_features(stem)
    yield from map("{} {}".format, stems, stems[1:])
    if not _NEGATIONS.isdisjoint(different):
        yield DENIAL
        after, before = near_negations(stems)
        yield from filter(None, map(after_negation, sorted(after)))
        yield from filter(None, map(before_negation, sorted(before)))


def is_small(feature: str) -> bool:
    """Whether a feature consists of small words alone, which explain nothing to a person."""
    return _SMALL_WORDS.issuperset(feature.split())


def context_features(category: str, subcategory: str) -> tuple[str, str]:
    """What kind of item a sentence is about."""
    return f"={category}", f"={category}/{subcategory}"
