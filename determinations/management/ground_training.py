"""Trains the model of grounds on synthetic sentences and rationales, in plain Python: a few minutes.

A rationale states a ground if any of its sentences does: the chance that it does is one minus the product of the
chances that each sentence does not. So whole rationales teach too where no one marked their sentences.
"""

import csv
import hashlib
import math
import random
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from determinations.management.ground_phrases import choose, has_choices, read_phrases
from determinations.parsing.categories import categorize
from determinations.parsing.grounds.codes import GROUNDS
from determinations.parsing.grounds.features import context_features, sentence_features
from determinations.parsing.grounds.model import LEARNED, NORM, OF_DECISION, ZERO
from determinations.parsing.grounds.rules import rule_book
from determinations.parsing.grounds.sentences import split_sentences
from determinations.parsing.results import Decision
from determinations.parsing.spans import fold

#: What stands after a sentence in a marked rationale: ``{risk}``.
_MARK = re.compile(r"\s*\{([a-z_ ]+)\}")
_VARIANTS = 25
_NO_GROUND = "-"
_LEAST_SEEN = 2
_EPOCHS = 8
_RATE = 0.35
#: How strongly large weights are held down.
_RESTRAINT = 0.2
_FIRST_BIAS = -3.0
_SMALLEST = 0.05
_NEGLIGIBLE = 1e-3


class Lesson(NamedTuple):
    """A text with the grounds that it states, and the item it is about."""

    grounds: frozenset[str]
    decision: Decision
    request: str
    text: str


class Example(NamedTuple):
    """A lesson as the model sees it: the features of each sentence."""

    grounds: frozenset[str]
    decision: Decision
    sentences: tuple[tuple[str, ...], ...]


def read_lessons(paths: Iterable[Path]) -> list[Lesson]:
    """The lessons of tables and grammars, and those that the rules' examples are.

    A table has the columns grounds, request and text, or request and marked, where grounds stand after the sentences
    that state them. It may also say the decision. Where none is said, a text is a lesson for both: what speaks for one
    decision is no ground of the other. Raises ``KeyError`` for a ground that does not exist.
    """
    lessons: list[Lesson] = []
    for path in paths:
        if path.suffix == ".toml":
            for phrase in read_phrases(path):
                lessons += _for_each_side(frozenset(phrase.grounds), phrase.request, phrase.text)
            continue
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                lessons += _lessons(row)
    for rule in rule_book().rules:
        decision: Decision = GROUNDS[rule.code].decision or "upheld"
        lessons += [Lesson(frozenset({rule.code}), decision, example, example) for example in rule.examples]
    return lessons


def _lessons(row: dict[str, str]) -> Iterator[Lesson]:
    if "marked" in row:
        yield from _marked(row)
        return
    grounds = frozenset((row.get("grounds") or row["ground"]).split()) - {_NO_GROUND}
    text = row.get("rationale") or row.get("sentence") or row["text"]
    for variant in _variants(text):
        for lesson in _for_each_side(grounds, row["request"], variant):
            if row.get("decision", lesson.decision) == lesson.decision:
                yield lesson


def _for_each_side(grounds: frozenset[str], request: str, text: str) -> Iterator[Lesson]:
    for decision in OF_DECISION:
        of_side = frozenset(ground for ground in grounds if GROUNDS[ground].decision == decision)
        yield Lesson(of_side, decision, request, text)


def _marked(row: dict[str, str]) -> Iterator[Lesson]:
    """Each sentence of a marked rationale; the grounds after it are its own."""
    decision: Decision = "overturned" if row["decision"] == "overturned" else "upheld"
    texts, marks = _MARK.split(row["marked"])[::2], [*_MARK.split(row["marked"])[1::2], ""]
    for text, mark in zip(texts, marks, strict=True):
        sentences = split_sentences(fold(text).text)
        for place, sentence in enumerate(sentences, start=1):
            grounds = mark.split() if place == len(sentences) else []
            own = frozenset(ground for ground in grounds if GROUNDS[ground].decision in (decision, None))
            yield Lesson(own, decision, row["request"], sentence.text)


