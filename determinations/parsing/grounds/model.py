"""A small trained model that says how probable each ground is in a sentence: a linear one, read from ``model.txt``.

``manage.py train_grounds`` writes the file from synthetic sentences alone. A line holds a feature (``features.py``)
and its weight for each ground, one byte each. While sentences are read, the weights of a feature are one whole number
with a field for each ground and one that counts features, so that one addition adds all of them.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from math import exp, sqrt
from struct import Struct

from determinations.parsing.grounds.codes import GROUNDS
from determinations.parsing.grounds.features import (
    AFTER,
    BEFORE,
    DENIAL,
    after_negation,
    before_negation,
    context_features,
    is_negation,
    is_small,
    own_features,
    sentence_features,
    stem_of,
    words_of,
)
from determinations.parsing.results import Decision

FILE = "model.txt"
#: The grounds that the model knows, in the order of the weights.
LEARNED = tuple(code for code in GROUNDS if code != "other")
OF_DECISION: Mapping[Decision, range] = {
    side: range(
        min(n for n, code in enumerate(LEARNED) if GROUNDS[code].decision == side),
        1 + max(n for n, code in enumerate(LEARNED) if GROUNDS[code].decision == side),
    )
    for side in ("upheld", "overturned")
}
#: A weight is stored as a byte: this is zero.
ZERO = 128
#: Long and short sentences reach sums of one size.
NORM = 4.0
#: The fields of a number: four bytes each, more than the sum of any sentence's bytes. The last one counts.
_FIELDS = Struct(f"<{len(LEARNED) + 1}I")
_FIELD = _FIELDS.size // (len(LEARNED) + 1)
#: The bit where the count begins.
_COUNT = 8 * (_FIELDS.size - _FIELD)
#: Below this, a chance is under one in four hundred and counts as none.
_HOPELESS = -6.0
_STRONGEST = 3
_REMEMBERED_SENTENCES = 16_384
_MOST_REMEMBERED_WORDS = 60_000


class _Word:
    """What a stem adds to the sum of a sentence: by itself, after and before a negation, and with its next stem."""

    __slots__ = ("after", "before", "is_negation", "pairs", "plain", "stem")

    def __init__(self, stem: str, weights: Mapping[str, int]) -> None:
        self.stem = stem
        self.plain = sum(weights.get(name, 0) for name in own_features(stem))
        self.after = weights.get(after_negation(stem) or "", 0)
        self.before = weights.get(before_negation(stem) or "", 0)
        self.pairs: dict[str, int] = {}
        self.is_negation = is_negation(stem)


class _Words(dict[str, _Word]):
    """The words of letters, each with its stem's entry, worked out once."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        super().__init__()
        self._weights = weights
        self._stems: dict[str, _Word] = {}
        for name, weight in weights.items():
            first, space, second = name.partition(" ")
            if space:
                self._of(first).pairs[second] = weight

    def _of(self, stem: str) -> _Word:
        known = self._stems.get(stem)
        if known is None:
            known = _Word(stem, self._weights)
            if len(self._stems) < _MOST_REMEMBERED_WORDS:
                self._stems[stem] = known
        return known

    def __missing__(self, word: str) -> _Word:
        entry = self._of(stem_of(word))
        if len(self) < _MOST_REMEMBERED_WORDS:
            self[word] = entry
        return entry


class GroundModel:
    """The weights, ready to be applied to sentences. ``step`` is what one unit of a byte is worth."""

    def __init__(self, step: float, biases: Sequence[float], rows: Iterable[tuple[str, bytes]]) -> None:
        self._biases = tuple(biases)
        self._step = step
        self._weights = {feature: _spread(row) for feature, row in rows}
        self._words = _Words(self._weights)
        self._denial = self._weights.get(DENIAL, 0)
        self._sum_of = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._add_up)
        self._context = cache(self._add_up_context)

    def _add_up(self, sentence: str) -> int:
        """The weights of ``sentence_features``, added up without writing them; 0 where few are known."""
        known = self._words
        words = [known[word] for word in words_of(sentence)]
        different = set(words)
        total = sum([word.plain for word in different])
        for word, following in pairwise(words):
            if word.pairs:
                total += word.pairs.get(following.stem, 0)
        if any([word.is_negation for word in different]):
            after: set[_Word] = set()
            before: set[_Word] = set()
            for place, word in enumerate(words):
                if word.is_negation:
                    after.update(words[place + 1 : place + 1 + AFTER])
                    before.update(words[max(0, place - BEFORE) : place])
            total += self._denial + sum([word.after for word in after]) + sum([word.before for word in before])
        return total if total >> _COUNT >= len(words) else 0

    def _add_up_context(self, item: tuple[str, str]) -> int:
        return sum(self._weights.get(name, 0) for name in context_features(*item))

    def chances(self, sentence: str, item: tuple[str, str], decision: Decision) -> list[float]:
        """How probable each ground of the decision is in the sentence, in the order of ``OF_DECISION``."""
        side = OF_DECISION[decision]
        total = self._sum_of(sentence)
        if not total:
            return [0.0] * len(side)
        *sums, known = _FIELDS.unpack((total + self._context(item)).to_bytes(_FIELDS.size, "little"))
        factor, zero = self._step * NORM / sqrt(known), ZERO * known
        scores = [
            bias + factor * (sum_of_code - zero)
            for bias, sum_of_code in zip(
                self._biases[side.start : side.stop], sums[side.start : side.stop], strict=True
            )
        ]
        return [1 / (1 + exp(-score)) if score > _HOPELESS else 0.0 for score in scores]

    def strongest(self, sentence: str, code: str) -> list[str]:
        """The features of the sentence that speak most for the ground, strongest first."""
        place = LEARNED.index(code)
        weights = {
            name: _FIELDS.unpack(self._weights[name].to_bytes(_FIELDS.size, "little"))[place] - ZERO
            for name in sentence_features(sentence)
            if name in self._weights and not is_small(name)
        }
        ranked = sorted(weights, key=lambda name: (-weights[name], name))
        return [name for name in ranked[:_STRONGEST] if weights[name] > 0]


def _spread(row: bytes) -> int:
    """The bytes of a row as the lowest bytes of the fields of one number, and a one in the field that counts."""
    fields = bytearray(_FIELDS.size)
    fields[:-_FIELD:_FIELD] = row
    fields[-_FIELD] = 1
    return int.from_bytes(fields, "little")


@cache
def ground_model() -> GroundModel:
    """The model that ships with the parser, read when the first rationale is."""
    lines = files(__package__).joinpath(FILE).read_text(encoding="utf-8").splitlines()
    _source, step, biases = (line.partition("\t")[2] for line in lines[:3])
    rows = (line.split("\t") for line in lines[3:])
    return GroundModel(
        float(step), [float(bias) for bias in biases.split()], ((name, b64decode(row)) for name, row in rows)
    )


def source_of_model() -> str:
    """What the model was trained on: the digest that ``train_grounds`` wrote."""
    with files(__package__).joinpath(FILE).open(encoding="utf-8") as file:
        return file.readline().rstrip("\n").partition("\t")[2]
