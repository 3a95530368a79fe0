"""What the trained model sees in a sentence: stems of words, pairs of them, and what stands under a negation.

Training and reading use this one module, so a change here needs new weights (``manage.py train_grounds``).
"""

import re

_TOKEN = re.compile(r"[a-z]+|\d+(?:/\d+)?|[;:]")
_NUMBER = "#"
#: The first that fits is cut off.
_ENDINGS = tuple("ations ation ments ment ness ings ing ies ied ed es s ly al ive ity".split())
_SHORTEST_STEM = 4
#: Words that say no more under a negation.
_SMALL_WORDS = frozenset(
    "the a an of to for in on is are was were be been this that has have had or and by as it with at from his her "
    "their he she they".split()
)
_NEGATIONS = frozenset("no not without never neither nor fail lack absent unclear none cannot".split())
_MOST_REMEMBERED = 60_000


class _Stems(dict[str, str]):
    """Words with their stems, each worked out once."""

    def __missing__(self, word: str) -> str:
        stem = _NUMBER if word[0].isdigit() else _stem(word)
        if len(self) < _MOST_REMEMBERED:
            self[word] = stem
        return stem


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


_stems = _Stems()


def sentence_features(sentence: str) -> set[str]:
    """The features of a sentence by itself.

    ``pain`` is a word, ``pain scor`` two neighbors, ``!pain`` a word of a sentence that denies something, ``!`` such
    a sentence.
    """
    lower = sentence.lower().replace("\u2019", "'").replace("n't", " not")
    words = [_stems[word] for word in _TOKEN.findall(lower)]
    features = set(words)
    features.update(map("{} {}".format, words, words[1:]))
    if not _NEGATIONS.isdisjoint(words):
        features.add("!")
        features.update(["!" + word for word in words if word not in _SMALL_WORDS])
    return features


def is_small(feature: str) -> bool:
    """Whether a feature consists of small words alone, which explain nothing to a person."""
    return _SMALL_WORDS.issuperset(feature.split())


def context_features(voice: str, category: str, subcategory: str) -> tuple[str, str]:
    """Who speaks in the sentence, and what kind of item it is about."""
    return f"={voice}", f"={category}/{subcategory}"
