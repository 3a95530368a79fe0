"""The data of synthetic letters, read from the TOML files in this folder."""

import tomllib
from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")


class Weighted(Generic[Thing]):
    """A weighted random choice."""

    def __init__(self, weights: Iterable[tuple[Thing, float]]) -> None:
        pairs = list(weights)
        self.things = [thing for thing, _ in pairs]
        self._cumulative = list(accumulate(weight for _, weight in pairs))

    def choose(self, rng: Random) -> Thing:
        """A random element, by weight."""
        place = bisect(self._cumulative, rng.random() * self._cumulative[-1])
        return self.things[min(place, len(self.things) - 1)]


@dataclass(frozen=True, slots=True)
class Body:
    """A body part that can be injured, with its findings and guidelines (see ``bodies.toml``)."""

    id: str
    part: str
    weight: int
    areas: list[str]
    mtus: str
    odg: str
    nerves: str
    levels: list[str]
    diagnoses: list[str]
    symptoms: list[str]
    findings: list[str]
    mechanisms: list[str]
    operations: list[str]


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment that providers request (see ``treatments.toml``)."""

    id: str
    category: str
    subcategory: str
    weight: int
    overturn: float
    requests: list[str]
    says: list[str]
    lacks: list[str]
    shows: list[str]
    mtus: list[list[str]]
    odg: list[list[str]]
    bodies: list[str] = field(default_factory=list)
    drugs: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    other: list[str] = field(default_factory=list)


def read(name: str) -> dict[str, Any]:
    """The content of a data file, by name without ``.toml``."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


def _sided(entry: dict[str, Any], side: str) -> Body:
    """A body part with the side filled in."""

    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(element) for element in value]
        return value.format(side=side, Side=side.capitalize()) if isinstance(value, str) else value

    return Body(**{name: fill(value) for name, value in entry.items()})


_BODY_ENTRIES = read("bodies")["body"]
SIDES = ("right", "left")
#: Body parts by ID and side.
BODIES = {(entry["id"], side): _sided(entry, side) for entry in _BODY_ENTRIES for side in SIDES}
TREATMENTS = {entry["id"]: Treatment(**entry) for entry in read("treatments")["treatment"]}
BODY_ID = Weighted((entry["id"], entry["weight"]) for entry in _BODY_ENTRIES)

#: Treatments requested for injuries of each body part.
TREATMENT_FOR = {
    body: Weighted((t, t.weight) for t in TREATMENTS.values() if not t.bodies or body in t.bodies)
    for body in BODY_ID.things
}
#: The same within a category, because the requests of a letter are often related.
TREATMENT_LIKE = {
    (body, category): Weighted((t, t.weight) for t in treatments.things if t.category == category)
    for body, treatments in TREATMENT_FOR.items()
    for category in {t.category for t in treatments.things}
}
OTHER_THAN_DRUGS = {
    body: Weighted((t, t.weight) for t in treatments.things if t.category != "Pharmaceuticals")
    for body, treatments in TREATMENT_FOR.items()
}
AFTER_AN_OPERATION = (
    "adjuncts",
    "postoperative-therapy",
    "equipment",
    "braces",
    "splints",
    "opioids",
    "supplies",
    "stimulators",
)

SPECIALTIES: Weighted[tuple[str, ...]] = Weighted(
    [
        (("Physical Medicine & Rehabilitation",), 18),
        (("Physical Medicine & Rehabilitation", "Pain Management"), 6),
        (("Occupational Medicine",), 16),
        (("Preventive Medicine", "Occupational Medicine"), 7),
        (("Orthopedic Surgery",), 11),
        (("Family Practice",), 9),
        (("Internal Medicine",), 6),
        (("Anesthesiology",), 4),
        (("Anesthesiology", "Pain Management"), 6),
        (("Neurology",), 3),
        (("Emergency Medicine",), 3),
        (("Neurological Surgery",), 2),
        (("Internal Medicine", "Rheumatology"), 1),
    ]
)
SPECIALTIES_FOR: dict[str, Weighted[tuple[str, ...]]] = {
    "Chiropractic": Weighted([(("Chiropractor",), 3), (("Physical Medicine & Rehabilitation",), 2)]),
    "Acupuncture": Weighted([(("Chiropractor", "Acupuncture"), 1), (("Occupational Medicine",), 2)]),
    "Psych Services": Weighted([(("Psychologist",), 5), (("Psychiatry",), 4), (("Psychiatry", "Neurology"), 1)]),
    "Surgery": Weighted([(("Orthopedic Surgery",), 8), (("Neurological Surgery",), 2)]),
    "Dental Services": Weighted([(("Dentist",), 3), (("Oral & Maxillofacial Surgery",), 1)]),
}
LICENSURE: Weighted[tuple[str, ...]] = Weighted(
    [
        (("California",), 44),
        (("Texas",), 5),
        (("Florida",), 4),
        (("New York",), 4),
        (("Arizona",), 3),
        (("Illinois",), 2),
        (("Ohio",), 2),
        (("Pennsylvania", "Ohio"), 2),
        (("California", "Nevada"), 4),
        (("California", "North Carolina"), 2),
        (("Maryland", "California"), 2),
        (("California", "Arizona", "Washington"), 2),
        (("Georgia",), 2),
        (("Michigan", "California"), 2),
        (("Minnesota", "Florida"), 1),
        (("Oregon", "Washington"), 1),
        (("District of Columbia", "Virginia"), 1),
        (("Massachusetts",), 1),
    ]
)
