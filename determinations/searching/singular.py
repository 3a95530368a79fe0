"""Singular and plural are one word: "injections" is "injection", "therapies" is "therapy"."""

from functools import lru_cache

#: Longer runs of letters are not words: PostgreSQL refuses lexemes over two kilobytes.
LONGEST_WORD = 60
#: Left out of searches that do not quote them: every letter has them, and they say nothing. "No", "not" and "without"
#: are not among them.
STOP_WORDS = frozenset(
    "a an and are as at be been being but by for from had has have he her his i if in into is it its of on or our she "
    "so such than that the their them then there these they this to was we were which who will with you your".split()
)
_IRREGULAR = {
    "bursae": "bursa", "calories": "calorie", "calves": "calf", "children": "child", "criteria": "criterion",
    "feet": "foot", "halves": "half", "indices": "index", "men": "man", "phalanges": "phalanx", "series": "series",
    "species": "species", "teeth": "tooth", "ties": "tie", "vertebrae": "vertebra", "women": "woman",
    **{
        f"{word}es": f"{word}is"
        for word in (
            "analys", "anastomos", "arthros", "cris", "diagnos", "emphas", "hypothes", "metastas", "neuros", "orthos",
            "prognos", "prosthes", "psychos", "stenos", "synthes", "thes", "thrombos", "urinalys",
        )
    },
    **{f"{word}es": word for word in ("bolus", "bonus", "callus", "sinus", "thrombus", "virus", "gas", "lens")},
}  # fmt: skip


@lru_cache(maxsize=200_000)
def singular(word: str) -> str:
    """The singular of a word in lower case; other words, and words with digits, as they are."""
    word = word[:LONGEST_WORD]
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")) or not word.isalpha():
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "xes", "oches")) or (word.endswith("ches") and not _of_ache(word)):
        return word[:-2]
    return word[:-1]


def _of_ache(word: str) -> bool:
    """``headaches``, but not ``approaches`` or ``beaches``."""
    return word.endswith("aches") and not word.endswith(("oaches", "eaches"))


def shorter_singulars(beginning: str) -> list[str]:
    """The singulars that do not begin as typed, of words that do: ``therapie*`` begins therapies, which is therapy."""
    words = {singular(beginning + ending) for ending in ("", "s", "es")}
    return sorted(word for word in words if not word.startswith(beginning))
