"""Invents the facts of a letter: the injured worker, the dates, the requests and the decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from determinations.parsing.results import Decision
from determinations.synthetic import facts
from determinations.synthetic.chance import pick
from determinations.synthetic.facts import Body, Treatment, Weighted
from determinations.synthetic.guidelines import (
    Era,
    Line,
    Subject,
    denies_the_mtus,
    guideline_line,
    nothing_cited,
    unknown_source,
)

#: Letters per year (statewide figures, in thousands), and seasonal factors by month.
_YEARS = {2014: 138, 2015: 164, 2016: 176, 2017: 172}
_LATER_YEARS = {2018: 185, 2019: 164, 2020: 137, 2021: 133, 2022: 127, 2023: 131, 2024: 142}
_MONTHS = (0.97, 0.93, 1.08, 1.02, 1.0, 1.04, 0.98, 1.03, 0.99, 1.06, 0.92, 0.9)


def _by_month(years: Mapping[int, int]) -> Weighted[tuple[int, int]]:
    return Weighted(
        ((year, month), letters * _MONTHS[month - 1] * (1 + 0.006 * month))
        for year, letters in years.items()
        for month in range(1, 13)
    )


_MONTH = _by_month(_YEARS)
_STATEWIDE_MONTH = _by_month({**_YEARS, **_LATER_YEARS})
#: Statewide overturn rates by year, relative to those in treatments.toml.
_OVERTURN = {
    2014: 0.75, 2015: 0.94, 2016: 0.69, 2017: 0.68, 2018: 0.84, 2019: 0.85, 2020: 0.78, 2021: 0.78, 2022: 0.79,
    2023: 0.8, 2024: 0.98,
}  # fmt: skip
#: The share of drugs among requests fell from 2018 on (statewide figures): how many of those drawn are kept.
_DRUGS_KEPT = {2018: 0.92, 2019: 0.83, 2020: 0.78, 2021: 0.8, 2022: 0.78, 2023: 0.72, 2024: 0.75}
#: Typical number of days from assignment to decision.
_DAYS = {2014: 58, 2015: 44, 2016: 34, 2017: 28}
_ITEMS = Weighted([(1, 60), (2, 20), (3, 9), (4, 5), (5, 3), (6, 1.5), (7, 0.8), (8, 0.4), (9, 0.3)])
_NEW_CHRONIC_PAIN = date(2016, 9, 1)
_NEW_GRAMMAR = date(2016, 1, 1)

_NUMBERS = {4: "Four", 6: "Six", 8: "Eight", 12: "Twelve", 18: "Eighteen", 24: "Twenty four"}
_PARTS = Weighted([(0.12, 0), (0.5, 3), (0.34, 1), (0.67, 1)])


@dataclass(frozen=True, slots=True)
class Item:
    """The facts of a disputed item: the request, its category and the decision."""

    treatment: Treatment
    subcategory: str
    request: str
    disputed: str
    partly_approved: bool
    line_end: str
    decision: Decision
    needs_operation: bool
    claims: Line
    reviewer: Line


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of a letter. ``planted`` has the codes of problems that were added on purpose."""

    case_number: str
    era: Era
    has_header: bool
    decision_date: date
    date_assigned: date
    application_received: date
    ur_denial_date: date
    date_of_injury: date
    priority: str
    body: Body
    age: int
    sex: str
    licensure: tuple[str, ...]
    specialties: tuple[str, ...]
    items: tuple[Item, ...]
    planted: frozenset[str]


