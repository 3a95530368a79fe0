"""The rules that recognize grounds, read from ``rules.toml``, ``voices.toml`` and ``words.toml``."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, get_args

from determinations.parsing.grounds.codes import GROUNDS
from determinations.parsing.grounds.matching import PatternTable, Written
from determinations.parsing.grounds.patterns import Vocabulary
from determinations.parsing.results import Decision

_DATA = files(__package__)
#: Changed by hand when code alone changes what is recognized.
_CODE = "2"

#: Who speaks in a sentence: the reviewer about this patient and request, a guideline, or whoever spoke before.
Voice = Literal["applied", "guideline", "neutral"]
#: The groups of ``voices.toml`` and the voice that each stands for; the first group that fits decides.
_VOICES: tuple[tuple[str, Voice], ...] = (
    ("science", "guideline"),
    ("record", "applied"),
    ("condition", "guideline"),
    ("patient", "applied"),
    ("guideline", "guideline"),
)
_REMEMBERED_SENTENCES = 16_384


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of ``rules.toml``: what a sentence must contain to state the ground ``code``."""

    id: str
    code: str
    patterns: tuple[str, ...]
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    only_in: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    not_for: tuple[str, ...] = ()
    voice: Literal["applied", "reviewer", "any", "after"] = "applied"
    about_request: bool = False
    alone: bool = False
    weak: bool = False


class SentenceReading(NamedTuple):
    """What a sentence says by itself: who speaks, and the rules it fits."""

    voice: Voice
    rules: tuple[Rule, ...]


#: Most sentences fit no rule: their readings are the same few objects.
_NO_RULES: Mapping[Voice, SentenceReading] = {voice: SentenceReading(voice, ()) for voice in get_args(Voice)}


class RuleBook:
    """All rules, ready to be applied to sentences."""

    def __init__(self) -> None:
        words = _read("words.toml")["classes"]
        self.voices: Mapping[str, list[str]] = _read("voices.toml")
        self.rules = tuple(_rule(entry) for entry in _read("rules.toml")["rule"])
        named = [pattern for rule in self.rules for pattern in (*rule.patterns, *rule.unless)]
        self.vocabulary = Vocabulary(words, [*named, *(name for group in self.voices.values() for name in group)])
        self._sides = {side: _Side(self, side) for side in get_args(Decision)}
        self.read = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._read_sentence)

    def _read_sentence(self, sentence: str, decision: Decision) -> SentenceReading:
        return self._sides[decision].read(sentence)


class _Side:
    """The rules of one decision: one table of the patterns of voices and rules, one of what rules exclude."""

    def __init__(self, book: RuleBook, decision: Decision) -> None:
        self._vocabulary = book.vocabulary
        of_side = (rule for rule in book.rules if GROUNDS[rule.code].decision == decision)
        self._rules = sorted(of_side, key=lambda rule: rule.id)
        voices = [book.voices[group] for group, _voice in _VOICES]
        self._table = PatternTable(book.vocabulary, [*voices, *(rule.patterns for rule in self._rules)])
        self._unless = PatternTable(book.vocabulary, [rule.unless for rule in self._rules])
        of_rules = self._table.groups[len(_VOICES) :]
        self._of_voices, self._of_rules = sum(self._table.groups[: len(_VOICES)]), sum(of_rules)
        self._of_guidelines = sum(
            bits for bits, rule in zip(of_rules, self._rules, strict=True) if rule.voice in ("any", "after")
        )

    def read(self, text: str) -> SentenceReading:
        table = self._table
        possible = table.possible(text)
        if not possible:
            return _NO_RULES["neutral"]
        sentence = Written(self._vocabulary.write(text))
        first = table.first_group(possible & self._of_voices, sentence)
        voice = "neutral" if first is None else _VOICES[first][1]
        counting = possible & (self._of_guidelines if voice == "guideline" else self._of_rules)
        if not counting:
            return _NO_RULES[voice]
        numbers = [group - len(_VOICES) for group in table.groups_of(counting, sentence)]
        rules = self._without_excluded(numbers, text, sentence) if numbers else ()
        return SentenceReading(voice, rules) if rules else _NO_RULES[voice]

    def _without_excluded(self, numbers: Sequence[int], text: str, sentence: Written) -> tuple[Rule, ...]:
        unless = self._unless
        possible = unless.possible(text)
        return tuple(
            [
                self._rules[number]
                for number in numbers
                if unless.first_group(possible & unless.groups[number], sentence) is None
            ]
        )


@cache
def rule_book() -> RuleBook:
    """The rules, built when the first rationale is read: a process that reads no letter does not wait a second."""
    return RuleBook()


@cache
def version() -> int:
    """A number that changes with the rules and the model's weights; fits a small integer, and is never 0."""
    data = [(_DATA / name).read_bytes() for name in ("rules.toml", "voices.toml", "words.toml", "model.txt")]
    return int.from_bytes(hashlib.blake2b(b"".join([_CODE.encode(), *data]), digest_size=2).digest()) % 32_000 + 1


def _rule(entry: dict[str, Any]) -> Rule:
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in entry.items()}
    return Rule(**values)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / name).read_text(encoding="utf-8"))
