"""What the sentences of a decision speak of: findings, tests, earlier treatment, function, quantities."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Element:
    """A kind of documentation and the words by which a sentence speaks of it."""

    key: str
    label: str
    words: re.Pattern[str]


def _element(key: str, label: str, words: str) -> Element:
    return Element(key, label, re.compile(rf"\b(?:{words})", re.IGNORECASE))


ELEMENTS: tuple[Element, ...] = (
    _element(
        "examination", "Examination findings",
        r"exam|strength|sensation|sensory|motor|reflex|weakness|tender|range of motion|straight leg|spurling|deficit"
        r"|neurolog|swelling|instability|impingement|spasm|positive (?:test|sign|finding)",
    ),
    _element(
        "tests", "Imaging and test results",
        r"MRIs?\b|magnetic|x-?rays?|radiograph|CT\b|films?\b|imaging|EMG|NCV|NCS|electrodiagnostic|ultrasound|scans?\b"
        r"|lab(?:s|oratory)?\b",
    ),
    _element(
        "diagnosis", "Diagnosis and symptoms",
        r"diagnos|radicul|symptom|complain|neuropath|syndrome|red flag|insomnia|depress|gastrointestinal|spasticity",
    ),
    _element(
        "conservative", "Physical and conservative treatment",
        r"physical therapy|physiotherapy|therap(?:y|ies)\b|home exercise|exercise|conservative|chiropract|acupunct"
        r"|brac(?:e|ing)|splint|injection",
    ),
    _element(
        "medication", "Medication tried",
        r"medication|medicine|drugs?\b|NSAID|anti-?inflammator|antidepress|anticonvuls|anti-?epilep|gabapentin|opioid"
        r"|first[- ]line|over[- ]the[- ]counter",
    ),
    _element("pain", "Pain scores and relief", r"pain (?:score|level|scale)|VAS\b|relief|\d/10|less pain|analges"),
    _element(
        "function", "Function and work status",
        r"function|activit|ADLs?\b|daily living|work (?:status|restriction)|return(?:ed)? to work|disabilit",
    ),
    _element(
        "quantity", "Quantity, frequency and duration",
        r"visits?\b|sessions?\b|frequen|duration|quantit|dos(?:e|age)|weeks?\b|refill|number of|trial",
    ),
    _element("plan", "Reason, goals and plan", r"rationale|reason|purpose|goals?\b|plan\b|specif|explain|indicat"),
    _element(
        "safety", "Risk and monitoring",
        r"risk|side effect|adverse|aberrant|depend|abus|overdose|urine|screen|monitor|contraindicat|toxic|complian",
    ),
    _element("related", "Related surgery or procedure", r"surg|operat|procedure|arthroscop|fusion|repair"),
)  # fmt: skip


@dataclass(frozen=True)
class ElementCount:
    """How many of the items on each side have a sentence that speaks of the element."""

    element: Element
    upheld: int
    overturned: int
    upheld_of: int
    overturned_of: int

    @property
    def upheld_share(self) -> float | None:
        """The percentage of the upheld items."""
        return 100 * self.upheld / self.upheld_of if self.upheld_of else None

    @property
    def overturned_share(self) -> float | None:
        """The percentage of the overturned items."""
        return 100 * self.overturned / self.overturned_of if self.overturned_of else None


@lru_cache(maxsize=8_192)
def elements_of(sentence: str) -> frozenset[str]:
    """The keys of the elements that a sentence speaks of. Pages about recent decisions read the same ones again."""
    return frozenset(element.key for element in ELEMENTS if element.words.search(sentence))


def speaks_of(key: str, sentence: str) -> bool:
    """Whether a sentence speaks of an element."""
    return key in elements_of(sentence)


def count_elements(upheld: Iterable[Sequence[str]], overturned: Iterable[Sequence[str]]) -> list[ElementCount]:
    """Elements that sentences speak of, most items first. Each entry holds the sentences of one item."""
    lost, won = (
        [set[str]().union(*map(elements_of, sentences)) for sentences in items] for items in (upheld, overturned)
    )
    counts = [
        ElementCount(element, _items(element, lost), _items(element, won), len(lost), len(won)) for element in ELEMENTS
    ]
    return sorted((c for c in counts if c.upheld or c.overturned), key=lambda c: -(c.upheld + c.overturned))


def _items(element: Element, items: Sequence[Collection[str]]) -> int:
    return sum(element.key in spoken_of for spoken_of in items)
