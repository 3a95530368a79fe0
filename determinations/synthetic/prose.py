"""The running text of a letter: the clinical summary and the rationale of each decision."""

from random import Random

from determinations.synthetic.cases import Case, Item
from determinations.synthetic.chance import pick, pick_some, pick_two
from determinations.synthetic.facts import read

_WORDING = read("wording")
_SUMMARY: dict[str, list[str]] = _WORDING["summary"]
_RATIONALE: dict[str, list[str]] = _WORDING["rationale"]
#: What stands in place of the paragraph about how the determination was made: it says that the letter is synthetic.
HOW_IT_WAS_MADE: str = _WORDING["form"]["how"]

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def write_summary(rng: Random, case: Case) -> str:
    """The clinical summary on one line; its first sentence gives age, sex and date of injury."""
    injury = case.date_of_injury
    values = _values(rng, case)
    values["injured"] = pick(
        rng,
        (
            f"{injury.month}-{injury.day}-{injury.year % 100:02d}",
            f"{injury.month:02d}-{injury.day:02d}-{injury.year}",
            f"{injury.month:02d}/{injury.day:02d}/{injury.year}",
            f"{_MONTHS[injury.month - 1]} {injury.day}, {injury.year}",
        ),
    )
    values["wanted"] = _wanted(case)
    parts = ["openings", "mechanisms", "diagnoses", "complaints", "examinations", "studies", "treatments"]
    if rng.random() < 0.5:
        parts.append("work")
    parts.append("plans")
    if rng.random() < 0.75:
        parts.append("reviews_in_part" if case.items[0].partly_approved else "reviews")
    if "guideline_contradicts_summary" in case.planted:
        parts.append("on_the_mtus")
    parts.append("synthetic")
    return " ".join(pick(rng, _SUMMARY[part]).format_map(values) for part in parts)


def write_rationale(rng: Random, case: Case, item: Item) -> str:
    """The rationale of one decision on one line; it ends as the decision says, unless a contradiction is planted."""
    values = _values(rng, case)
    values["request"] = item.disputed
    decision = item.decision
    if "rationale_contradicts_decision" in case.planted and item is case.items[0]:
        decision = "overturned" if decision == "upheld" else "upheld"
    if item.needs_operation and decision == "upheld" and rng.random() < 0.8:
        parts = [_pick(rng, "without_operation", values), "Therefore, the request is not medically necessary."]
        return " ".join(parts)
    treatment = item.treatment
    says = pick_some(rng, treatment.says, pick(rng, (2, 2, 3, 3, 3)))
    parts = [_pick(rng, "guideline", {"says": says[0]})]
    parts += [_pick(rng, "guideline_more", {"says": more}) for more in says[1:]]
    parts.append(_pick(rng, "case", values))
    if rng.random() < 0.92:
        parts.append(_pick(rng, "examination", values))
    if rng.random() < 0.8:
        parts.append(_pick(rng, "wanted", values))
    parts += _upheld(rng, item, values) if decision == "upheld" else _overturned(rng, item, values)
    parts.append(_pick(rng, decision, values))
    if treatment.id == "opioids" and decision == "upheld" and case.era == "L4b" and rng.random() < 0.4:
        parts.append(_RATIONALE["opioid_end"][0])
    return " ".join(part for part in parts if part)


def _upheld(rng: Random, item: Item, values: dict[str, str]) -> list[str]:
    lacks = pick_some(rng, item.treatment.lacks, pick(rng, (2, 2, 3, 4)))
    parts = [_pick(rng, "lacking", {"lack": lacks[0]})]
    parts += [_pick(rng, "lacking_more", {"lack": lack}) for lack in lacks[1:]]
    if rng.random() < 0.55:
        parts.append(_pick(rng, "remark", values))
    return parts


def _overturned(rng: Random, item: Item, values: dict[str, str]) -> list[str]:
    shows = pick_some(rng, item.treatment.shows, pick(rng, (1, 2)))
    parts = [_pick(rng, "showing", {"show": show}) for show in shows]
    parts.append(_pick(rng, "showing_more", values))
    if rng.random() < 0.6:
        parts.append(_pick(rng, "remark_overturned", values))
    return parts


def _pick(rng: Random, kind: str, values: dict[str, str]) -> str:
    return pick(rng, _RATIONALE[kind]).format_map(values)


def _wanted(case: Case) -> str:
    """What the provider asked for, in a few words."""
    first = case.items[0].request.split(" was the original request.")[0]
    first = first.removeprefix("Associated surgical service: ")
    if len(case.items) == 1:
        return first
    return f"{first} and other treatment"


def _values(rng: Random, case: Case) -> dict[str, str]:
    """What the sentences' blanks can be filled with; drawn anew for every text."""
    body = case.body
    diagnosis, diagnosis2 = pick_two(rng, body.diagnoses)
    symptom, symptom2 = pick_two(rng, body.symptoms)
    finding, finding2 = pick_two(rng, body.findings)
    done = pick_some(rng, _SUMMARY["done"], 3)
    denied = case.ur_denial_date
    age_of_claim = (case.decision_date - case.date_of_injury).days // 365
    male = case.sex == "male"
    return {
        "age": str(case.age),
        "sex": case.sex,
        "they": "he" if male else "she",
        "They": "He" if male else "She",
        "diagnosis": diagnosis,
        "diagnosis2": diagnosis2,
        "symptom": symptom,
        "symptom2": symptom2,
        "finding": finding,
        "finding2": finding2,
        "mechanism": pick(rng, body.mechanisms),
        "pain": pick(rng, "3456789"),
        "seen": f"{denied.month:02d}-{max(1, denied.day - 1):02d}-{denied.year}",
        "studied": f"{_MONTHS[(denied.month + 5) % 12]} {denied.year - 1}",
        "denied": f"{denied.month:02d}-{denied.day:02d}-{denied.year}",
        "done": f"{done[0]}, {done[1]} and {done[2]}",
        "years": f"{age_of_claim} years" if age_of_claim > 1 else "a year",
    }
