"""The grounds that the trained model finds in a rationale, and how they complete those of the rules."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from determinations.parsing.grounds.codes import GROUNDS
from determinations.parsing.grounds.model import LEARNED, OF_DECISION, ground_model
from determinations.parsing.grounds.rules import RuleBook, rule_book
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
#: Many sentences with a smaller chance than this do not make a ground.
_NEGLIGIBLE = 0.1


_NOWHERE = Sentence("", 0, 0)


class Statement(NamedTuple):
    """A sentence that states a ground, and how it was recognized: a rule's name, or ``learned:`` and its words."""

    code: str
    told_by: str
    sentence: Sentence


class Likely(NamedTuple):
    """How probable a ground is, and the sentence that speaks most for it.

    ``chance`` is that of any sentence, ``best`` that of this one; ``is_quoted`` if it seems a guideline's.
    """

    chance: float
    best: float
    sentence: Sentence
    is_quoted: bool = False


def likely_grounds(sentences: Iterable[Sentence], item: tuple[str, str], decision: Decision) -> Mapping[str, Likely]:
    """Each ground of the decision: the chance that any sentence states it, and the sentence most likely to."""
    book, model = rule_book(), ground_model()
    codes = [LEARNED[n] for n in OF_DECISION[decision]]
    none = [1.0] * len(codes)
    best = [0.0] * len(codes)
    places = [_NOWHERE] * len(codes)
    for sentence in sentences:
        for place, chance in enumerate(model.chances(sentence.text, item, decision)):
            if chance > best[place]:
                best[place], places[place] = chance, sentence
            if chance >= _NEGLIGIBLE:
                none[place] *= 1 - chance
    return {
        code: Likely(1 - without, chance, sentence, is_quoted=_is_quoted(sentence, chance, book, decision))
        for code, without, chance, sentence in zip(codes, none, best, places, strict=True)
    }


def _is_quoted(sentence: Sentence, chance: float, book: RuleBook, decision: Decision) -> bool:
    return chance >= _NEGLIGIBLE and book.read(sentence.text, decision).voice == "guideline"


def completed(by_rules: Mapping[str, Statement], likely: Mapping[str, Likely]) -> Sequence[Statement]:
    """The grounds of the rules and of the model together, in the order of their sentences."""
    kept = [s for code, s in by_rules.items() if code not in _DENIABLE or likely[code].best >= _POSSIBLE]
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
