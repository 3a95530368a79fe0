"""The grounds that the trained model finds in a rationale, and how they complete those of the rules."""

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from typing import NamedTuple

from determinations.parsing.grounds.model import LEARNED, OF_DECISION, Scores, ground_model
from determinations.parsing.grounds.rules import rule_book
from determinations.parsing.grounds.sentences import Sentence
from determinations.parsing.results import Decision
from determinations.parsing.spans import make

#: A ground that no rule found counts from this chance, and from a lower one where rules found nothing that the model
#: thinks possible.
_SURE = 0.9
_WITHOUT_RULES = 0.3
#: Guidelines are full of limits, so the model must be surer that one is applied.
_SURE_OF = {"exceeds_limits": 0.95}
#: Many sentences with a smaller chance than a tenth, as log-odds, do not make a ground.
_NEGLIGIBLE = log(0.1 / 0.9)


class Statement(NamedTuple):
    """A sentence that states a ground, and how it was recognized: a rule's name, or ``learned:`` and its words."""

    code: str
    told_by: str
    sentence: Sentence


class Likely(NamedTuple):
    """How probable it is that any sentence states a ground, and the sentence that speaks most for it.

    ``is_quoted`` if that one seems a guideline's.
    """

    chance: float
    sentence: Sentence
    is_quoted: bool = False


def likely_grounds(
    sentences: Iterable[Sentence], scores: Iterable[Scores], decision: Decision
) -> Mapping[str, Likely]:
    """Each possible ground of the decision: its probability and the sentence most likely to state it.

    ``scores`` are those of the sentences.
    """
    best: dict[int, tuple[float, Sentence]] = {}
    none: dict[int, float] = {}
    for sentence, of_sentence in zip(sentences, scores, strict=True):
        for place, score in of_sentence:
            if place not in best or score > best[place][0]:
                best[place] = score, sentence
            if score >= _NEGLIGIBLE:
                none[place] = none.get(place, 1.0) * (1 - _chance(score))
    codes = OF_DECISION[decision]
    return {LEARNED[codes[place]]: _likely(1 - none.get(place, 1.0), *best[place]) for place in sorted(none)}


def _likely(chance: float, score: float, sentence: Sentence) -> Likely:
    """Who speaks is asked only where it matters."""
    is_open = score >= _NEGLIGIBLE and _WITHOUT_RULES <= chance < _SURE
    return make(Likely, (chance, sentence, is_open and rule_book().voice(sentence.text) == "guideline"))


def _chance(score: float) -> float:
    return 1 / (1 + exp(-score))


def completed(by_rules: Mapping[str, Statement], likely: Mapping[str, Likely]) -> Sequence[Statement]:
    """The grounds of the rules and of the model together, in the order of their sentences."""
    learned = [
        Statement(code, _words(code, found.sentence), found.sentence)
        for code, found in likely.items()
        if code not in by_rules and found.chance >= _least_chance(code, found, bool(by_rules))
    ]
    return sorted([*by_rules.values(), *learned], key=lambda statement: statement.sentence.start)


def _least_chance(code: str, found: Likely, with_rules: bool) -> float:
    if with_rules:
        return _SURE_OF.get(code, _SURE)
    return _SURE if found.is_quoted else _WITHOUT_RULES


def _words(code: str, sentence: Sentence) -> str:
    return "learned: " + ", ".join(ground_model().strongest(sentence.text, code))
