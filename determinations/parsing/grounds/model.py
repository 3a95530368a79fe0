"""A small trained model that says how probable each ground is in a sentence: a linear one, read from ``model.txt``.

``manage.py train_grounds`` writes the file from synthetic sentences alone. A line holds a feature (``features.py``)
and its weight for each ground, one byte each. While sentences are read, the weights of a feature are one whole number
with a field for each ground and one that counts features, so that one addition adds all of them.
"""

from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, islice
from math import sqrt
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
from determinations.parsing.grounds.tokens import tokens_of
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
_FIELD, _LARGEST = 4, (1 << 32) - 1
_BYTES = _FIELD * (len(LEARNED) + 1)
#: The bit where the count begins.
_COUNT = 8 * (_BYTES - _FIELD)
#: The fields of a decision's grounds and the count.
_FIELDS_OF = {
    side: Struct(f"<{_FIELD * of.start}x{len(of)}I{_FIELD * (len(LEARNED) - of.stop)}xI")
    for side, of in OF_DECISION.items()
}
_STRONGEST = 3
_REMEMBERED_SENTENCES = 16_384
_MOST_REMEMBERED_WORDS = 60_000


class _Word:
    """What a stem adds to the sum of a sentence: by itself, after and before a negation, and with its next stem."""

    __slots__ = ("after", "before", "is_negation", "pairs", "plain", "stem")

    def __init__(self, stem: str, weights: Mapping[str, int], pairs: Mapping[str, int]) -> None:
        self.stem = stem
        self.plain = sum(weights.get(name, 0) for name in own_features(stem))
        self.after = weights.get(after_negation(stem) or "", 0)
        self.before = weights.get(before_negation(stem) or "", 0)
        self.pairs = pairs
        self.is_negation = is_negation(stem)


_NO_PAIRS: Mapping[str, int] = {}


class _Words(dict[str, tuple[_Word, ...]]):
    """The words of each token of letters, worked out once."""

    def __init__(self, weights: Mapping[str, int]) -> None:
        super().__init__()
        self._weights = weights
        self._stems: dict[str, _Word] = {}
        self._pairs: dict[str, dict[str, int]] = {}
        for name, weight in weights.items():
            if " " in name:
                first, _, second = name.partition(" ")
                self._pairs.setdefault(first, {})[second] = weight
        self.negations: set[_Word] = set()

    def of(self, sentence: str) -> list[_Word]:
        """The words of a sentence."""
        return list(chain.from_iterable(map(self.__getitem__, tokens_of(sentence).all)))

    def __missing__(self, token: str) -> tuple[_Word, ...]:
        entries = tuple([self._entry(stem_of(word)) for word in words_of(token)])
        if len(self) < _MOST_REMEMBERED_WORDS:
            self[token] = entries
        return entries

    def _entry(self, stem: str) -> _Word:
        entry = self._stems.get(stem)
        if entry is None:
            entry = _Word(stem, self._weights, self._pairs.get(stem, _NO_PAIRS))
            if entry.is_negation:
                self.negations.add(entry)
            if len(self._stems) < _MOST_REMEMBERED_WORDS:
                self._stems[stem] = entry
        return entry


class GroundModel:
    """The weights, ready to be applied to sentences. ``step`` is what one unit of a byte is worth."""

    def __init__(self, step: float, biases: Sequence[float], weights: Mapping[str, bytes]) -> None:
        self._step = step
        self._biases = {side: tuple(biases[of.start : of.stop]) for side, of in OF_DECISION.items()}
        self._weights = _spread(weights)
        self._words = _Words(self._weights)
        self._denial = self._weights.get(DENIAL, 0)
        self._sum_of = lru_cache(maxsize=_REMEMBERED_SENTENCES)(self._add_up)
        self._context = cache(self._add_up_context)

    def _add_up(self, sentence: str) -> int:
        """The weights of ``sentence_features``, added up without writing them; 0 where few are known."""
        words = self._words.of(sentence)
        different = set(words)
        total = sum([word.plain for word in different])
        pairs = _NO_PAIRS
        for word in words:
            if word.stem in pairs:
                total += pairs[word.stem]
            pairs = word.pairs
        if not self._words.negations.isdisjoint(different):
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

    def scores(self, sentence: str, item: tuple[str, str], decision: Decision) -> Sequence[float]:
        """The log-odds that the sentence states each ground of the decision, in the order of ``OF_DECISION``.

        Empty for a sentence of which too little is known to say anything.
        """
        total = self._sum_of(sentence)
        if not total:
            return ()
        *sums, known = _FIELDS_OF[decision].unpack((total + self._context(item)).to_bytes(_BYTES, "little"))
        factor, zero = self._step * NORM / sqrt(known), ZERO * known
        return [bias + factor * (of_code - zero) for bias, of_code in zip(self._biases[decision], sums, strict=True)]

    def strongest(self, sentence: str, code: str) -> list[str]:
        """The features of the sentence that speak most for the ground, strongest first."""
        known, lowest = self._weights, 8 * _FIELD * LEARNED.index(code)
        weights = {
            name: (known[name] >> lowest & _LARGEST) - ZERO
            for name in dict.fromkeys(sentence_features(sentence))
            if name in known
        }
        ranked = sorted(
            (name for name, weight in weights.items() if weight > 0), key=lambda name: (-weights[name], name)
        )
        return list(islice((name for name in ranked if not is_small(name)), _STRONGEST))


def _spread(weights: Mapping[str, bytes]) -> Mapping[str, int]:
    """The bytes of each row as the lowest bytes of the fields of one number, and a one in the field that counts."""
    fields = bytearray(_FIELD * len(LEARNED) * len(weights))
    fields[::_FIELD] = b"".join(weights.values())
    width, count = _FIELD * len(LEARNED), 1 << _COUNT
    rows = range(0, len(fields), width)
    return {
        name: count | int.from_bytes(fields[start : start + width], "little")
        for name, start in zip(weights, rows, strict=True)
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
