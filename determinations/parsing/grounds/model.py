"""A small trained model that says how probable each ground is in a sentence: a linear one, read from ``model.txt``.

``manage.py train_grounds`` writes the file from synthetic sentences alone. A line holds a feature (``features.py``)
and its weight for each ground, one byte each. While sentences are read, the weights of a feature are one whole number
with a field for each ground of a decision and one that counts features, so that one addition adds all of them.
"""

from binascii import a2b_base64
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import compress, count, islice
from math import floor, log, sqrt
from typing import NamedTuple

from determinations.parsing.grounds.codes import GROUNDS
from determinations.parsing.grounds.features import (
    DENIAL,
    context_features,
    is_small,
    sentence_features,
    token_features,
)
from determinations.parsing.grounds.tokens import Remembered, tokens_of
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
#: No sentence with a smaller score, as log-odds, states a ground.
IMPOSSIBLE = log(0.01 / 0.99)
#: The fields of a number: three bytes each, of which the sum of any sentence's bytes leaves the highest bit free.
_FIELD = 3
_BITS = 8 * _FIELD
_HIGHEST, _LARGEST = 1 << (_BITS - 1), (1 << _BITS) - 1
#: How many features are known for each token at least, in a sentence that is understood.
_LEAST_KNOWN = 0.75
_STRONGEST = 3
_REMEMBERED_SENTENCES = 16_384


class _Sums:
    """Adds up the weights that the features of a sentence have for the grounds of one decision."""

    def __init__(self, weights: Mapping[str, bytes], of: range) -> None:
        #: The bits where the fields begin that count features, and tokens that deny.
        self.count = _BITS * len(of)
        self._denials = self.count + _BITS
        self._without_denials = (1 << self._denials) - 1
        self._weights = _spread(weights, of)
        self._denial = self._weights.get(DENIAL, 0)
        self._plain = Remembered(self._own_weight)
        self._denies = Remembered(lambda token: token_features(token).denies)
        self._after = Remembered(lambda token: self._weight(token_features(token).after))
        self._before = Remembered(lambda token: self._weight(token_features(token).before))
        self.of = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._add_up)

    def _weight(self, features: Iterable[str]) -> int:
        return sum([self._weights.get(name, 0) for name in features])

    def _add_up(self, sentence: str) -> int:
        """The weights of ``sentence_features``, added up without writing them; 0 where few are known."""
        tokens = tokens_of(sentence)
        total = sum(map(self._plain.__getitem__, set(tokens)))
        if total > self._without_denials:
            first = next(compress(count(), map(self._denies.__getitem__, tokens)))
            total = (total & self._without_denials) + self._denial
            total += sum(map(self._before.__getitem__, set(tokens[:first])))
            total += sum(map(self._after.__getitem__, set(tokens[first + 1 :])))
        return total if (total >> self.count) >= _LEAST_KNOWN * len(tokens) else 0

    def _own_weight(self, token: str) -> int:
        features = token_features(token)
        return self._weight(features.own) + (features.denies << self._denials)

    def of_item(self, item: tuple[str, str]) -> int:
        return self._weight(context_features(*item))


#: The grounds that a sentence may state, by their places in ``OF_DECISION``, with their log-odds.
Scores = Sequence[tuple[int, float]]


class _Scale(NamedTuple):
    """How the sums of so many features become scores.

    ``distances`` is, in the field of each ground, what a sum that may be large enough needs to reach the highest bit.
    """

    factor: float
    zero: int
    distances: int