def _variants(text: str) -> Iterable[str]:
    """The text with its choices made, each time otherwise; always the same ones."""
    if not has_choices(text):
        return [text]
    chooser = random.Random(text)  # noqa: S311 - no secret, and the same sentences each time
    return dict.fromkeys(choose(text, chooser) for _ in range(_VARIANTS))


def digest(paths: Iterable[Path]) -> str:
    """What the files of lessons hold, as a short digest."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def examples_of(lessons: Iterable[Lesson]) -> list[Example]:
    """The lessons as the model sees them. A feature seen once teaches nothing and is left out."""
    examples = [_example(lesson) for lesson in lessons]
    seen = Counter(name for example in examples for sentence in example.sentences for name in sentence)
    return [
        example._replace(
            sentences=tuple(
                tuple(name for name in sentence if seen[name] >= _LEAST_SEEN) for sentence in example.sentences
            )
        )
        for example in examples
    ]


def _example(lesson: Lesson) -> Example:
    assignment = categorize(lesson.request)
    sentences = []
    context = context_features(assignment.category, assignment.subcategory)
    for sentence in split_sentences(fold(lesson.text).text):
        sentences.append((*sentence_features(sentence.text), *context))
    return Example(lesson.grounds, lesson.decision, tuple(sentences))


class Trainer:
    """Weights that are changed example by example; those changed often are changed less and less."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._examples = examples
        self._seen = Counter(name for example in examples for sentence in example.sentences for name in sentence)
        self.weights = {name: [0.0] * len(LEARNED) for name in sorted(self._seen)}
        self.biases = [_FIRST_BIAS] * len(LEARNED)
        self._changed = {name: [1e-3] * len(LEARNED) for name in self.weights}
        self._bias_changed = [1.0] * len(LEARNED)

    def train(self, epochs: int = _EPOCHS) -> None:
        """Go through all examples so many times, each time in another order."""
        order, shuffler = list(self._examples), random.Random(1)  # noqa: S311 - the same order each time
        for _ in range(epochs):
            shuffler.shuffle(order)
            for example in order:
                self._learn(example)

    def _learn(self, example: Example) -> None:
        factors = [NORM / math.sqrt(len(sentence) or 1) for sentence in example.sentences]
        rows = [[self.weights[name] for name in sentence] for sentence in example.sentences]
        for code in OF_DECISION[example.decision]:
            chances = [
                1 / (1 + math.exp(-self.biases[code] - factor * sum([row[code] for row in sentence_rows])))
                for factor, sentence_rows in zip(factors, rows, strict=True)
            ]
            none = math.prod(1 - chance for chance in chances)
            pull = none / max(1 - none, 1e-9) if LEARNED[code] in example.grounds else -1.0
            for names, factor, chance in zip(example.sentences, factors, chances, strict=True):
                if abs(pull * chance) > _NEGLIGIBLE:
                    self._change(code, names, factor, pull * chance)

    def _change(self, code: int, names: Sequence[str], factor: float, pull: float) -> None:
        self._bias_changed[code] += pull * pull
        self.biases[code] += _RATE * pull / math.sqrt(self._bias_changed[code])
        for name in names:
            weights, changed = self.weights[name], self._changed[name]
            gradient = pull * factor - _RESTRAINT * weights[code] / self._seen[name]
            changed[code] += gradient * gradient
            weights[code] += _RATE * gradient / math.sqrt(changed[code])


def model_text(trainer: Trainer, source: str) -> str:
    """The content of the model's file. Features whose weights are all small are left out."""
    strong = {
        name: weights for name, weights in trainer.weights.items() if max(map(abs, weights), default=0) >= _SMALLEST
    }
    step = max((abs(weight) for weights in strong.values() for weight in weights), default=1.0) / (ZERO - 1)
    lines = [
        f"source\t{source}",
        f"step\t{step:.6g}",
        "biases\t" + " ".join(f"{bias:.4f}" for bias in trainer.biases),
    ]
    for name, weights in strong.items():
        row = bytes(ZERO + round(weight / step) for weight in weights)
        lines.append(f"{name}\t{b64encode(row).decode()}")
    return "\n".join(lines) + "\n"
