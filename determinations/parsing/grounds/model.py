"""A small trained model that says how probable each ground is in a sentence: a linear one, read from ``model.txt``.

``manage.py train_grounds`` writes the file from synthetic sentences alone. A line holds a feature (``features.py``)
and its weight for each ground, one byte each. While sentences are read, the weights of a feature are one whole number
with a field for each ground, so that one addition adds all of them.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from math import exp, sqrt
from struct import Struct
from typing import NamedTuple

from determinations.parsing.grounds.codes import GROUNDS
from determinations.parsing.grounds.features import context_features, is_small, sentence_features
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
#: The fields of a number: four bytes each, more than the sum of any sentence's bytes.
_FIELDS = Struct(f"<{len(LEARNED)}I")
_FIELD = _FIELDS.size // len(LEARNED)
#: Below this, a chance is under one in two thousand and counts as none.
_HOPELESS = -7.6
_STRONGEST = 3
_REMEMBERED_SENTENCES = 16_384


class Sum(NamedTuple):
    """The weights of a sentence's features, added up, and how many features are known."""

    total: int
    known: int


class GroundModel:
    """The weights, ready to be applied to sentences. ``step`` is what one unit of a byte is worth."""

    def __init__(self, step: float, biases: Sequence[float], rows: Iterable[tuple[str, bytes]]) -> None:
        self._biases = tuple(biases)
        self._step = step
        self._weights = {feature: _spread(row) for feature, row in rows}
        self._sum_of = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._add_up)

    def _add_up(self, sentence: str) -> Sum:
        weights = list(filter(None, map(self._weights.get, sentence_features(sentence))))
        return Sum(sum(weights), len(weights))

    def chances(self, sentence: str, voice: str, item: tuple[str, str], decision: Decision) -> list[float]:
        """How probable each ground of the decision is in the sentence, in the order of ``OF_DECISION``."""
        total, known = self._sum_of(sentence)
        for name in context_features(voice, *item):
            weight = self._weights.get(name)
            if weight is not None:
                total, known = total + weight, known + 1
        factor, zero = self._step * NORM / sqrt(known or 1), ZERO * known
        side = OF_DECISION[decision]
        sums = _FIELDS.unpack(total.to_bytes(_FIELDS.size, "little"))[side.start : side.stop]
        scores = [
            bias + factor * (sum_of_code - zero)
            for bias, sum_of_code in zip(self._biases[side.start : side.stop], sums, strict=True)
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
    """The bytes of a row as the lowest bytes of the fields of one number."""
    fields = bytearray(_FIELD * len(row))
    fields[::_FIELD] = row
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
