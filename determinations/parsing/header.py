"""The header block: seven labelled values in a table, whose cells the text readers put in different orders.

Seen: label and value on one line; label and value on alternate lines; four labels, then their four values; a value
printed before its label. A block in which each value follows its label, as most readers print it, is read at once.
Otherwise a value is paired with the label on its own line first, and what is left over is paired in printed order,
each label with the first value that is still free.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from determinations.parsing.check_marks import is_beside_box
from determinations.parsing.checks import check_dates
from determinations.parsing.dates import ANY_DATE, calendar_day, read_date
from determinations.parsing.results import Problem
from determinations.parsing.spans import Span, make

#: Field of the date labels by the label's first word; ``Application`` / ``Received:`` breaks over two lines.
_DATE_LABELS = {
    "assigned": "date_assigned",
    "injury": "date_of_injury",
    "decision": "decision_date",
    "denial": "ur_denial_date",
    "application": "application_received",
}
DATE_FIELDS = tuple(_DATE_LABELS.values())

_DAY = r"\d\d/\d\d/\d{4}"
_TOKEN = re.compile(
    r"Date\s+(?P<assigned>Assigned)\s*:"
    r"|Date\s+of\s+(?P<injury>Injury)\s*:"
    r"|(?P<decision>Decision)\s+Date\s*:"
    r"|UR\s+(?P<denial>Denial)\s+Date\s*:"
    r"|(?P<application>Application)\b(?:\s+Received\s*:)?"
    r"|(?<![\d/.-])(?P<value>" + ANY_DATE + ")"
)
#: ``CM16-0213037``, with eight digits too, with a dash of any kind or none.
CASE_NUMBER = re.compile(r"\b[Cc][Mm]\s?(\d\d)\s?[-\u2012-\u2015]?\s?(\d{7,8})(?!\d)")
_CASE_LABEL = re.compile(r"Case\s+Number\s*:")
#: The whole block in its usual order, each value after its label.
_USUAL = re.compile(
    r"\s*Case\s+Number\s*:\s*(?P<case_number>CM\d\d-\d{7,8})"
    + "".join(
        rf"\s+{label}\s*:\s*(?P<{name}>{value})"
        for label, name, value in (
            (r"Date\s+Assigned", "date_assigned", _DAY),
            (r"Date\s+of\s+Injury", "date_of_injury", _DAY),
            (r"Decision\s+Date", "decision_date", _DAY),
            (r"UR\s+Denial\s+Date", "ur_denial_date", _DAY),
            ("Priority", "priority", "Standard|Expedited"),
            (r"Application\s+Received", "application_received", _DAY),
        )
    )
    + r"\s*"
)
_PRIORITY = re.compile(r"\b([Ss]tandard|[Ee]xpedited|STANDARD|EXPEDITED)\b")


@dataclass(frozen=True, slots=True)
class Header:
    """The values of the header block by field name, where they are, and what was doubtful."""

    case_number: str | None = None
    dates: dict[str, date] = field(default_factory=dict)
    priority: str | None = None
    spans: dict[str, Span] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_header(source: str, end: int) -> Header:
    """The header block in ``source[:end]``; problems say what is missing, or that the whole block is."""
    if (usual := _USUAL.fullmatch(source, 0, end)) and (header := _read_usual(usual)):
        return header
    spans: dict[str, Span] = {}
    case = CASE_NUMBER.search(source, 0, end)
    tokens = _read_tokens(source, end)
    if not tokens.names and not _CASE_LABEL.search(source, 0, end):
        return Header(problems=(Problem("header_missing", "The text has no header block."),))
    problems = []
    if case:
        spans["case_number"] = Span(case.start(), case.end())
    priority = _PRIORITY.search(source, 0, end)
    if priority and is_beside_box(source, Span(*priority.span())):
        priority = None
    if priority:
        spans["priority"] = Span(priority.start(), priority.end())
    dates = {}
    paired, certain = _pair(source, tokens)
    for name, match in paired.items():
        day = read_date(match)
        place = Span(match.start(), match.end())
        if day is None:
            problems.append(Problem("value_doubtful", "This is not a valid date.", place, name))
        else:
            dates[name] = day
            spans[name] = place
    by_order = len(paired) > len(tokens.beside)
    if not certain or (by_order and next(check_dates(dates, spans), None)):
        problems.append(
            Problem(
                "header_doubtful",
                "It is uncertain which date belongs to which label.",
                Span(0, end),
            )
        )
    return Header(
        case_number=f"CM{case[1]}-{case[2]}" if case else None,
        dates=dates,
        priority=priority[1].lower() if priority else None,
        spans=spans,
        problems=tuple(problems),
    )


def _read_usual(block: re.Match[str]) -> Header | None:
    """The values of a block in its usual order; None when one of its dates is no day of the calendar."""
    dates: dict[str, date] = {}
    spans = {name: make(Span, block.span(name)) for name in ("case_number", "priority")}
    for name in DATE_FIELDS:
        printed = block[name]
        day = calendar_day(int(printed[6:]), int(printed[:2]), int(printed[3:5]))
        if day is None:
            return None
        dates[name] = day
        spans[name] = make(Span, block.span(name))
    return Header(block["case_number"], dates, block["priority"].lower(), spans)


class _Tokens(NamedTuple):
    """Labels and values of dates: the values that are next to their label, and the labels and values left over."""

    names: list[str]
    beside: dict[str, re.Match[str]]
    waiting: list[tuple[str, int]]
    free: list[re.Match[str]]


def _read_tokens(source: str, end: int) -> _Tokens:
    """Labels wait, with the offset of their end, for a value; a value on the same line is theirs."""
    tokens = _Tokens([], {}, [], [])
    label_is_last = False
    for match in _TOKEN.finditer(source, 0, end):
        if match.lastgroup in _DATE_LABELS:
            name = _DATE_LABELS[match.lastgroup]
            tokens.names.append(name)
            tokens.waiting.append((name, match.end()))
            label_is_last = True
            continue
        if label_is_last and not source[tokens.waiting[-1][1] : match.start()].strip(" \t"):
            tokens.beside[tokens.waiting.pop()[0]] = match
        else:
            tokens.free.append(match)
        label_is_last = False
    return tokens


def _pair(source: str, tokens: _Tokens) -> tuple[dict[str, re.Match[str]], bool]:
    """Each label's value, and whether the pairing is certain: every label once, and as many values."""
    as_many = len(tokens.waiting) == len(tokens.free)
    certain = as_many and len(tokens.names) == len(set(tokens.names)) == len(DATE_FIELDS)
    paired = dict(tokens.beside)
    if as_many:
        paired.update((name, value) for (name, _), value in zip(tokens.waiting, tokens.free, strict=True))
        return paired, certain
    for name, label_end in tokens.waiting:  # only a value that follows its label directly is taken
        for value in tokens.free:
            if label_end <= value.start() and not source[label_end : value.start()].strip():
                paired[name] = value
                tokens.free.remove(value)
                break
    return paired, certain
