"""Makes sentences of phrases in pieces, as ``tests/accuracy/ground_grammar.toml`` has them: always the same ones."""

import random
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"<(\w+)>")
_TIMES = 12
_BEFORE, _AFTER, _IN_PAIRS = 0.2, 0.25, 0.2
_MOST_TRIES = 4


class _Lesson(TypedDict, total=False):
    """An entry of a grammar: what its texts state, requests that they can be about, and how many sentences to make."""

    grounds: str
    about: list[str]
    texts: list[str]
    times: int


class Phrase(NamedTuple):
    """A sentence, the grounds that it states, and the request that it is about."""

    grounds: tuple[str, ...]
    request: str
    text: str


def has_choices(text: str) -> bool:
    """Whether other words can stand in some place of the text: ``[no|without] relief``."""
    return bool(_CHOICE.search(text))


def choose(text: str, chooser: random.Random) -> str:
    """The text with one word of each ``[one|another]``."""
    chosen = _CHOICE.sub(lambda match: chooser.choice(match[1].split("|")), text)
    return re.sub(r" +(?=[ ,.;])", "", chosen)


def read_phrases(path: Path) -> list[Phrase]:
    """The sentences that a grammar makes, then some of them joined in pairs.

    Raises ``KeyError`` for a name that it does not explain.
    """
    grammar = tomllib.loads(path.read_text(encoding="utf-8"))
    phrases = list(_single(grammar["words"], grammar["lesson"]))
    return phrases + list(_joined(phrases, grammar["words"]))


def _single(words: Mapping[str, Sequence[str]], lessons: Iterable[_Lesson]) -> Iterator[Phrase]:
    for lesson in lessons:
        grounds = tuple(lesson["grounds"].split())
        for text in lesson["texts"]:
            chooser = random.Random(text)  # noqa: S311 - no secret, and the same sentences each time
            made: set[str] = set()
            for _ in range(lesson.get("times", _TIMES) * _MOST_TRIES):
                if len(made) == lesson.get("times", _TIMES):
                    break
                sentence = _sentence(_framed(text, chooser), words, chooser)
                if sentence not in made:
                    made.add(sentence)
                    yield Phrase(grounds, chooser.choice(lesson["about"]), sentence)


def _framed(text: str, chooser: random.Random) -> str:
    """The text, one time in five after words that say where, and one time in four before words that say for what."""
    before = "<before> " if chooser.random() < _BEFORE and not text.startswith("<guideline>") else ""
    after = " <after>" if chooser.random() < _AFTER else ""
    return f"{before}{text.removesuffix('.')}{after}."


def _joined(phrases: Sequence[Phrase], words: Mapping[str, Sequence[str]]) -> Iterator[Phrase]:
    """Pairs of sentences in one, which states what both do."""
    chooser = random.Random(len(phrases))  # noqa: S311 - as above
    for phrase in chooser.sample(phrases, round(len(phrases) * _IN_PAIRS)):
        other = chooser.choice(phrases)
        first, second = phrase.text.removesuffix("."), other.text
        if not second[:2].isupper():
            second = second[0].lower() + second[1:]
        grounds = tuple(dict.fromkeys(phrase.grounds + other.grounds))
        yield Phrase(grounds, phrase.request, f"{first}{chooser.choice(words['between'])}{second}")


def _sentence(text: str, words: Mapping[str, Sequence[str]], chooser: random.Random) -> str:
    # Words are chosen before names are replaced, so that a name among them is chosen with its word.
    while _NAME.search(text) or _CHOICE.search(text):
        text = choose(text, chooser)
        text = _NAME.sub(lambda match: chooser.choice(words[match[1]]), text)
    text = re.sub(r" +(?=[ ,.;])", "", text).strip()
    return text[0].upper() + text[1:]
