"""The rules that recognize grounds, read from ``rules.toml``, ``voices.toml`` and ``words.toml``."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from determinations.parsing.grounds.matching import PatternTable, Written
from determinations.parsing.grounds.patterns import Vocabulary

_DATA = files(__package__)
#: Changed by hand when code alone changes what is recognized.
_CODE = "3"

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
#: A sentence is written for its voice, its rules and what they exclude, one soon after the other.
_WRITTEN_SENTENCES = 64


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


class _RulesOfGround:
    """Some rules of one ground: one table of their patterns, one of what they exclude."""

    def __init__(self, vocabulary: Vocabulary, rules: Iterable[Rule]) -> None:
        self._rules = sorted(rules, key=lambda rule: rule.id)
        self._table = PatternTable(vocabulary, [rule.patterns for rule in self._rules])
        self._unless = PatternTable(vocabulary, [rule.unless for rule in self._rules])

    def fitting(self, sentence: Written) -> tuple[Rule, ...]:
        """The rules that the sentence fits, in the order of their names."""
        possible = self._table.possible(sentence)
        numbers = self._table.groups_of(possible, sentence) if possible else ()
        if not numbers:
            return ()
        unless = self._unless
        excluded = unless.possible(sentence)
        return tuple(
            [
                self._rules[number]
                for number in numbers
                if unless.first_group(excluded & unless.groups[number], sentence) is None
            ]
        )


class RuleBook:
    """All rules, ready to be applied to sentences."""

    def __init__(self) -> None:
        words = _read("words.toml")["classes"]
        self.voices: Mapping[str, list[str]] = _read("voices.toml")
        self.rules = tuple(_rule(entry) for entry in _read("rules.toml")["rule"])
        named = [pattern for rule in self.rules for pattern in (*rule.patterns, *rule.unless)]
        self.vocabulary = Vocabulary(words, [*named, *(name for group in self.voices.values() for name in group)])
        self._table_of_voices = PatternTable(self.vocabulary, [self.voices[group] for group, _voice in _VOICES])
        self._rules_of = cache(self._rules_of_ground)
        self.plain_rules = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._plain_rules)
        self.weak_rules = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._weak_rules)
        self.voice = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._voice)
        self._written = lru_cache(maxsize=_WRITTEN_SENTENCES)(self._write)

    def _plain_rules(self, sentence: str, code: str) -> tuple[Rule, ...]:
        """The rules of a ground that the sentence fits by itself, but for weak ones."""
        return self._rules_of(code, False).fitting(self._written(sentence))

    def _weak_rules(self, sentence: str, code: str) -> tuple[Rule, ...]:
        """The weak rules of a ground that the sentence fits by itself."""
        return self._rules_of(code, True).fitting(self._written(sentence))

    def _rules_of_ground(self, code: str, is_weak: bool) -> _RulesOfGround:
        return _RulesOfGround(self.vocabulary, [r for r in self.rules if r.code == code and r.weak == is_weak])

    def _voice(self, sentence: str) -> Voice:
        """Who speaks in the sentence."""
        written = self._written(sentence)
        table = self._table_of_voices
        group = table.first_group(table.possible(written), written)
        return "neutral" if group is None else _VOICES[group][1]

    def _write(self, sentence: str) -> Written:
        return Written(self.vocabulary.write(sentence))


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
