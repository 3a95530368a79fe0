"""Reads the grounds of a decision from its rationale: which sentences state a reason, and what kind of reason."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import NamedTuple

from determinations.parsing.categories.rules import DRUGS
from determinations.parsing.grounds.likely import Statement, completed, likely_grounds
from determinations.parsing.grounds.rules import Rule, Voice, rule_book
from determinations.parsing.grounds.sentences import Sentence, split_sentences
from determinations.parsing.results import Decision, Ground
from determinations.parsing.spans import Folded

#: Rationales have up to some thousands of characters. Of a text beyond all measure both ends are read.
_LONGEST_END = 30_000
_REQUEST_WORD = re.compile(r"[a-z]{3,}")
#: Words of requests that say nothing about what is requested.
_EMPTY_WORDS = frozenset(
    "the and for per via with without times day days tab tabs week weeks visits left right "
    "treatment therapy request original".split()
)


class Subject(NamedTuple):
    """The item that a rationale is about."""

    disputed: str
    category: str
    subcategory: str
    decision: Decision


class _Item:
    """What the rules ask about an item."""

    def __init__(self, subject: Subject) -> None:
        self.names = {subject.category, f"{subject.category}/{subject.subcategory}"}
        self.requested = subject.disputed.lower()
        self._subcategory = subject.subcategory.lower()

    @cached_property
    def words(self) -> list[str]:
        """Words by which a sentence names what is requested."""
        words = _REQUEST_WORD.findall(f"{self.requested} {self._subcategory}")
        named = [word.removesuffix("s") for word in words if word not in _EMPTY_WORDS]
        return [*named, *(name for word in words for name in _drug_names().get(word, ()))]


@cache
def _drug_names() -> Mapping[str, tuple[str, ...]]:
    """The names of one word that a drug has, by each of them: a sentence may use the generic name of a brand."""
    names: dict[str, list[str]] = {}
    for drug in DRUGS.values():
        if drug.generic and drug.name.isalpha():
            names.setdefault(drug.generic, []).append(drug.name)
    return {name: tuple(group) for group in names.values() for name in group}


def read_grounds(rationale: Folded, subject: Subject) -> tuple[Ground, ...]:
    """The grounds that the rationale gives, in the order of their sentences; each with its first plain sentence.

    Only grounds of the item's own decision count. What the rules find is completed by what the trained model is sure
    of (``likely.py``). Empty when there is none.
    """
    sentences = _sentences(rationale.text)
    likely = likely_grounds(sentences, (subject.category, subject.subcategory), subject.decision)
    return tuple(
        [
            Ground(code, told_by, rationale.span(sentence.start, sentence.end))
            for code, told_by, sentence in completed(_by_rules(sentences, subject), likely)
        ]
    )


def grounds_by_rules(text: str, subject: Subject) -> tuple[Statement, ...]:
    """What the rules alone find in a text on one line, in the order of its sentences."""
    return tuple(_by_rules(_sentences(text), subject).values())


def _by_rules(sentences: Iterable[Sentence], subject: Subject) -> Mapping[str, Statement]:
    """The first statement of each ground. Where no rule is sure, weaker signs count."""
    plain: dict[str, Statement] = {}
    weak: dict[str, Statement] = {}
    for rule, sentence in _rules_that_count(sentences, subject):
        (weak if rule.weak else plain).setdefault(rule.code, Statement(rule.code, rule.id, sentence))
    return plain or weak


def _rules_that_count(sentences: Iterable[Sentence], subject: Subject) -> Iterator[tuple[Rule, Sentence]]:
    item = _Item(subject)
    speaker: Voice = "guideline"
    is_applied = False
    book = rule_book()
    for sentence in sentences:
        reading = book.read(sentence.text, subject.decision)
        if reading.voice != "neutral":
            speaker = reading.voice
        is_applied = is_applied or speaker == "applied"
        voice = "applied" if speaker == "applied" else reading.voice
        if not reading.rules:
            continue
        rules = [rule for rule in reading.rules if _counts(rule, sentence.text, item, voice, is_applied)]
        if len(rules) > 1 and any(not (rule.alone or rule.weak) for rule in rules):
            rules = [rule for rule in rules if not rule.alone]
        for rule in rules:
            yield rule, sentence


def _sentences(text: str) -> list[Sentence]:
    if len(text) <= 2 * _LONGEST_END:
        return split_sentences(text)
    cut = len(text) - _LONGEST_END
    ending = split_sentences(text[cut:])
    return split_sentences(text[:_LONGEST_END]) + [Sentence(s.text, s.start + cut, s.end + cut) for s in ending]


def _counts(rule: Rule, sentence: str, item: _Item, voice: Voice, is_applied: bool) -> bool:
    """Whether a rule that the sentence fits counts for this item and in this voice."""
    if voice == "guideline" and rule.voice != "any" and not (rule.voice == "after" and is_applied):
        return False
    if voice == "neutral" and rule.voice == "reviewer":
        return False
    if (rule.only_in and item.names.isdisjoint(rule.only_in)) or not item.names.isdisjoint(rule.not_in):
        return False
    if rule.not_for and any(word in item.requested for word in rule.not_for):
        return False
    if not rule.about_request:
        return True
    lower = sentence.lower()
    return any(word in lower for word in item.words)
