"""The rules that put a disputed item into a treatment category, read from ``rules.toml`` and ``drugs.csv``."""

import csv
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files

from determinations.parsing.categories.phrases import Hit, Phrases

_DATA = files(__package__)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of ``rules.toml``: when it fits, the request belongs to ``category`` and ``subcategory``."""

    id: str
    category: str
    subcategory: str
    any: frozenset[str]
    with_: frozenset[str]
    without: frozenset[str]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Words after which a request says why, for what, or with what. ``rules`` empty: whatever is before counts."""

    ends: frozenset[str]
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Drug:
    """One way to write a drug: ``name`` as printed, which drug it is, its class (a subcategory of Pharmaceuticals).

    ``generic`` is empty for a name that stands for a whole class ("topical gel", "NSAID").
    """

    name: str
    generic: str
    drug_class: str


def group_name(drug_class: str) -> str:
    """The name under which rules speak of a class of drugs: ``Anti-epilepsy Drugs`` is ``anti-epilepsy-drugs``."""
    return drug_class.lower().replace(" ", "-")


def read_drugs() -> dict[tuple[str, str], Drug]:
    """The drugs of ``drugs.csv`` by (name, class); a name can be in two classes, as tablet and as gel."""
    rows = csv.DictReader((_DATA / "drugs.csv").read_text(encoding="utf-8").splitlines())
    drugs = {}
    for row in rows:
        for name in row["names"].split(";"):
            drug = Drug(name.strip(), row["generic"], row["class"])
            drugs[drug.name, drug.drug_class] = drug
    return drugs


DRUGS = read_drugs()
_TWO_DRUGS = "<two-drugs>"
_COURSE_COUNT = "<course-count>"
_MARKS = {_TWO_DRUGS, _COURSE_COUNT}
# "2x6", "3 x 4": times a week and weeks.
_COUNT = re.compile(r"\b\d{1,2} ?x ?\d{1,2}\b(?! ?(?:mg|ml|mm|cm|inch))", re.IGNORECASE)
_GENERIC = {drug.name: drug.generic for drug in DRUGS.values() if drug.generic}


def read_medicine_names() -> frozenset[str]:
    """Generic names that are known to be medicines, and no more, from ``medicine_names.txt``."""
    lines = (_DATA / "medicine_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())


class RuleBook:
    """All ``rules``, first to last, ready to be asked. Each rule's three lists become three bits of one number."""

    def __init__(self) -> None:
        data = tomllib.loads((_DATA / "rules.toml").read_text(encoding="utf-8"))
        self._groups: dict[str, set[str]] = {}
        for drug in DRUGS.values():
            self._groups.setdefault(group_name(drug.drug_class), set()).add(drug.name)
        self._groups["any-drug"] = {drug.name for drug in DRUGS.values()}
        self._groups["medicine-names"] = set(read_medicine_names())
        for name, entries in data["groups"].items():
            self._groups[name] = self._expand(entries)
        self.rules = tuple(
            Rule(
                id=entry["id"],
                category=entry["category"],
                subcategory=entry["subcategory"],
                any=frozenset(self._expand(entry["any"])),
                with_=frozenset(self._expand(entry.get("with", []))),
                without=frozenset(self._expand(entry.get("without", []))),
                examples=tuple(entry["examples"]),
            )
            for entry in data["rule"]
        )
        self._contexts = tuple(
            Context(frozenset(entry["ends"]), frozenset(entry.get("rules", []))) for entry in data["context"]
        )
        self._context_of = {end: number for number, context in enumerate(self._contexts) for end in context.ends}
        self._bits: dict[str, int] = dict.fromkeys(self._context_of, 0)
        self._conditions: list[tuple[int, int]] = []
        self._rules_with: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            has, also, never = (1 << (3 * number + n) for n in range(3))
            for bit, phrases in ((has, rule.any), (also, rule.with_), (never, rule.without)):
                for phrase in phrases:
                    self._bits[phrase] = self._bits.get(phrase, 0) | bit
            for phrase in rule.any:
                self._rules_with.setdefault(phrase, []).append(number)
            wanted = has | (also if rule.with_ else 0)
            self._conditions.append((wanted | never, wanted))
        self._phrases = Phrases({phrase for phrase in self._bits if not phrase.startswith("<")})

    def _expand(self, entries: list[str]) -> set[str]:
        phrases: set[str] = set()
        for entry in entries:
            if entry in _MARKS:
                phrases.add(entry)
            elif entry.startswith("<"):
                phrases |= self._groups[entry[1:-1]]
            else:
                phrases.add(entry)
        return phrases

    def first_fitting(self, request: str) -> Rule | None:
        """The first rule that fits what is asked for, else the first that fits the whole line, else None."""
        hits = self._phrases.find(request)
        if count := _COUNT.search(request):
            hits.append(Hit(_COURSE_COUNT, count.start(), count.end()))
        rule = None
        for number in sorted({self._context_of[hit.phrase] for hit in hits if hit.phrase in self._context_of}):
            context = self._contexts[number]
            end = min((hit.start for hit in hits if hit.phrase in context.ends), default=0)
            before = [hit for hit in hits if hit.start < end]
            fitting = self._fitting(before)
            if fitting and (not context.rules or fitting.id in context.rules):
                rule, hits = fitting, before
        return rule or self._fitting(hits)

    def _fitting(self, hits: list[Hit]) -> Rule | None:
        phrases = {hit.phrase for hit in hits}
        if len({_GENERIC[phrase] for phrase in phrases if phrase in _GENERIC}) > 1:
            phrases.add(_TWO_DRUGS)
        found = 0
        may_fit: set[int] = set()
        for phrase in phrases:
            found |= self._bits.get(phrase, 0)
            may_fit.update(self._rules_with.get(phrase, ()))
        for number in sorted(may_fit):
            relevant, wanted = self._conditions[number]
            if found & relevant == wanted:
                return self.rules[number]
        return None
