"""The prose of a letter: the clinical summary and the rationale of every decision."""

from datetime import timedelta
from random import Random

from determinations.synthetic.cases import Case, Item
from determinations.synthetic.chance import pick, pick_some, pick_two
from determinations.synthetic.facts import read

_WORDING = read("wording")
_SUMMARY: dict[str, list[str]] = _WORDING["summary"]
_RATIONALE: dict[str, list[str]] = _WORDING["rationale"]
#: Replaces the paragraph on how the determination was made; says that the letter is synthetic.
HOW_IT_WAS_MADE: str = _WORDING["form"]["how"]

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def write_summary(rng: Random, case: Case, details: dict[str, str]) -> str:
    """The clinical summary on one line. Its first sentence has age, sex and date of injury."""
    injury = case.date_of_injury
    injured = pick(
        rng,
        (
            f"{injury.month}-{injury.day}-{injury.year % 100:02d}",
            f"{injury.month:02d}-{injury.day:02d}-{injury.year}",
            f"{injury.month:02d}/{injury.day:02d}/{injury.year}",
            f"{_MONTHS[injury.month - 1]} {injury.day}, {injury.year}",
        ),
    )
    values = {**details, "injured": injured, "wanted": _wanted(case)}
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


def write_rationale(rng: Random, case: Case, item: Item, details: dict[str, str]) -> str:
    """The rationale of a decision on one line; it matches the decision unless a contradiction is planted."""
    values = {**details, "request": _in_a_sentence(item.disputed, item)}
    decision = item.decision
    if "rationale_contradicts_decision" in case.planted and item is case.items[0]:
        decision = "overturned" if decision == "upheld" else "upheld"
    if item.needs_operation and decision == "upheld" and rng.random() < 0.8:
        parts = [_pick(rng, "without_operation", values), "Therefore, the request is not medically necessary."]
        return " ".join(parts)
    treatment = item.treatment
    says = pick_some(rng, treatment.says, pick(rng, (2, 2, 3, 3, 3)))
    parts = [_pick(rng, _guideline_kind(item), {"says": says[0]})]
    parts += _sentences(rng, "guideline_more", "says", says[1:])
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
    parts += _sentences(rng, "lacking_more", "lack", lacks[1:])
    if rng.random() < 0.85:
        parts.append(_pick(rng, "remark", values))
    return parts


def _overturned(rng: Random, item: Item, values: dict[str, str]) -> list[str]:
    shows = pick_some(rng, item.treatment.shows, pick(rng, (1, 2)))
    parts = _sentences(rng, "showing", "show", shows)
    parts.append(_pick(rng, "showing_more", values))
    if rng.random() < 0.9:
        parts.append(_pick(rng, "remark_overturned", values))
    return parts


def _pick(rng: Random, kind: str, values: dict[str, str]) -> str:
    return pick(rng, _RATIONALE[kind]).format_map(values)


def _sentences(rng: Random, kind: str, blank: str, fillings: list[str]) -> list[str]:
    """One sentence per filling, all from different templates."""
    sentences = pick_some(rng, _RATIONALE[kind], len(fillings))
    return [sentence.format_map({blank: filling}) for sentence, filling in zip(sentences, fillings, strict=False)]


def _guideline_kind(item: Item) -> str:
    """The vocabulary for the guidelines in the reviewer's line."""
    families = {citation["family"] for citation in item.reviewer[1]}
    return "guideline_mtus" if "mtus" in families else "guideline_odg" if "odg" in families else "guideline"


def _in_a_sentence(request: str, item: Item) -> str:
    """A request in lower case, for use within a sentence."""
    request = request.removeprefix("Associated surgical service: ")
    is_name = item.treatment.category == "Pharmaceuticals" or request[1:2].isupper() or request[1:2] in "-5"
    return request if is_name else request[:1].lower() + request[1:]


def _wanted(case: Case) -> str:
    """A short description of the requests."""
    item = case.items[0]
    first = _in_a_sentence(item.request.split(" was the original request.")[0], item)
    if len(case.items) == 1:
        return first
    if len(case.items) == 2:
        return f"{first} and for {_in_a_sentence(case.items[1].disputed, case.items[1])}"
    return f"{first} and for other treatment"


def invent_details(rng: Random, case: Case) -> dict[str, str]:
    """Complaints, findings and dates that the summary and rationales of a letter share."""
    body = case.body
    diagnosis, diagnosis2 = pick_two(rng, body.diagnoses)
    symptom, symptom2 = pick_two(rng, body.symptoms)
    finding, finding2 = pick_two(rng, body.findings)
    done = pick_some(rng, _SUMMARY["done"], 3)
    denied = case.ur_denial_date
    studied = denied - max(timedelta(20), (denied - case.date_of_injury) * rng.random() * 0.8)
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
        "studied": f"{_MONTHS[studied.month - 1]} {studied.year}",
        "denied": f"{denied.month:02d}-{denied.day:02d}-{denied.year}",
        "done": f"{done[0]}, {done[1]} and {done[2]}",
        "years": f"{age_of_claim} years" if age_of_claim > 1 else "a year",
    }
