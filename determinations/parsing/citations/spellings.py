"""The one label of a section, however a letter spells it: "Topical Analgesics" and "Topical analgesics" are one.

Letters keep what they print; the label is what is counted, filtered and listed.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from determinations.parsing.citations.printed_names import data, normalized_form

# "(ESIs)", "(PT)", "(EMG)" at the end of a name that says the same in words.
_ABBREVIATION = re.compile(r"(?<=\w)\s*\([A-Z][A-Za-z]{0,2}[A-Z]{1,3}[A-Z]?(?:'?s)?\)\s*$")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\s/(-]+")
_SPACES = re.compile(r"\s+")
_PLURAL = re.compile(r"(?<=[a-z]{2}[^suix])s\b")
# Nearer names than one slip apart are often two names ("Appendix A", "Appendix D"); shorter ones too.
_SHORTEST_FORGIVEN, _SHORTEST_WORD_FORGIVEN = 9, 5


@lru_cache(maxsize=8192)
def section_label(name: str) -> str:
    """The label of a section printed as ``name``: that of a known section, else the name itself in plain case."""
    name = _SPACES.sub(" ", name).strip()
    labels = _labels()
    key = _key(name)
    if known := labels.get(key) or labels.get(_key(_ABBREVIATION.sub("", name))):
        return known
    if len(key) >= _SHORTEST_FORGIVEN and not _DIGIT.search(key):
        words = _words(name)
        near = {other for form in _shortened(key) for other in _nearby().get(form, ())}
        labels_near = {labels[other] for other in near if _one_word_misprinted(words, _words(labels[other]))}
        if len(labels_near) == 1:
            return labels_near.pop()
    return _in_plain_case(name)


def _key(name: str) -> str:
    """What spellings of one name share: no case, no spaces or hyphens, no plurals."""
    return _PLURAL.sub("", normalized_form(name)).replace(" ", "")


@cache
def _labels() -> Mapping[str, str]:
    """Key -> label of every known section; the first name of a key in the data's order is its label."""
    labels: dict[str, str] = {}
    for names in data("spellings")["same"]:
        for name in names:
            labels.setdefault(_key(name), names[0])
            labels.setdefault(_key(_ABBREVIATION.sub("", name)), names[0])
    for entry in data("sections").values():
        for name in entry["names"]:
            bare = _key(_ABBREVIATION.sub("", name))
            label = labels.setdefault(bare, _in_plain_case(name))
            labels.setdefault(_key(name), label)
    return labels


@cache
def _nearby() -> Mapping[str, tuple[str, ...]]:
    nearby = defaultdict(list)
    for key in _labels():
        if len(key) >= _SHORTEST_FORGIVEN and not _DIGIT.search(key):
            for form in _shortened(key):
                nearby[form].append(key)
    return {form: tuple(keys) for form, keys in nearby.items()}


def _shortened(key: str) -> Iterator[str]:
    yield key
    for place in range(len(key)):
        yield key[:place] + key[place + 1 :]


def _words(name: str) -> list[str]:
    return _PLURAL.sub("", normalized_form(name)).split()


def _one_word_misprinted(words: list[str], others: list[str]) -> bool:
    """Whether the names differ in one long word alone, which begins and ends alike."""
    if len(words) != len(others):
        return False
    different = [(word, other) for word, other in zip(words, others, strict=True) if word != other]
    return len(different) == 1 and all(
        min(len(word), len(other)) >= _SHORTEST_WORD_FORGIVEN and word[0] == other[0] and word[-1] == other[-1]
        for word, other in different
    )


def _in_plain_case(name: str) -> str:
    """``Gym Memberships`` as ``Gym memberships``; numbered headings, abbreviations and people's names stay."""
    if name[:1].isdigit():
        return name
    plain = _WORD.sub(lambda word: word.group() if _stays(word.group()) else word.group().lower(), name)
    return plain[:1].upper() + plain[1:]


def _stays(word: str) -> bool:
    bare = word.rstrip(",;.")
    one_letter = len(bare) == 1  # "Appendix D"
    return (
        one_letter
        or bare.endswith(("'s", "’s"))
        or any(character.isupper() or character.isdigit() for character in word[1:])
    )
