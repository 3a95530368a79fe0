"""The rules in force: seeded from ``rules.toml``, edited by administrators."""

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from django.db import connections

from determinations.duties.deadlines import Rule
from determinations.models import ClosedDay, DutyRule

_SEED = Path(__file__).with_name("rules.toml")


def seed_duty_rules(using: str = "default", **details: object) -> None:
    """Add the rules of ``rules.toml`` of which no version is stored yet; edited rules are left alone.

    A receiver of ``post_migrate``; safe to run again.
    """
    if DutyRule._meta.db_table not in connections[using].introspection.table_names():
        return  # migrated back to before the table existed
    with _SEED.open("rb") as file:
        entries = tomllib.load(file)["rule"]
    known = set(DutyRule.objects.using(using).values_list("key", flat=True))
    DutyRule.objects.using(using).bulk_create(DutyRule(**entry) for entry in entries if entry["key"] not in known)


def read_rules() -> list[Rule]:
    """All versions of all rules."""
    return [
        Rule(
            key=row.key, title=row.title, starts=row.starts, amount=row.amount, unit=row.unit, task=row.task,
            outcome=row.outcome, services=row.services, by_mail=row.by_mail, rolls=row.rolls,
            valid_from=row.valid_from, valid_to=row.valid_to, about=row.about, source=row.source,
            standing=row.standing, pk=row.pk,
        )
        for row in DutyRule.objects.all()
    ]  # fmt: skip


def windows(rules: Sequence[Rule], *, outcomes: set[str], on: date) -> list[Rule]:
    """The rules that are no tasks, such as the window to appeal, in force on a day, for a letter's decisions."""
    newest: dict[str, Rule] = {}
    for rule in rules:
        in_force = rule.valid_from <= on and (rule.valid_to is None or on <= rule.valid_to)
        applies = rule.outcome == "any" or rule.outcome in outcomes
        if not rule.task and in_force and applies:
            known = newest.get(rule.key)
            if known is None or known.valid_from < rule.valid_from:
                newest[rule.key] = rule
    return list(newest.values())


def closed_days() -> frozenset[date]:
    """The further days on which offices are closed."""
    return frozenset(ClosedDay.objects.values_list("day", flat=True))
