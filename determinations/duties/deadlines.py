"""Deadlines worked out from rules: pure functions of dates.

A deadline that counts from a date that is missing has no day but a range, as far as one can be told: a letter is
received no earlier than it was issued, and no later than it was uploaded.
"""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from determinations.duties.working_days import add_working_days, next_working_day

#: Words with which a request says that the services were already given.
_GIVEN = re.compile(r"\bretro(?:spective(?:ly)?|active(?:ly)?)?\b|\bdates? of service\b|\bDOS\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force from ``valid_from`` up to and including ``valid_to``.

    ``amount`` counts ``unit`` (working_days, days, months) from the day after the event in ``starts`` (receipt,
    mailing, ur_denial). ``by_mail`` adds calendar days when the letter came by mail. With ``rolls``, a last day that
    is not a working day moves to the next one.
    """

    key: str
    title: str
    starts: str
    amount: int
    unit: str
    task: bool = True
    outcome: str = "any"
    services: str = "any"
    by_mail: int = 0
    rolls: bool = False
    valid_from: date = date.min
    valid_to: date | None = None
    about: str = ""
    source: str = ""
    standing: str = "read"
    pk: int | None = None


@dataclass(frozen=True, slots=True)
class LetterDates:
    """The dates that deadlines of a letter count from; ``by_mail`` is None if the way of service is unknown."""

    issued: date | None
    received: date | None
    ur_denial: date | None
    uploaded: date
    by_mail: bool | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day for something: ``day``, or a range if a date is missing; both bounds may be unknown."""

    rule: Rule
    day: date | None
    earliest: date | None = None
    latest: date | None = None
    missing: str = ""

    @property
    def first_possible(self) -> date | None:
        """The day to work toward: the deadline, or the earliest that it can be."""
        return self.day or self.earliest or self.latest


def services_given(request: str) -> bool:
    """Whether a request says that the services were already given, such as "retrospective" or "date of service"."""
    return bool(_GIVEN.search(request))


def rule_in_force(rules: Iterable[Rule], key: str, on: date) -> Rule | None:
    """The version of a rule in force on a day; the latest to begin if several are."""
    matching = [
        rule
        for rule in rules
        if rule.key == key and rule.valid_from <= on and (rule.valid_to is None or on <= rule.valid_to)
    ]
    return max(matching, key=lambda rule: rule.valid_from, default=None)


def task_rule(rules: Collection[Rule], *, given: bool, on: date) -> Rule | None:
    """What an overturned item obliges to do, by the version in force on a day; None if no rule says."""
    services = "given" if given else "not_given"
    tasks = {
        rule.key for rule in rules if rule.task and rule.outcome == "overturned" and rule.services in ("any", services)
    }
    in_force = [rule for key in sorted(tasks) if (rule := rule_in_force(rules, key, on))]
    return min(in_force, key=lambda rule: rule.services == "any", default=None)


def deadline(rule: Rule, dates: LetterDates, closed: Collection[date] = ()) -> Deadline:
    """The last day under a rule.

    Without the date of receipt, the range runs from the date of the letter to its upload. Whether five days for mail
    apply is unknown without the way of service: the range then has both.
    """
    events = {"receipt": dates.received, "mailing": dates.issued, "ur_denial": dates.ur_denial}
    event = events[rule.starts]
    if event is not None:
        short = last_day(rule, event, closed, by_mail=False)
        long = last_day(rule, event, closed, by_mail=True)
        if short == long or dates.by_mail is not None:
            return Deadline(rule, long if dates.by_mail else short)
        return Deadline(rule, None, short, long, missing="service")
    if rule.starts != "receipt":
        return Deadline(rule, None, missing=rule.starts)
    earliest = last_day(rule, dates.issued, closed) if dates.issued and dates.issued <= dates.uploaded else None
    return Deadline(rule, None, earliest, last_day(rule, dates.uploaded, closed), missing="receipt")


def last_day(rule: Rule, event: date, closed: Collection[date] = (), *, by_mail: bool = False) -> date:
    """The last day under a rule that counts from an event."""
    match rule.unit:
        case "working_days":
            day = add_working_days(event, rule.amount, closed)
        case "months":
            day = _months_after(event, rule.amount)
        case _:
            day = event + timedelta(days=rule.amount)
    if by_mail:
        day += timedelta(days=rule.by_mail)
    return next_working_day(day, closed) if rule.rolls else day


def _months_after(day: date, months: int) -> date:
    """The same day some months later; the last day of the month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
