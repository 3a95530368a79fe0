"""Synthetic notices in the layout of 2013, as far as it is known: decisions printed twice, no rationale."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from determinations.parsing.results import ExpectedRecord
from determinations.synthetic import facts
from determinations.synthetic.cases import Case, invent_case
from determinations.synthetic.chance import pick
from determinations.synthetic.letters import LARGEST_SERIAL, SyntheticLetter
from determinations.synthetic.typesetting import as_text, paginate, wrap

_BLANK = " "


@dataclass(frozen=True, slots=True)
class _Notice:
    """What a notice says."""

    case: Case
    case_number: str
    decided: date
    filed: date
    denied: date
    specialty: str
    state: str
    determinations: tuple[str, ...]

    @property
    def quotation(self) -> str:
        """The case summary, as it is quoted from the denial."""
        return (
            f"“The injured worker is a {self.case.age} year old {self.case.sex} with {self.case.body.diagnoses[0]}. "
            f"{self.case.body.findings[0].capitalize()} was noted. This notice is synthetic; its facts are invented.”"
        )


def write_notice(number: int, seed: int = 0) -> SyntheticLetter:
    """Notice ``number`` of a seed, with the record that the parser must return."""
    notice = _invented(number, seed)
    lines = _lines(notice)
    name = f"synthetic-notice-{notice.case_number}.txt"
    return SyntheticLetter(
        file_name=name,
        era="L2",
        text=as_text(paginate(lines), double_spaced=False),
        header=(),
        lines=tuple(lines),
        expected=_record(notice, name),
        planted=frozenset(),
    )


def _invented(number: int, seed: int) -> _Notice:
    rng = Random(f"notice {seed} {number}")  # noqa: S311 - invented letters, no secrets
    case = invent_case(rng, (number * 7_001 + seed * 31 + 13) % LARGEST_SERIAL)
    decided = date(2013, 9, 2) + timedelta(days=rng.randrange(90))
    filed = decided - timedelta(days=rng.randint(15, 40))
    denied = filed - timedelta(days=rng.randint(3, 25))
    specialty = pick(rng, ("Occupational Medicine", "Family Practice", "Orthopedic Surgery", "Internal Medicine"))
    state = facts.LICENSURE.choose(rng)[0]
    determinations = tuple(
        _determination(rng, n, item.disputed, item.decision) for n, item in enumerate(case.items, 1)
    )
    return _Notice(case, f"CM13-{case.case_number[5:]}", decided, filed, denied, specialty, state, determinations)


def _lines(notice: _Notice) -> list[str]:
    denied = notice.denied
    lines = ["MAXIMUS FEDERAL SERVICES, INC. ", "Notice of Independent Medical Review Determination "]
    lines += [f"Dated: {_short(notice.decided)} ", _BLANK, f"IMR Case Number: {notice.case_number} ", _BLANK]
    for text in notice.determinations:
        lines += [*wrap(text), _BLANK]
    lines += ["INDEPENDENT MEDICAL REVIEW DECISION AND RATIONALE ", _BLANK]
    lines += wrap(
        f"An application for Independent Medical Review was filed on {_short(notice.filed)} disputing the Utilization "
        f"Review Denial dated {_short(denied)}. A decision has been made for each of the treatment and/or services "
        "that were in dispute:"
    )
    for text in notice.determinations:
        lines += [_BLANK, *wrap(text)]
    lines += [_BLANK, "Medical Qualifications of the Expert Reviewer: "]
    lines += wrap(
        f"The physician reviewer is Board Certified in {notice.specialty} and is licensed to practice in "
        f"{notice.state}. Neither reviewer nor physician exists."
    )
    lines += [_BLANK, "Case Summary: "]
    lines += wrap(
        "Disclaimer: The following case summary was taken directly from the utilization review denial/modification "
        f"dated {denied:%B} {denied.day}, {denied.year}."
    )
    return [*lines, *wrap(notice.quotation)]


def _record(notice: _Notice, name: str) -> ExpectedRecord:
    return {
        "file": name,
        "layout": "notice-2013",
        "case_number": notice.case_number,
        "date_assigned": None,
        "date_of_injury": None,
        "decision_date": notice.decided.isoformat(),
        "ur_denial_date": notice.denied.isoformat(),
        "application_received": notice.filed.isoformat(),
        "priority": None,
        "age": None,
        "sex": None,
        "licensure": [notice.state],
        "specialties": [notice.specialty],
        "summary": notice.quotation,
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
            for number, item in enumerate(notice.case.items, 1)
        ],
    }


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