def invent_case(rng: Random, serial: int, decided: date | None = None) -> Case:
    """Invent a case. ``serial`` (below seven million) gives a case number outside the range of real letters.

    ``decided`` replaces the invented date of the decision; other dates keep their distance from it.
    """
    decision = _decision_date(rng)
    if decided is not None:
        decision = decided
    assigned = decision - timedelta(days=max(3, round(rng.normalvariate(_of_year(_DAYS, decision.year), 9))))
    received = assigned - timedelta(days=rng.randint(2, 14))
    denied = received - timedelta(days=rng.randint(2, 30))
    injured = denied - timedelta(days=45 + int(min(rng.expovariate(1 / 900), 7500)))
    era: Era = "L4b" if decision >= _NEW_GRAMMAR else "L4a"
    has_header = rng.random() < (0.97 if era == "L4b" else 0.85)
    side = pick(rng, facts.SIDES)
    body = facts.BODIES[facts.BODY_ID.choose(rng), side]
    planted = frozenset(_planted(rng, has_header=has_header))
    edition = "2016" if decision >= _NEW_CHRONIC_PAIN else "2009"
    items = tuple(_items(rng, body, side, era, edition, decision.year, planted))
    if "dates_contradict" in planted:
        injured = decision + timedelta(days=rng.randint(20, 200))
    return Case(
        case_number=f"CM{assigned.year % 100:02d}-{9 - serial // 1_000_000}{serial % 1_000_000:06d}",
        era=era,
        has_header=has_header,
        decision_date=decision,
        date_assigned=assigned,
        application_received=received,
        ur_denial_date=denied,
        date_of_injury=injured,
        priority="Expedited" if rng.random() < 0.015 else "Standard",
        body=body,
        age=max(19 + (decision - injured).days // 365, min(76, round(rng.normalvariate(47, 11)))),
        sex="male" if rng.random() < 0.56 else "female",
        licensure=facts.LICENSURE.choose(rng),
        specialties=_specialties(rng, items[0].treatment),
        items=items,
        planted=planted,
    )


def statewide_date(rng: Random) -> date:
    """A date of a decision from 2014 to 2024, in proportion to the letters that were issued statewide."""
    return _decision_date(rng, _STATEWIDE_MONTH)


def _of_year(values: Mapping[int, float], year: int) -> float:
    """The value of a year, or of the last year known."""
    return values.get(year, values[max(values)])


def _decision_date(rng: Random, months: Weighted[tuple[int, int]] = _MONTH) -> date:
    year, month = months.choose(rng)
    day = date(year, month, rng.randint(1, 28))
    return day - timedelta(days=max(0, day.weekday() - 4))


def _planted(rng: Random, *, has_header: bool) -> list[str]:
    """The codes of problems to add on purpose; usually none."""
    draw = rng.random()
    if draw < 0.008:
        return ["rationale_contradicts_decision"]
    if draw < 0.012:
        return ["unknown_authority"]
    if draw < 0.015 and has_header:
        return ["dates_contradict"]
    if draw < 0.019:
        return ["guideline_contradicts_summary"]
    if draw < 0.023:
        return ["category_unknown"]
    return []


def _specialties(rng: Random, first: Treatment) -> tuple[str, ...]:
    fitting = facts.SPECIALTIES_FOR.get(first.subcategory) or facts.SPECIALTIES_FOR.get(first.category)
    return (fitting if fitting and rng.random() < 0.85 else facts.SPECIALTIES).choose(rng)


def _items(
    rng: Random, body: Body, side: str, era: Era, edition: str, year: int, planted: frozenset[str]
) -> list[Item]:
    # The summary covers the whole review, so only a letter with one item can contradict it.
    wanted = 1 if "guideline_contradicts_summary" in planted else _ITEMS.choose(rng)
    items: list[Item] = []
    operation: Item | None = None
    seen: set[str] = set()
    for _ in range(wanted * 3):
        treatment = _next_treatment(rng, body, items, operation)
        if year in _DRUGS_KEPT and treatment.category == "Pharmaceuticals" and rng.random() > _DRUGS_KEPT[year]:
            treatment = facts.OTHER_THAN_DRUGS[body.id].choose(rng)
        if not items and "category_unknown" in planted:
            treatment = facts.TREATMENTS["unheard-of"]
        item = _item(rng, treatment, body, side, era, edition, year, operation)
        if item.disputed in seen:
            continue
        seen.add(item.disputed)
        if not items and planted:
            item = _plant(rng, item, body, era, edition, planted)
        items.append(item)
        if treatment.id == "operations":
            operation = operation or item
        if len(items) == wanted:
            break
    return items


def _next_treatment(rng: Random, body: Body, items: list[Item], operation: Item | None) -> Treatment:
    if operation and rng.random() < 0.9:
        fitting = [t for name in facts.AFTER_AN_OPERATION if _fits(t := facts.TREATMENTS[name], body)]
        return pick(rng, fitting)
    if body.id == "mind" and rng.random() < 0.5:
        return pick(rng, [facts.TREATMENTS[name] for name in ("psychotherapy", "psych-evaluation", "antidepressants")])
    if items and items[-1].treatment.weight and rng.random() < 0.55:
        return facts.TREATMENT_LIKE[body.id, items[-1].treatment.category].choose(rng)
    return facts.TREATMENT_FOR[body.id].choose(rng)


def _fits(treatment: Treatment, body: Body) -> bool:
    return not treatment.bodies or body.id in treatment.bodies


def _item(
    rng: Random,
    treatment: Treatment,
    body: Body,
    side: str,
    era: Era,
    edition: str,
    year: int,
    operation: Item | None,
) -> Item:
    values = {
        "side": side,
        "Side": side.capitalize(),
        "nerves": body.nerves,
        "level": pick(rng, body.levels) if body.levels else "",
        "area": pick(rng, body.areas),
        "drug": pick(rng, treatment.drugs) if treatment.drugs else "",
    }
    if body.operations:
        values["operation"] = pick(rng, body.operations)
    template = pick(rng, treatment.requests)
    goes_with = bool(operation) and treatment.id in facts.AFTER_AN_OPERATION
    lead = "Associated surgical service: " if goes_with and "surgical" not in template and rng.random() < 0.6 else ""
    request, disputed, partly, line_end = _wording(rng, lead + template, treatment, values)
    decision: Decision = "overturned" if rng.random() < treatment.overturn * _of_year(_OVERTURN, year) else "upheld"
    if goes_with and operation:
        together = operation.decision == "upheld" or rng.random() < 0.75
        decision = operation.decision if together else "upheld"
    subject = Subject(treatment, body, era, edition)
    needs_operation = goes_with and decision == "upheld" and operation is not None and operation.decision == "upheld"
    reviewer = guideline_line(rng, "reviewer", subject)
    if needs_operation and rng.random() < 0.8:
        reviewer = nothing_cited("reviewer"), []
    return Item(
        treatment=treatment,
        subcategory=_subcategory(treatment, disputed, body),
        request=request,
        disputed=disputed,
        partly_approved=partly,
        line_end=line_end,
        decision=decision,
        needs_operation=needs_operation,
        claims=guideline_line(rng, "claims", subject),
        reviewer=reviewer,
    )


def _wording(rng: Random, template: str, treatment: Treatment, values: dict[str, str]) -> tuple[str, str, bool, str]:
    """The wording of the item line: request, disputed part, whether partly approved, and its ending."""
    end = pick(rng, (":", ":", ":", ": "))
    if "{n}" not in template and "{N}" not in template:
        text = template.format_map(values)
        return text, text, False, end
    counts = [n for n in treatment.counts if "{N}" not in template or n in _NUMBERS]
    whole = pick(rng, counts)
    small = template.replace("{N}", "{n}") if "{N}" in template else template

    def text_of(count: int, form: str = small) -> str:
        return form.format_map({**values, "n": count})

    original = template.format_map({**values, "n": whole, "N": _NUMBERS.get(whole, whole)})
    if whole < 4 or rng.random() > 0.21:
        return original, original, False, end
    approved = max(1, round(whole * _PARTS.choose(rng)))
    remaining = whole - approved
    if rng.random() < 0.15:
        request = (
            f"{original} was the original request. The Claims Administrator authorized {text_of(approved)}, leaving "
            f"the original request IMR eligible. The original request, {original}"
        )
        return request, original, True, " is:"
    disputed = text_of(remaining)
    request = (
        f"{original} was the original request. {text_of(approved)} was authorized by the Claims Administrator. "
        f"The remaining IMR eligible portion of the original request, {disputed}"
    )
    return request, disputed, True, pick(rng, (" is:", " is:", " is:", ":"))


def _subcategory(treatment: Treatment, disputed: str, body: Body) -> str:
    if treatment.id != "operations":
        return treatment.subcategory
    if "Arthroscopy" in disputed:
        return "Arthroscopic"
    return "Spine" if body.id in ("lumbar", "cervical") else "Non-arthroscopic"


def _plant(rng: Random, item: Item, body: Body, era: Era, edition: str, planted: frozenset[str]) -> Item:
    claims = item.claims
    if "unknown_authority" in planted:
        claims = unknown_source("claims", era)
    if "guideline_contradicts_summary" in planted:
        claims = denies_the_mtus("claims", Subject(item.treatment, body, era, edition), rng)
    changed = {name: getattr(item, name) for name in Item.__slots__}
    return Item(**{**changed, "claims": claims})
