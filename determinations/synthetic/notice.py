"""Synthetic notices in the layout of 2013, as far as it is known: decisions printed twice, no rationale."""

from datetime import date, timedelta
from random import Random

from determinations.synthetic import facts
from determinations.synthetic.cases import invent_case
from determinations.synthetic.chance import pick
from determinations.synthetic.letters import LARGEST_SERIAL, SyntheticLetter
from determinations.synthetic.typesetting import as_text, paginate, wrap

_BLANK = " "


def write_notice(number: int, seed: int = 0) -> SyntheticLetter:
    """Notice ``number`` of a seed, with the record that the parser must return."""
    rng = Random(f"notice {seed} {number}")  # noqa: S311 - invented letters, no secrets
    case = invent_case(rng, (number * 7_001 + seed * 31 + 13) % LARGEST_SERIAL)
    decided = date(2013, 9, 2) + timedelta(days=rng.randrange(90))
    filed = decided - timedelta(days=rng.randint(15, 40))
    denied = filed - timedelta(days=rng.randint(3, 25))
    case_number = f"CM13-{case.case_number[5:]}"
    specialty = pick(rng, ("Occupational Medicine", "Family Practice", "Orthopedic Surgery", "Internal Medicine"))
    state = facts.LICENSURE.choose(rng)[0]
    items = [(item.disputed, item.decision) for item in case.items]
    determinations = [_determination(rng, n, *item) for n, item in enumerate(items, 1)]
    quotation = (
        f"“The injured worker is a {case.age} year old {case.sex} with {case.body.diagnoses[0]}. "
        f"{case.body.findings[0].capitalize()} was noted. This notice is synthetic; its facts are invented.”"
    )
    lines = ["MAXIMUS FEDERAL SERVICES, INC. ", "Notice of Independent Medical Review Determination "]
    lines += [f"Dated: {_short(decided)} ", _BLANK, f"IMR Case Number: {case_number} ", _BLANK]
    for text in determinations:
        lines += [*wrap(text), _BLANK]
    lines += ["INDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE ", _BLANK]
    lines += wrap(
        f"An application for Independent Medical Review was filed on {_short(filed)} disputing the Utilization Review "
        f"Denial dated {_short(denied)}. A decision has been made for each of the treatment and/or services that were "
        "in dispute:"
    )
    for text in determinations:
        lines += [_BLANK, *wrap(text)]
    lines += [_BLANK, "Medical Qualifications of the Expert Reviewer: "]
    lines += wrap(
        f"The physician reviewer is Board Certified in {specialty} and is licensed to practice in {state}. "
        "Neither reviewer nor physician exists."
    )
    lines += [_BLANK, "Case Summary: "]
    lines += wrap(
        "Disclaimer: The following case summary was taken directly from the utilization review denial/modification "
        f"dated {denied:%B} {denied.day}, {denied.year}."
    )
    lines += wrap(quotation)
    name = f"synthetic-notice-{case_number}.txt"
    return SyntheticLetter(
        file_name=name,
        era="L2",
        text=as_text(paginate(lines), double_spaced=False),
        header=(),
        lines=tuple(lines),
        expected={
            "file": name,
            "layout": "notice-2013",
            "case_number": case_number,
            "date_assigned": None,
            "date_of_injury": None,
            "decision_date": decided.isoformat(),
            "ur_denial_date": denied.isoformat(),
            "application_received": filed.isoformat(),
            "priority": None,
            "age": None,
            "sex": None,
            "licensure": [state],
            "specialties": [specialty],
            "summary": quotation,
            "items": [
                {
                    "number": number,
                    "request": item.disputed,
                    "disputed": item.disputed,
                    "partly_approved": False,
                    "decision": item.decision,
                    "category": item.treatment.category,
                    "subcategory": item.subcategory,
                    "claims_text": None,
                    "reviewer_text": None,
                    "claims": [],
                    "reviewer": [],
                    "rationale": None,
                }
                for number, item in enumerate(case.items, 1)
            ],
        },
        planted=frozenset(),
    )


def _determination(rng: Random, number: int, request: str, decision: str) -> str:
    """A numbered determination; sometimes without the space after ``not``, as in real notices."""
    if decision == "overturned":
        verb = "is medically"
    else:
        verb = pick(rng, ("is not medically", "is not medically", "is notmedically"))
    return (
        f"{number}) MAXIMUS Federal Services, Inc. has determined the request for {request} {verb} necessary and "
        "appropriate."
    )


def _short(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"
