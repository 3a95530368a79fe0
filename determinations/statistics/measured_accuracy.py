"""How well the parser reads labeled letters, as measured by ``manage.py measure_accuracy``: figures only, no text.

The figures ship with the product, in ``measured_accuracy.json``: one run for each version of the parser and set of
letters, newest first.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from determinations.statistics.intervals import wilson

FILE = Path(__file__).with_name("measured_accuracy.json")


@dataclass(frozen=True)
class FieldScore:
    """How many labeled values of a field the parser read right, in letters of one layout."""

    field: str
    layout: str
    right: int
    labeled: int


@dataclass(frozen=True)
class GroundScore:
    """How often one ground was found where it is labeled (hit), found where it is not (extra), and missed."""

    code: str
    hit: int
    extra: int
    missed: int

    @property
    def labeled(self) -> int:
        """The items labeled with the ground."""
        return self.hit + self.missed

    @property
    def precision(self) -> float | None:
        """The percentage of the grounds found that are right."""
        return _percent(self.hit, self.hit + self.extra)

    @property
    def recall(self) -> float | None:
        """The percentage of the labeled grounds that were found."""
        return _percent(self.hit, self.labeled)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall, in percent."""
        return _percent(2 * self.hit, 2 * self.hit + self.extra + self.missed)


@dataclass(frozen=True)
class GroundsMeasured:
    """The grounds of labeled items: scores by code, and the items whose set of grounds is exactly right.

    ``seen``: the rules were written with these items in view, so that other letters are read less well. No rule or
    lesson was written for the others, and no threshold was chosen by them.
    """

    name: str
    seen: bool
    items: int
    exact: int
    scores: tuple[GroundScore, ...]

    @property
    def overall(self) -> GroundScore:
        """All codes together."""
        return GroundScore(
            "", sum(s.hit for s in self.scores), sum(s.extra for s in self.scores), sum(s.missed for s in self.scores)
        )

    @property
    def exact_share(self) -> float | None:
        """The percentage of items with exactly the labeled grounds."""
        return _percent(self.exact, self.items)


@dataclass(frozen=True)
class Run:
    """One measurement. ``date`` is ISO; ``whole`` counts letters right in every labeled value."""

    date: str
    parser_version: str
    commit: str
    letters: int
    items: int
    whole: int
    fields: tuple[FieldScore, ...]
    grounds: tuple[GroundsMeasured, ...]

    @property
    def layouts(self) -> list[str]:
        """The layouts of the letters, most values first."""
        counts: defaultdict[str, int] = defaultdict(int)
        for score in self.fields:
            counts[score.layout] += score.labeled
        return sorted(counts, key=lambda layout: -counts[layout])

    @property
    def total(self) -> FieldScore:
        """All values of all letters."""
        return FieldScore("", "", sum(s.right for s in self.fields), sum(s.labeled for s in self.fields))


@dataclass(frozen=True)
class Share:
    """``right`` of ``of``, in percent with the 95% interval."""

    right: int
    of: int

    @property
    def percent(self) -> float | None:
        """The share."""
        return _percent(self.right, self.of)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95% Wilson interval."""
        bounds = wilson(self.right, self.of)
        return (100 * bounds[0], 100 * bounds[1]) if bounds else None


def share(scores: Iterable[FieldScore]) -> Share:
    """The scores together."""
    right = labeled = 0
    for score in scores:
        right, labeled = right + score.right, labeled + score.labeled
    return Share(right, labeled)


def read_runs(path: Path = FILE) -> list[Run]:
    """All runs of the file, newest first."""
    return [
        Run(
            **{
                **run,
                "fields": tuple(FieldScore(**score) for score in run["fields"]),
                "grounds": tuple(
                    GroundsMeasured(**{**part, "scores": tuple(GroundScore(**score) for score in part["scores"])})
                    for part in run["grounds"]
                ),
            }
        )
        for run in json.loads(path.read_text(encoding="utf-8"))["runs"]
    ]


def write_runs(runs: Sequence[Run], path: Path = FILE) -> None:
    """Write the file, one score a line, so that a change of figures is readable."""
    text = json.dumps({"runs": [asdict(run) for run in runs]}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
