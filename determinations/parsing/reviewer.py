"""The expert reviewer's credentials: states of licensure and specialties."""

import re
from dataclasses import dataclass, field

from determinations.parsing.results import Problem
from determinations.parsing.spans import Span, fold_text, trimmed

_LICENSURE = re.compile(r"State\(s\)\s+of\s+Licensure\s*:")
_STATES = frozenset(
    (
        "Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut, Delaware, Florida, Georgia, "
        "Hawaii, Idaho, Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland, Massachusetts, "
        "Michigan, Minnesota, Mississippi, Missouri, Montana, Nebraska, Nevada, New Hampshire, New Jersey, "
        "New Mexico, New York, North Carolina, North Dakota, Ohio, Oklahoma, Oregon, Pennsylvania, Rhode "
        "Island, South Carolina, South Dakota, Tennessee, Texas, Utah, Vermont, Virginia, Washington, West "
        "Virginia, Wisconsin, Wyoming, District of Columbia, Washington DC, Washington D.C., Puerto Rico, "
        "Guam, Virgin Islands, U.S. Virgin Islands"
    ).split(", ")
)
#: Characters that a state's or a specialty's name can have; what is longer is text of a damaged letter.
LONGEST_STATE, LONGEST_SPECIALTY = 60, 120
_LONGEST = 60
#: No specialty's name has a digit or a colon, or more words.
_NO_NAME = re.compile(r"[\d:;?]")
_MOST_WORDS = 7
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
    for name, label, stop, longest in (
        ("licensure", licensure, specialty.start() if specialty else end, LONGEST_STATE),
        ("specialties", specialty, end, LONGEST_SPECIALTY),
    ):
        place = trimmed(source, label.end(), stop) if label else Span(start, start)
        names = tuple(filter(None, (part.strip() for part in fold_text(source[place.start : place.end]).split(","))))
        if not names:
            problems.append(Problem("value_missing", f"The reviewer's {name} was not found.", None, name))
            continue
        values[name], spans[name] = tuple(printed for printed in names if len(printed) <= longest), place
        if name == "licensure" and not _STATES.issuperset(names):
            problems.append(
                Problem("value_doubtful", "One of these is not a state of the United States.", place, name)
            )
        if not all(map(_may_be_a_name, names)):
            problems.append(Problem("value_doubtful", "This does not read like a credential.", place, name))
    return Reviewer(values.get("licensure", ()), values.get("specialties", ()), spans, tuple(problems))


def _may_be_a_name(printed: str) -> bool:
    return len(printed) <= _LONGEST and printed.count(" ") < _MOST_WORDS and not _NO_NAME.search(printed)
