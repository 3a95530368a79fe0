"""The grounds that the trained model finds in a rationale, and how they complete those of the rules."""

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from typing import NamedTuple

from determinations.parsing.grounds.codes import GROUNDS
from determinations.parsing.grounds.model import LEARNED, OF_DECISION, ground_model
from determinations.parsing.grounds.rules import rule_book
from determinations.parsing.grounds.sentences import Sentence
from determinations.parsing.results import Decision

#: A ground that no rule found counts from this chance, and from a lower one where rules found nothing that the model
#: thinks possible.
_SURE = 0.9
_WITHOUT_RULES = 0.3
#: Guidelines are full of limits, so the model must be surer that one is applied.
_SURE_OF = {"exceeds_limits": 0.95}
#: A rule's ground counts if a sentence has this chance, or if nothing else is left. Lessons of overturned items are
#: too few to deny a ground of theirs.
_POSSIBLE = 0.01
_DENIABLE = frozenset(code for code in LEARNED if GROUNDS[code].decision == "upheld")


def _log_odds(chance: float) -> float:
    return log(chance / (1 - chance))


#: Many sentences with a smaller chance than a tenth do not make a ground.
_NEGLIGIBLE = _log_odds(0.1)
_IMPOSSIBLE = _log_odds(_POSSIBLE)
_NOWHERE = Sentence("", 0, 0)


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


def likely_grounds(sentences: Iterable[Sentence], item: tuple[str, str], decision: Decision) -> Mapping[str, Likely]:
    """Each possible ground of the decision: its probability and the sentence most likely to state it."""
    model = ground_model()
    codes = [LEARNED[n] for n in OF_DECISION[decision]]
    none = [1.0] * len(codes)
    best = [_IMPOSSIBLE] * len(codes)
    places = [_NOWHERE] * len(codes)
    for sentence in sentences:
        for place, score in enumerate(model.scores(sentence.text, item, decision)):
            if score > best[place]:
                best[place], places[place] = score, sentence
            if score >= _NEGLIGIBLE:
                none[place] *= 1 - _chance(score)
    return {
        code: Likely(1 - without, sentence, is_quoted=_is_quoted(sentence, score, decision))
        for code, without, score, sentence in zip(codes, none, best, places, strict=True)
        if score > _IMPOSSIBLE
    }


def _chance(score: float) -> float:
    return 1 / (1 + exp(-score))


def _is_quoted(sentence: Sentence, score: float, decision: Decision) -> bool:
    return score >= _NEGLIGIBLE and rule_book().read(sentence.text, decision).voice == "guideline"


def completed(by_rules: Mapping[str, Statement], likely: Mapping[str, Likely]) -> Sequence[Statement]:
    """The grounds of the rules and of the model together, in the order of their sentences."""
    kept = [s for code, s in by_rules.items() if code not in _DENIABLE or code in likely]
    learned = [
        Statement(code, _words(code, found.sentence), found.sentence)
        for code, found in likely.items()
        if code not in by_rules and found.chance >= _least_chance(code, found, bool(kept))
    ]
    return sorted(kept + learned, key=lambda statement: statement.sentence.start) or list(by_rules.values())


def _least_chance(code: str, found: Likely, with_rules: bool) -> float:
    if with_rules:
        return _SURE_OF.get(code, _SURE)
    return _SURE if found.is_quoted else _WITHOUT_RULES


def _words(code: str, sentence: Sentence) -> str:
    return "learned: " + ", ".join(ground_model().strongest(sentence.text, code))
