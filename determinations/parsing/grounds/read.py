"""Reads the grounds of a decision from its rationale: which sentences state a reason, and what kind of reason."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from determinations.parsing.categories.rules import DRUGS
from determinations.parsing.grounds.likely import Statement, completed, likely_grounds
from determinations.parsing.grounds.model import LEARNED, OF_DECISION, ground_model
from determinations.parsing.grounds.rules import Rule, Voice, rule_book
from determinations.parsing.grounds.sentences import Sentence, split_sentences
from determinations.parsing.results import Decision, Ground
from determinations.parsing.spans import Folded, make

#: Rationales have up to some thousands of characters. Of a text beyond all measure both ends are read.
_LONGEST_END = 30_000
_REQUEST_WORD = re.compile(r"[a-z]{3,}")
#: Words of requests that say nothing about what is requested.
_EMPTY_WORDS = frozenset(
    "the and for per via with without times day days tab tabs week weeks visits left right "
    "treatment therapy request original".split()
)


#: The grounds of each decision, by their places in the model's scores.
_CODES: Mapping[Decision, Sequence[str]] = {
    decision: [LEARNED[place] for place in places] for decision, places in OF_DECISION.items()
}
#: Gives the rules of a ground that a sentence fits.
RulesThatFit = Callable[[str, str], Sequence[Rule]]


class Subject(NamedTuple):
    """The item that a rationale is about."""

    disputed: str
    category: str
    subcategory: str
    decision: Decision


class _Item:
    """What the rules ask about an item."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    @cached_property
    def names(self) -> frozenset[str]:
        """The item's category, by itself and with its subcategory."""
        return frozenset([self._subject.category, f"{self._subject.category}/{self._subject.subcategory}"])

    @cached_property
    def requested(self) -> str:
        """What is requested, in lower case."""
        return self._subject.disputed.lower()

    @cached_property
    def words(self) -> list[str]:
        """Words by which a sentence names what is requested."""
        words = _REQUEST_WORD.findall(f"{self.requested} {self._subject.subcategory.lower()}")
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
    scorer = ground_model().scorer((subject.category, subject.subcategory), subject.decision)
    scores = [scorer.scores(sentence.text) for sentence in sentences]
    likely = likely_grounds(sentences, scores, subject.decision)
    codes = _CODES[subject.decision]
    possible = [[codes[place] for place, _score in of_sentence] for of_sentence in scores]
    by_rules = Rationale(sentences, subject, possible)
    statements = completed(by_rules.statements(), likely) or grounds_by_rules(rationale.text, subject)
    return tuple(
        [Ground(code, told_by, rationale.span(place.start, place.end)) for code, told_by, place in statements]
    )


def grounds_by_rules(text: str, subject: Subject) -> Sequence[Statement]:
    """What the rules alone find in a text on one line, in the order of its sentences."""
    sentences = _sentences(text)
    codes = [_CODES[subject.decision]] * len(sentences)
    return tuple(Rationale(sentences, subject, codes).statements().values())


class Rationale:
    """The sentences of a rationale, and what the rules find in them. ``codes``: what each sentence may state."""

    def __init__(self, sentences: Sequence[Sentence], subject: Subject, codes: Sequence[Sequence[str]]) -> None:
        self._sentences, self._codes = sentences, codes
        self._item = _Item(subject)
        self._book = rule_book()

    def statements(self) -> Mapping[str, Statement]:
        """The first statement of each ground. Where no rule is sure, weaker signs count."""
        return self._first_statements(self._book.plain_rules) or self._first_statements(self._book.weak_rules)

    def _first_statements(self, rules_of: RulesThatFit) -> Mapping[str, Statement]:
        first: dict[str, Statement] = {}
        for place, codes in enumerate(self._codes):
            for code in codes:
                if code in first:
                    continue
                rules = rules_of(self._sentences[place].text, code)
                rule = self._first_that_counts(rules, place) if rules else None
                if rule:
                    first[code] = make(Statement, (code, rule.id, self._sentences[place]))
        return first

    def _first_that_counts(self, rules: Iterable[Rule], place: int) -> Rule | None:
        counting = [rule for rule in rules if self._counts(rule, place)]
        if any([rule.alone for rule in counting]) and self._says_more(place):
            counting = [rule for rule in counting if not rule.alone]
        return counting[0] if counting else None

    def _says_more(self, place: int) -> bool:
        """Whether a rule counts in the sentence that is not for a sentence which fits it alone."""
        text = self._sentences[place].text
        fitting = (rule for code in self._codes[place] for rule in self._book.plain_rules(text, code))
        return any(not rule.alone and self._counts(rule, place) for rule in fitting)

    def _counts(self, rule: Rule, place: int) -> bool:
        """Whether a rule that the sentence fits counts for this item and in the voice of the sentence."""
        return self._is_for_item(rule, place) and self._is_for_voice(rule, place)

    def _is_for_item(self, rule: Rule, place: int) -> bool:
        item = self._item
        if (rule.only_in and item.names.isdisjoint(rule.only_in)) or not item.names.isdisjoint(rule.not_in):
            return False
        if rule.not_for and any(word in item.requested for word in rule.not_for):
            return False
        if not rule.about_request:
            return True
        lower = self._sentences[place].text.lower()
        return any(word in lower for word in item.words)

    def _is_for_voice(self, rule: Rule, place: int) -> bool:
        if rule.voice == "any":
            return True
        own = self._voice(place)
        if own == "guideline":
            return rule.voice == "after" and any(self._voice(earlier) == "applied" for earlier in range(place))
        if own == "applied" or rule.voice != "reviewer":
            return True
        return self._voice_before(place) == "applied"

    def _voice(self, place: int) -> Voice:
        return self._book.voice(self._sentences[place].text)

    def _voice_before(self, place: int) -> Voice:
        """Who spoke last before the sentence: a rationale begins with guidelines."""
        voices = (self._voice(earlier) for earlier in range(place - 1, -1, -1))
        return next((voice for voice in voices if voice != "neutral"), "guideline")


def _sentences(text: str) -> list[Sentence]:
    if len(text) <= 2 * _LONGEST_END:
        return split_sentences(text)
    cut = len(text) - _LONGEST_END
    ending = split_sentences(text[cut:])
    return split_sentences(text[:_LONGEST_END]) + [Sentence(s.text, s.start + cut, s.end + cut) for s in ending]
