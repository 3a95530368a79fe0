"""The expert reviewer's credentials: states of licensure and specialties."""

import re
from dataclasses import dataclass, field

from determinations.parsing.results import Problem
from determinations.parsing.spans import Span, fold_text, trimmed

_LICENSURE = re.compile(r"State\(s\)\s+of\s+Licensure\s*:")
_SPECIALTY = re.compile(r"Certification\(s\)\s*/\s*Specialty\s*:")


@dataclass(frozen=True, slots=True)
class Reviewer:
    """States and specialties as printed, in printed order."""

    licensure: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    spans: dict[str, Span] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_reviewer(source: str, start: int, end: int) -> Reviewer:
    """The credentials in ``source[start:end]``, which ends where the next section begins."""
    licensure = _LICENSURE.search(source, start, end)
    specialty = _SPECIALTY.search(source, licensure.end() if licensure else start, end)
    values: dict[str, tuple[str, ...]] = {}
    spans: dict[str, Span] = {}
    problems = []
    for name, label, stop in (
        ("licensure", licensure, specialty.start() if specialty else end),
        ("specialties", specialty, end),
    ):
        place = trimmed(source, label.end(), stop) if label else Span(start, start)
        names = tuple(filter(None, (part.strip() for part in fold_text(source[place.start : place.end]).split(","))))
        if not names:
            problems.append(Problem("value_missing", f"The reviewer's {name} was not found.", None, name))
            continue
        values[name], spans[name] = names, place
        if any(len(each) > 60 for each in names):
            problems.append(Problem("value_doubtful", "A credential is longer than any that is known.", place, name))
    return Reviewer(values.get("licensure", ()), values.get("specialties", ()), spans, tuple(problems))
