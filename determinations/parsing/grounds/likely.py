"""The grounds that the trained model finds in a rationale, and how they complete those of the rules."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from determinations.parsing.grounds.model import LEARNED, OF_DECISION, ground_model
from determinations.parsing.grounds.rules import rule_book
from determinations.parsing.grounds.sentences import Sentence
from determinations.parsing.results import Decision

#: A ground that no rule found counts from this chance, and from a lower one where rules found nothing at all.
_SURE = 0.9
_WITHOUT_RULES = 0.3
#: A rule's ground does not count below this chance, if it is one that the model has seen often enough to deny.
_DENIED = 0.002
_DENIABLE = frozenset(
    "criteria_not_met first_line_not_tried exceeds_limits no_benefit_shown not_documented no_evidence".split()
)


_NOWHERE = Sentence("", 0, 0)


class Statement(NamedTuple):
    """A sentence that states a ground, and how it was recognized: a rule's name, or ``learned:`` and its words."""

    code: str
    told_by: str
    sentence: Sentence


class Likely(NamedTuple):
    """How probable a ground is, the sentence that speaks most for it, and whether that seems a guideline's."""

    chance: float
    sentence: Sentence
    is_quoted: bool = False


def likely_grounds(sentences: Iterable[Sentence], item: tuple[str, str], decision: Decision) -> Mapping[str, Likely]:
    """Each ground of the decision: the chance that any sentence states it, and the sentence most likely to."""
    book, model = rule_book(), ground_model()
    codes = [LEARNED[n] for n in OF_DECISION[decision]]
    none = [1.0] * len(codes)
    best = [Likely(0.0, _NOWHERE)] * len(codes)
    for sentence in sentences:
        voice = book.read(sentence.text, decision).voice
        for place, chance in enumerate(model.chances(sentence.text, voice, item, decision)):
            if chance:
                none[place] *= 1 - chance
                if chance > best[place].chance:
                    best[place] = Likely(chance, sentence, voice == "guideline")
    return {code: likely._replace(chance=1 - without) for code, without, likely in zip(codes, none, best, strict=True)}


def completed(by_rules: Mapping[str, Statement], likely: Mapping[str, Likely]) -> Sequence[Statement]:
    """The grounds of the rules and of the model together, in the order of their sentences."""
    learned = [
        Statement(code, _words(code, found.sentence), found.sentence)
        for code, found in likely.items()
        if code not in by_rules and found.chance >= (_SURE if by_rules or found.is_quoted else _WITHOUT_RULES)
    ]
    kept = [
        statement
        for code, statement in by_rules.items()
        if code not in _DENIABLE or code not in likely or likely[code].chance >= _DENIED
    ]
    return sorted(kept + learned, key=lambda statement: statement.sentence.start) or list(by_rules.values())


def _words(code: str, sentence: Sentence) -> str:
    return "learned: " + ", ".join(ground_model().strongest(sentence.text, code))
