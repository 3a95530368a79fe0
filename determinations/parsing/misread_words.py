"""Words of a scan that were misread by the shape of their letters: ``paticnt`` for "patient".

A coarse picture makes letters alike. A word that no list knows, and that letters of like shape turn into exactly one
word that a list knows, is read as that word; one that is merely close to known words is doubtful, and so is one in
small letters that nothing resembles. Names stay as they are. Whatever this changes or doubts is marked on the page.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from string import ascii_lowercase
from typing import NamedTuple

from determinations.parsing.scanned import RecognizedRow
from determinations.parsing.words import data_words, words_of_letters

#: What the engine reads, and what may be printed there, in small letters.
_ALIKE: Mapping[str, tuple[str, ...]] = {
    "c": ("e",), "e": ("c",), "g": ("c",), "v": ("c", "y"), "y": ("v",), "o": ("c", "e"), "f": ("t",), "t": ("f", "l"),
    "l": ("t", "i"), "i": ("l",), "u": ("n", "a"), "n": ("u",), "h": ("b",), "b": ("h",),
    "a": ("u",), "r": ("t",), "j": ("l",), "rn": ("m",), "in": ("m",), "m": ("rn",), "cl": ("d",), "li": ("h",),
    "sw": ("str",), "ii": ("u",), "th": ("rh",),
}  # fmt: skip
#: The same for capitals at the start of a word.
_ALIKE_AT_START: Mapping[str, tuple[str, ...]] = {
    "v": ("f",),
    "m": ("fl",),
    "il": ("h",),
    "i": ("l",),
    "l": ("i", "t"),
}
#: The same in abbreviations.
_ALIKE_CAPITALS: Mapping[str, tuple[str, ...]] = {
    "l": ("i", "e"), "k": ("e",), "d": ("i",), "t": ("i",), "v": ("y", "f"), "n": ("d",), "q": ("o",), "r": ("e",),
    "j": ("i",), "p": ("f",), "b": ("e",), "yv": ("v",), "eb": ("e",),
}  # fmt: skip
#: Words that exist, but not in letters of this kind: what is printed there looks like them.
_OUT_OF_PLACE: Mapping[str, str] = {
    "tor": "for", "lo": "to", "ot": "of", "ol": "of", "oft": "off", "singe": "since", "regent": "recent",
    "regently": "recently", "docs": "does", "clement": "element", "clements": "elements", "infernal": "internal",
    "limes": "times", "lime": "time", "tittle": "little", "tong": "long", "slates": "states", "slated": "stated",
    "staled": "stated", "stales": "states", "tact": "fact", "tailed": "failed", "taint": "faint", "gases": "cases",
    "relics": "relies", "reties": "relies", "retied": "relied", "academies": "academics",
    "gall": "call", "gore": "core", "sate": "safe", "gan": "can", "tar": "far",
}  # fmt: skip
_LITTLE_WORDS = frozenset("a an and as at by for he in is it of on or the to was with".split())
_PARTS = re.compile(r"(?<![A-Za-z\d])[A-Za-z]+(?:['\u2019]s)?(?![A-Za-z\d])")
_SHORTEST, _SHORTEST_OF_TWO, _SHORTEST_OF_THREE = 3, 5, 9
_SHORTEST_ABBREVIATION = 4
#: Words with one letter exchanged are compared with those with two; more are tried only if there are none.
_ROUNDS_TO_COMPARE = 2
#: A word that a letter prints so often is a word of the letter.
_OFTEN = 3
_SHORTEST_CLOSE = 4
#: Of a page, so many unknown words are looked at; a page with more is no letter, and the others are doubtful.
_MOST_LOOKED_AT = 80
_LONGEST = 22
#: Capitals that a small ``l`` is read as.
_TALL_LIKE_L = "IJ"
#: ``1.5-S1``, ``LS-S1``, ``[.5-$1``; ``L4-LS``, ``L4-1.5``.
_LAST_LEVEL = re.compile(r"(\W*)(?!\d+-\d)(?:[1lI\[]\.?|L)[5S]-[S5$][1lI](?!\d)(.*)")
_APOSTROPHES = re.compile(r"(?<=[A-Z])['\u2018\u2019](?=[A-Z])(?!S\b)")
_LEVEL = re.compile(r"(?<![A-Za-z\d])[CTLS]\d{1,2}(?!\d)")
_LUMBOSACRAL = re.compile(r"(\W*)LS(\W*)")
_AFTER_LUMBOSACRAL = frozenset(
    "spine region strain sprain strain/sprain sprain/strain brace support orthosis area".split()
)
_LEVEL_OR_NUMBER = re.compile(r"[(\"]?[1lI]\.[1-5](?:[-/][1-5S]\d?)?[.,;:)]*")
#: ``LO``, ``IO/IO``: a ten.
_TEN = re.compile(r"\W*(?:[LI][O0]|l[O0])(?:[/-][LIl\d][O0\d])?\W*")
_FIFTH_LEVEL = re.compile(r"(.*\bL[34][-/])(?:[1lI\[]\.5|LS)(?![A-Za-z\d])(.*)")

#: Words that no list has, in small letters.
_USUAL = frozenset(
    (
        "imr maximus doi md dpm psy acoem mtus odg alabama alaska arizona arkansas california carolina colorado "
        "connecticut dakota delaware florida georgia hampshire hawaii idaho illinois indiana iowa kansas kentucky "
        "louisiana maine maryland massachusetts mexico michigan minnesota mississippi missouri montana nebraska "
        "nevada ohio oklahoma oregon pennsylvania rhode tennessee texas utah vermont virginia washington wisconsin "
        "wyoming york"
    ).split()
)


class Misreading(NamedTuple):
    """Word ``at`` of a row and what it is to be read as; None if it is only doubtful."""

    row: int
    at: int
    word: str | None


def misreadings(rows: Sequence[RecognizedRow], of_letter: Mapping[str, int]) -> Iterator[Misreading]:
    """The words of one page that were misread, or may have been. ``of_letter``: how often each word is in the file."""
    left = _MOST_LOOKED_AT
    for number, row in enumerate(rows):
        for at, word in enumerate(row.words):
            strange = sum(not _is_known(part.lower()) for part in _PARTS.findall(word))
            left -= strange
            following = row.words[at + 1] if at + 1 < len(row.words) else ""
            if (level := _fifth_level(word, following, of_letter)) != word:
                reading: str | None = level
            else:
                reading = None if strange and left < 0 else _reading(word, of_letter)
            if reading != word:
                yield Misreading(number, at, reading)


def word_counts(rows: Sequence[RecognizedRow]) -> Counter[str]:
    """How often each word is in these rows, in small letters."""
    text = " ".join(word for row in rows for word in row.words)
    return Counter(part.lower() for pattern in (_PARTS, _LEVEL) for part in pattern.findall(text))


def _fifth_level(word: str, following: str, of_letter: Mapping[str, int]) -> str:
    """``LS`` as "L5" where the letter names other levels of the spine and the word does not mean all of them."""
    match = _LUMBOSACRAL.fullmatch(word)
    if match is None or following.lower().strip(".,;:") in _AFTER_LUMBOSACRAL:
        return word
    names_levels = any(of_letter.get(level) for level in ("l3", "l4", "l5", "s1"))
    return f"{match[1]}L5{match[2]}" if names_levels else word


def _reading(word: str, of_letter: Mapping[str, int]) -> str | None:
    """What the word is to be read as, itself if nothing is wrong with it; None if it is doubtful."""
    for pattern, level in ((_LAST_LEVEL, "L5-S1"), (_FIFTH_LEVEL, "L5")):
        if match := pattern.fullmatch(word):
            return match[1] + level + match[2]
    if _LEVEL_OR_NUMBER.fullmatch(word) or _TEN.fullmatch(word):
        return None
    whole = _APOSTROPHES.sub("", word)
    if whole != word and whole.isupper() and all(_is_known(part.lower()) for part in _PARTS.findall(whole)):
        return whole
    read, end, doubtful = "", 0, False
    for part in _PARTS.finditer(word):
        right = _right_word(part[0], of_letter)
        doubtful |= right is None
        read += word[end : part.start()] + (right or part[0])
        end = part.end()
    return None if doubtful else read + word[end:]


def _right_word(printed: str, of_letter: Mapping[str, int]) -> str | None:
    """The same for a word without punctuation."""
    word = printed.lower()
    if printed.isupper() and len(word) > 1 and _has_rival(word, of_letter):
        return None
    if printed.islower() and word in _OUT_OF_PLACE:
        return _OUT_OF_PLACE[word]
    if not _SHORTEST <= len(word) <= _LONGEST or _is_known(word) or not (printed[1:].islower() or printed.isupper()):
        return printed
    if printed.isupper():
        return _abbreviation(printed)
    candidates = _like_shaped(word, of_letter, starts_high=printed[0].isupper())
    if len(candidates) != 1:
        is_strange = printed.islower() and len(word) >= _SHORTEST_CLOSE and of_letter.get(word, 0) < _OFTEN
        is_doubtful = is_strange or bool(candidates) or _is_close(word, of_letter) or _is_two_words(word)
        return None if is_doubtful else printed
    (right,) = candidates
    if printed.islower():
        return right
    if not of_letter.get(right) and right not in data_words():  # it may be a name
        return None
    return right if right[0] == "l" and printed[0] in _TALL_LIKE_L else right.capitalize()


def _abbreviation(printed: str) -> str | None:
    candidates = {right for right in _exchanged(printed.lower(), _ALIKE_CAPITALS) if _is_known(right)}
    if len(candidates) == 1 and len(printed) >= _SHORTEST_ABBREVIATION:
        return candidates.pop().upper()
    return None if candidates else printed


def _has_rival(word: str, of_letter: Mapping[str, int]) -> bool:
    """Whether the letter prints another abbreviation that looks like this one, and no less often."""
    times = max(1, of_letter.get(word, 0))
    return any(of_letter.get(other, 0) >= times for other in _exchanged(word, _ALIKE_CAPITALS))


def _like_shaped(word: str, of_letter: Mapping[str, int], *, starts_high: bool) -> set[str]:
    """Known words with the fewest letters of like shape exchanged; those of the letter or of guidelines come first."""
    most = 1 + (len(word) >= _SHORTEST_OF_TWO) + (len(word) >= _SHORTEST_OF_THREE)
    readings, fewest = {word}, set[str]()
    for number in range(most):
        if number == _ROUNDS_TO_COMPARE and fewest:
            break
        readings = set(chain.from_iterable(_exchanged(reading, _ALIKE) for reading in readings))
        if number == 0 and starts_high:
            readings |= {
                new + word[len(old) :] for old, news in _ALIKE_AT_START.items() if word.startswith(old) for new in news
            }
        known = {reading for reading in readings if _is_known(reading)}
        if expected := {reading for reading in known if of_letter.get(reading) or reading in data_words()}:
            most_times = max(of_letter.get(reading, 0) for reading in expected)
            return {reading for reading in expected if of_letter.get(reading, 0) == most_times}
        fewest = fewest or known
    return fewest


def _exchanged(word: str, alike: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for at in range(len(word)):
        for old in (word[at], word[at : at + 2]):
            for new in alike.get(old, ()):
                yield word[:at] + new + word[at + len(old) :]


def _is_close(word: str, of_letter: Mapping[str, int]) -> bool:
    """Whether one letter makes the unknown word a known one, and the letter does not print it often."""
    if len(word) < _SHORTEST_CLOSE or of_letter.get(word, 0) >= _OFTEN:
        return False
    known = words_of_letters()
    return any(len(other) >= _SHORTEST_CLOSE and other in known for other in _one_letter_apart(word))


def _is_two_words(word: str) -> bool:
    """Whether the space between two words, one of them a little one, was not seen."""
    return any(
        (word[:at] in _LITTLE_WORDS and _is_known(word[at:])) or (word[at:] in _LITTLE_WORDS and _is_known(word[:at]))
        for at in range(1, len(word))
    )


def _one_letter_apart(word: str) -> Iterator[str]:
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        yield before + after[1:]
        for letter in ascii_lowercase:
            yield before + letter + after
            yield before + letter + after[1:]


def _is_known(word: str) -> bool:
    known = words_of_letters()
    if word in known or word in _USUAL:
        return True
    return any(
        word.endswith(ending) and word[: -len(ending)] in known for ending in ("s", "'s", "\u2019s", "ly", "ed")
    )
