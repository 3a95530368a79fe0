"""The rules that recognize grounds, read from ``rules.toml``, ``voices.toml`` and ``words.toml``."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, get_args

from determinations.parsing.grounds.codes import GROUNDS
from determinations.parsing.grounds.matching import PatternIndex, PatternList, Patterns, Written, written
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
        vocabulary = Vocabulary(words, [*named, *(pattern for group in self.voices.values() for pattern in group)])
        self.vocabulary = vocabulary
        known = Patterns(vocabulary)
        self._voice_index = PatternIndex(
            known, [(group, pattern) for group, patterns in self.voices.items() for pattern in patterns]
        )
        self._unless = {rule.id: PatternList(known, rule.unless) for rule in self.rules}
        self._by_id = {rule.id: rule for rule in self.rules}
        sides: tuple[Decision, ...] = ("upheld", "overturned")
        self._all = {side: self._index(known, self._of(side)) for side in sides}
        self._of_guidelines = {
            side: self._index(known, [rule for rule in self._of(side) if rule.voice in ("any", "after")])
            for side in sides
        }
        self.read = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._read_sentence)

    def _of(self, decision: Decision) -> list[Rule]:
        return [rule for rule in self.rules if GROUNDS[rule.code].decision == decision]

    @staticmethod
    def _index(known: Patterns, rules: Iterable[Rule]) -> PatternIndex[str]:
        return PatternIndex(known, [(rule.id, pattern) for rule in rules for pattern in rule.patterns])

    def _read_sentence(self, sentence: str, decision: Decision) -> SentenceReading:
        marked = written(self.vocabulary, sentence)
        voice = self._voice(marked)
        index = (self._of_guidelines if voice == "guideline" else self._all)[decision]
        ids = [id for id in index.keys_in(marked) if not self._unless[id].fits(marked)]
        return SentenceReading(voice, tuple(self._by_id[id] for id in sorted(ids))) if ids else _NO_RULES[voice]

    def _voice(self, sentence: Written) -> Voice:
        groups = self._voice_index.keys_in(sentence)
        return next((voice for group, voice in _VOICES if group in groups), "neutral")


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
