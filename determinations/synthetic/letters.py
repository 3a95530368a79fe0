"""Writes synthetic determination letters, with the record that the parser must return."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Literal, NamedTuple, Self

from determinations.parsing.results import ExpectedRecord
from determinations.synthetic.cases import Case, Item, invent_case
from determinations.synthetic.chance import pick
from determinations.synthetic.guidelines import Era, unknown_source
from determinations.synthetic.prose import HOW_IT_WAS_MADE, invent_details, write_rationale, write_summary
from determinations.synthetic.typesetting import as_text, paginate, wrap

#: Case numbers of the first million letters run from 9000000 to 9999999, those of the next from 8000000, and so on.
LARGEST_SERIAL = 1_000_000
#: Letters of a seed with different case numbers; real case numbers end below 3000000.
MOST_LETTERS = 7 * LARGEST_SERIAL
#: The parser's key for the layout of 2014 to 2017, in both citation eras.
LAYOUT = "determination"
_BLANK = " "
_AMENDMENT = "This amended letter takes the place of one that was sent before."


@dataclass(frozen=True, slots=True)
class SyntheticLetter:
    """A synthetic letter.

    ``text`` has form feeds between pages (or is double-spaced). ``header`` and ``lines`` are the printed lines, with
    tabs between the two columns of the header. ``expected`` is the record that the parser must return; ``planted``
    has the codes of problems that were added on purpose.
    """

    file_name: str
    era: Era | Literal["L2"]
    text: str
    header: tuple[str, ...]
    lines: tuple[str, ...]
    expected: ExpectedRecord
    planted: frozenset[str]

    @property
    def pages(self) -> list[list[str]]:
        """The printed lines of every page."""
        return paginate([*self.header, *self.lines])


def write_letters(count: int, seed: int = 0) -> Iterator[SyntheticLetter]:
    """``count`` letters for a seed. Letter n does not depend on ``count``."""
    for number in range(count):
        yield write_letter(number, seed)


def write_letter(
    number: int, seed: int = 0, *, amended: bool = False, relies_on: str = "", decided: date | None = None
) -> SyntheticLetter:
    """Letter ``number`` of a seed.

    ``amended`` writes a later version with the same case number. ``relies_on`` is an unknown guideline that the
    reviewer cites for the first item. ``decided`` is the date of the decision, if not one of 2014 to 2017.
    Raises ``ValueError`` from number ``MOST_LETTERS`` on.
    """
    million = number // LARGEST_SERIAL
    if number >= MOST_LETTERS:
        raise ValueError(f"A seed has {MOST_LETTERS:,} letters.")
    rng = _random_of(number, seed)
    # 700,001 and a million have no common factor, so case numbers look random and never repeat.
    serial = (number * 700_001 + seed * 104_729 + 142) % LARGEST_SERIAL + million * LARGEST_SERIAL
    case = invent_case(rng, serial, decided)
    return _write(rng, _relying_on(relies_on, case) if relies_on else case, amended=amended)


def _random_of(number: int, seed: int) -> Random:
    """The source of a letter's choices; a letter of one seed is no letter of another."""
    own = seed * 1_000_003 + number if number < LARGEST_SERIAL else f"letter {number} of seed {seed}"
    return Random(own)  # noqa: S311 - invented letters, no secrets


def _relying_on(source: str, case: Case) -> Case:
    first = replace(case.items[0], reviewer=unknown_source("reviewer", case.era, source))
    return replace(case, items=(first, *case.items[1:]), planted=case.planted | {"unknown_authority"})


