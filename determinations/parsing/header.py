"""The header block: seven labelled values in a table, whose cells the text readers put in different orders.

Seen: label and value on one line; label and value on alternate lines; four labels, then their four values; a value
printed before its label. So a value is paired with the label on its own line first, and what is left over is paired
in printed order, each label with the first value that is still free.
"""

import re
from dataclasses import dataclass, field
from datetime import date

from determinations.parsing.dates import read_date
from determinations.parsing.results import Problem
from determinations.parsing.spans import Span

#: Field of the date labels by the label's first word; ``Application`` / ``Received:`` breaks over two lines.
_DATE_LABELS = {
    "assigned": "date_assigned",
    "injury": "date_of_injury",
    "decision": "decision_date",
    "denial": "ur_denial_date",
    "application": "application_received",
}
DATE_FIELDS = tuple(_DATE_LABELS.values())

_TOKEN = re.compile(
    r"Date\s+(?P<assigned>Assigned)\s*:"
    r"|Date\s+of\s+(?P<injury>Injury)\s*:"
    r"|(?P<decision>Decision)\s+Date\s*:"
    r"|UR\s+(?P<denial>Denial)\s+Date\s*:"
    r"|(?P<application>Application)\b(?:\s+Received\s*:)?"
    r"|(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})(?P<name>)(?!\d)"
)
_CASE_NUMBER = re.compile(r"\bCM\s?(\d\d)\s?-\s?(\d{7})\b")
_CASE_LABEL = re.compile(r"Case\s+Number\s*:")
_PRIORITY = re.compile(r"\b(standard|expedited)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """The values of the header block by field name, where they stand, and what was doubtful."""

    case_number: str | None = None
    dates: dict[str, date] = field(default_factory=dict)
    priority: str | None = None
    spans: dict[str, Span] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_header(source: str, end: int) -> Header:
    """The header block in ``source[:end]``; problems say what is missing, or that the whole block is."""
    spans: dict[str, Span] = {}
    case = _CASE_NUMBER.search(source, 0, end)
    labels, values = _labels_and_values(source, end)
    if not labels and not _CASE_LABEL.search(source, 0, end):
        return Header(problems=(Problem("header_missing", "The text has no header block."),))
    problems = []
    if case:
        spans["case_number"] = Span(case.start(), case.end())
    priority = _PRIORITY.search(source, 0, end)
    if priority:
        spans["priority"] = Span(priority.start(), priority.end())
    dates = {}
    paired, certain = _pair(source, labels, values)
    for name, match in paired.items():
        day = read_date(match)
        place = Span(match.start(), match.end())
        if day is None:
            problems.append(Problem("value_doubtful", "The date printed here is no day of the calendar.", place, name))
        else:
            dates[name] = day
            spans[name] = place
    if not certain:
        problems.append(
            Problem("header_doubtful", "The header block's dates do not match its labels one to one.", Span(0, end))
        )
    return Header(
        case_number=f"CM{case[1]}-{case[2]}" if case else None,
        dates=dates,
        priority=priority[1].lower() if priority else None,
        spans=spans,
        problems=tuple(problems),
    )


_Labels = list[tuple[str, Span]]
_Values = list[re.Match[str]]


def _labels_and_values(source: str, end: int) -> tuple[_Labels, _Values]:
    labels: _Labels = []
    values: _Values = []
    for match in _TOKEN.finditer(source, 0, end):
        if match["month"]:
            values.append(match)
        else:
            name = _DATE_LABELS[next(group for group in _DATE_LABELS if match[group])]
            labels.append((name, Span(match.start(), match.end())))
    return labels, values


def _pair(source: str, labels: _Labels, values: _Values) -> tuple[dict[str, re.Match[str]], bool]:
    """Each label's value, and whether the pairing is certain: as many values as labels, no label twice."""
    paired: dict[str, re.Match[str]] = {}
    free = list(values)
    waiting = []
    for name, place in labels:
        beside = next((v for v in free if place.end <= v.start() and _same_line(source, place.end, v.start())), None)
        if beside:
            paired.setdefault(name, beside)
            free.remove(beside)
        else:
            waiting.append((name, place))
    certain = len(waiting) == len(free) and len(labels) == len({name for name, _ in labels}) == len(DATE_FIELDS)
    if len(waiting) == len(free):
        paired.update((name, value) for (name, _), value in zip(waiting, free, strict=True))
    else:
        _pair_neighbours(source, waiting, free, paired)
    return paired, certain


def _pair_neighbours(source: str, waiting: _Labels, free: _Values, paired: dict[str, re.Match[str]]) -> None:
    """Labels and values are not as many: only a value that follows its label directly is taken."""
    for name, place in waiting:
        for value in free:
            if place.end <= value.start() and not source[place.end : value.start()].strip():
                paired[name] = value
                free.remove(value)
                break


def _same_line(source: str, start: int, end: int) -> bool:
    return not source[start:end].strip(" \t")