class Scorer:
    """Scores sentences about one kind of item for the grounds of one decision."""

    def __init__(self, sums: _Sums, step: float, biases: Sequence[float], item: tuple[str, str]) -> None:
        self._sum_of, self._count = sums.of, sums.count
        self._step, self._biases = step, biases
        self._context = sums.of_item(item)
        self._highest = sum(_HIGHEST << _BITS * place for place in range(len(biases)))
        self._scale_of = cache(self._scale)
        self._places_of = cache(self._places)

    def scores(self, sentence: str) -> Scores:
        """The grounds that are not impossible.

        Empty for a sentence of which too little is known to say anything. One addition tells which sums are too small.
        """
        total = self._sum_of(sentence)
        if not total:
            return ()
        total += self._context
        factor, zero, distances = self._scale_of(total >> self._count)
        return [
            (place, score)
            for place, bits, bias in self._places_of((total + distances) & self._highest)
            if (score := bias + factor * ((total >> bits & _LARGEST) - zero)) > IMPOSSIBLE
        ]

    def _scale(self, known: int) -> _Scale:
        factor, zero = self._step * NORM / sqrt(known), ZERO * known
        least = [floor(zero + (IMPOSSIBLE - bias) / factor) for bias in self._biases]
        distances = [_HIGHEST - min(max(0, of_ground), _HIGHEST) for of_ground in least]
        return _Scale(factor, zero, sum(distance << _BITS * place for place, distance in enumerate(distances)))

    def _places(self, fields: int) -> Sequence[tuple[int, int, float]]:
        """The grounds of which the highest bit is set: their places, where their fields begin, and their biases."""
        return [
            (place, _BITS * place, bias)
            for place, bias in enumerate(self._biases)
            if fields >> _BITS * place & _HIGHEST
        ]


class GroundModel:
    """The weights, ready to be applied to sentences. ``step`` is what one unit of a byte is worth."""

    def __init__(self, step: float, biases: Sequence[float], weights: Mapping[str, bytes]) -> None:
        self._step, self._biases, self._weights = step, biases, weights
        self._sums = cache(self._sums_for)
        self.scorer = cache(self._scorer)
        self.strongest = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._strongest)

    def _sums_for(self, decision: Decision) -> _Sums:
        return _Sums(self._weights, OF_DECISION[decision])

    def _scorer(self, item: tuple[str, str], decision: Decision) -> Scorer:
        of = OF_DECISION[decision]
        return Scorer(self._sums(decision), self._step, self._biases[of.start : of.stop], item)

    def _strongest(self, sentence: str, code: str) -> list[str]:
        """The features of the sentence that speak most for the ground, strongest first."""
        place, known = LEARNED.index(code), self._weights
        weights = {
            name: known[name][place]
            for name in sentence_features(sentence)
            if name in known and known[name][place] > ZERO
        }
        ranked = sorted(weights, key=lambda name: (-weights[name], name))
        return list(islice((name for name in ranked if not is_small(name)), _STRONGEST))


def _spread(weights: Mapping[str, bytes], of: range) -> Mapping[str, int]:
    """Of each row, the bytes of these grounds as the lowest bytes of a number's fields, and a one that counts."""
    rows = b"".join(weights.values())
    width = _FIELD * (len(of) + 1)
    fields = bytearray(width * len(weights))
    for place, ground in enumerate(of):
        fields[_FIELD * place :: width] = rows[ground :: len(LEARNED)]
    fields[_FIELD * len(of) :: width] = b"\x01" * len(weights)
    starts = range(0, len(fields), width)
    return {
        name: int.from_bytes(fields[start : start + width], "little")
        for name, start in zip(weights, starts, strict=True)
    }


@cache
def ground_model() -> GroundModel:
    """The model that ships with the parser, read when the first rationale is."""
    lines = files(__package__).joinpath(FILE).read_text(encoding="utf-8").splitlines()
    _source, step, biases = (line.partition("\t")[2] for line in lines[:3])
    rows = (line.split("\t") for line in lines[3:])
    return GroundModel(
        float(step), [float(bias) for bias in biases.split()], {name: a2b_base64(row) for name, row in rows}
    )


def source_of_model() -> str:
    """What the model was trained on: the digest that ``train_grounds`` wrote."""
    with files(__package__).joinpath(FILE).open(encoding="utf-8") as file:
        return file.readline().rstrip("\n").partition("\t")[2]