def _write(rng: Random, case: Case, *, amended: bool) -> SyntheticLetter:
    details = invent_details(rng, case)
    summary = write_summary(rng, case, details)
    decided = case.decision_date
    if amended:
        summary, decided = f"{summary} {_AMENDMENT}", decided + timedelta(days=21)
    rationales = [write_rationale(rng, case, item, details) for item in case.items]
    double_spaced = rng.random() < 0.15
    dates = _Dates.of(case, decided)
    lines = ["HOW THE IMR FINAL DETERMINATION WAS MADE ", *wrap(HOW_IT_WAS_MADE), _BLANK]
    lines += ["The Expert Reviewer has the following credentials: "]
    lines += wrap("State(s) of Licensure: " + pick(rng, (", ", ",")).join(case.licensure))
    lines += wrap("Certification(s)/Specialty: " + ", ".join(case.specialties))
    lines += [_BLANK, "CLINICAL CASE SUMMARY "]
    lines += wrap(
        "The expert reviewer developed the following clinical case summary based on a review of the case file, "
        "including all medical records:"
    )
    lines += [_BLANK, *wrap(summary), _BLANK, "IMR ISSUES, DECISIONS AND RATIONALES "]
    lines += ["The Final Determination was based on decisions for the disputed items/services set forth below: "]
    for item, rationale in zip(case.items, rationales, strict=True):
        lines += [_BLANK, *_item_lines(rng, item), _BLANK]
        lines += [*wrap(f"Claims Administrator guideline: {item.claims[0]}"), _BLANK]
        lines += [*wrap(f"MAXIMUS guideline: {item.reviewer[0]}"), _BLANK]
        lines += wrap(f"Decision rationale:{pick(rng, (' ', '  '))}{rationale}")
    lines.append(_BLANK)
    header_as_text = _header_as_text(rng, case, dates) if case.has_header else []
    name = f"synthetic-{case.case_number}{'-amended' if amended else ''}.txt"
    return SyntheticLetter(
        file_name=name,
        era=case.era,
        text=as_text(paginate(header_as_text + lines), double_spaced=double_spaced),
        header=_header_on_paper(case, dates) if case.has_header else (),
        lines=tuple(lines),
        expected=_record(name, case, summary, rationales, decided.isoformat()),
        planted=case.planted,
    )


class _Dates(NamedTuple):
    """The dates of the header block as printed."""

    assigned: str
    injury: str
    decision: str
    denial: str
    received: str

    @classmethod
    def of(cls, case: Case, decided: date) -> Self:
        days = (case.date_assigned, case.date_of_injury, decided, case.ur_denial_date, case.application_received)
        return cls(*(f"{day.month:02d}/{day.day:02d}/{day.year}" for day in days))


def _header_on_paper(case: Case, dates: _Dates) -> tuple[str, ...]:
    """The header block as printed, with tabs between its columns."""
    return (
        f"Case Number: {case.case_number}",
        f"Date Assigned: {dates.assigned}\tDate of Injury: {dates.injury}",
        f"Decision Date: {dates.decision}\tUR Denial Date: {dates.denial}",
        f"Priority: {case.priority}\tApplication",
        "\tReceived: " + dates.received,
        _BLANK,
    )


def _header_as_text(rng: Random, case: Case, dates: _Dates) -> list[str]:
    """The header block in one of the orders in which PDF readers return its cells."""
    if rng.random() < 0.25:
        return [
            "Case Number: ", f"{case.case_number} ", _BLANK, "Date Assigned: ", f"{dates.assigned} ",
            "Date of Injury:  ", f"{dates.injury} ", "Decision Date: ", f"{dates.decision} ", "UR Denial Date:  ",
            f"{dates.denial} ", "Priority:  ", f"{case.priority} ", "Application ", "Received:  ",
            f"{dates.received} ", _BLANK,
        ]  # fmt: skip
    return [
        f"Case Number: {case.case_number}  ",
        f"Date Assigned: {dates.assigned} Date of Injury:  {dates.injury} ",
        f"Decision Date: {dates.decision} UR Denial Date:  {dates.denial} ",
        f"Priority:  {case.priority} Application ",
        "Received:  ",
        f"{dates.received} ",
        _BLANK,
    ]


def _item_lines(rng: Random, item: Item) -> list[str]:
    decision = item.decision.capitalize()
    if rng.random() < 0.03:
        return [*wrap(f"{item.request}{item.line_end}".rstrip()), f"{decision} "]
    return wrap(f"{item.request}{item.line_end} {decision}")


def _record(name: str, case: Case, summary: str, rationales: list[str], decided: str) -> ExpectedRecord:
    header = case.has_header
    return {
        "file": name,
        "layout": LAYOUT,
        "case_number": case.case_number if header else None,
        "date_assigned": case.date_assigned.isoformat() if header else None,
        "date_of_injury": case.date_of_injury.isoformat(),
        "decision_date": decided if header else None,
        "ur_denial_date": case.ur_denial_date.isoformat() if header else None,
        "application_received": case.application_received.isoformat() if header else None,
        "priority": case.priority.lower() if header else None,
        "age": case.age,
        "sex": case.sex,
        "licensure": list(case.licensure),
        "specialties": list(case.specialties),
        "summary": summary,
        "items": [
            {
                "number": number,
                "request": item.request,
                "disputed": item.disputed,
                "partly_approved": item.partly_approved,
                "decision": item.decision,
                "category": item.treatment.category,
                "subcategory": item.subcategory,
                "claims_text": item.claims[0],
                "reviewer_text": item.reviewer[0],
                "claims": item.claims[1],
                "reviewer": item.reviewer[1],
                "rationale": rationale,
            }
            for number, (item, rationale) in enumerate(zip(case.items, rationales, strict=True), 1)
        ],
    }
