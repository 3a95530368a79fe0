"""Aliases (printed forms of guidelines mapped to authorities) and category rules, both maintained by administrators.

Rows are never deleted: activating one deactivates its predecessor. Letters pick up a change when they are read again
(``reparsing``), after a preview.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.contrib.auth.models import User
from django.db import connection, transaction

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.models import Authority, AuthorityAlias, Category, CategoryRule, EditionValidity
from determinations.models.reparsing import ProposalRecord
from determinations.parsing.citations import normalized_form
from determinations.reference.category_rules import ActiveRule, active_rules, phrase_pattern

#: The number of printed citations that the work list reads.
_WORK_LIST_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """An alias or category rule to activate, or to deactivate if ``target`` is None.

    ``words`` is the printed form or the phrase; ``target`` is the ID of the authority or category.
    """

    kind: Literal["alias", "rule"]
    words: str
    target: int | None

    def to_json(self) -> ProposalRecord:
        """As stored with a run."""
        return {"kind": self.kind, "words": self.words, "target": self.target}

    @classmethod
    def from_json(cls, record: ProposalRecord) -> "Proposal":
        """As read from a run."""
        return cls(record["kind"], record["words"], record["target"])


@dataclass(frozen=True, slots=True)
class UnknownForm:
    """A printed citation of an unknown authority, and how often it occurs."""

    normalised: str
    printed: str
    authority_key: str
    citations: int
    letters: int


def aliases_in_force() -> dict[str, str]:
    """Active aliases: authority keys by normalized printed form, for ``parse_letter`` and ``read_guideline``."""
    return dict(AuthorityAlias.objects.filter(active=True).values_list("normalised", "authority__key"))


def proposed_aliases(proposal: Proposal | None) -> dict[str, str]:
    """The active aliases if the proposal were accepted."""
    aliases = aliases_in_force()
    if proposal and proposal.kind == "alias":
        aliases.pop(normalized_form(proposal.words), None)
        if proposal.target is not None:
            aliases[normalized_form(proposal.words)] = Authority.objects.get(pk=proposal.target).key
    return aliases


def proposed_rules(proposal: Proposal | None) -> list[ActiveRule]:
    """The active category rules if the proposal were accepted."""
    rules = active_rules()
    if proposal is None or proposal.kind != "rule":
        return rules
    replaced = phrase_pattern(proposal.words).pattern
    rules = [rule for rule in rules if rule.pattern.pattern != replaced]
    if proposal.target is not None:
        category = Category.objects.get(pk=proposal.target)
        rules.append(ActiveRule("staff rule", phrase_pattern(proposal.words), category.name, category.subcategory))
    return sorted(rules, key=lambda rule: -len(rule.pattern.pattern))


def apply_proposal(proposal: Proposal, *, by: User, now: datetime) -> None:
    """Activate or deactivate an alias or rule. The caller is responsible for reading the letters again."""
    check_permission(by, "correct_cases")
    with transaction.atomic():
        row: AuthorityAlias | CategoryRule | None = None
        if proposal.kind == "alias":
            form = normalized_form(proposal.words)[:500]
            previous = AuthorityAlias.objects.filter(normalised=form, active=True)
            previous.update(active=False, ended_by=by.pk, ended_at=now)
            if proposal.target is not None:
                row = AuthorityAlias.objects.create(
                    printed=proposal.words[:500], normalised=form, authority_id=proposal.target, by_id=by.pk, at=now
                )
        else:
            phrase = " ".join(proposal.words.lower().split())[:200]
            rules = CategoryRule.objects.filter(phrase=phrase, active=True)
            rules.update(active=False, ended_by=by.pk, ended_at=now)
            if proposal.target is not None:
                row = CategoryRule.objects.create(phrase=phrase, category_id=proposal.target, by_id=by.pk, at=now)
        audit.record(
            f"{proposal.kind}.{'added' if row else 'ended'}",
            by=by,
            at=now,
            id=row.pk if row else None,
            target=proposal.target,
        )


def add_authority(
    *,
    family: str,
    title: str,
    acoem_chapter: str,
    edition: str,
    valid_from: date | None,
    valid_to: date | None,
    by: User,
    now: datetime,
) -> Authority:
    """Add a guideline that the parser's data do not include; its key is derived from its title.

    With an ``edition``, the dates are the effective dates of that edition.
    """
    check_permission(by, "correct_cases")
    key = f"{family}/{normalized_form(title).replace(' ', '-')[:80]}"
    with transaction.atomic():
        authority, created = Authority.objects.get_or_create(
            key=key,
            defaults={
                "family": family,
                "title": title,
                "acoem_chapter": acoem_chapter,
                "valid_from": None if edition else valid_from,
                "valid_to": None if edition else valid_to,
            },
        )
        if edition:
            EditionValidity.objects.get_or_create(
                authority=authority,
                edition=edition,
                defaults={"valid_from": valid_from, "valid_to": valid_to, "source": f"entered by {by.get_username()}"},
            )
        if created:
            audit.record("authority.added", by=by, at=now, authority=authority.pk)
    return authority


def unknown_forms(*, words: str = "", limit: int = 100) -> Sequence[UnknownForm]:
    """Printed citations of unknown authorities, most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT normalised, min(printed), min(authority_key), count(*), count(DISTINCT letter_id)
            FROM (
                SELECT normalised, printed, authority_key, letter_id FROM determinations_printedcitation
                WHERE NOT aliased AND position(%s IN normalised) > 0 LIMIT %s
            ) AS listed
            GROUP BY normalised ORDER BY count(*) DESC, normalised LIMIT %s
            """,
            [normalized_form(words), _WORK_LIST_LIMIT, limit],
        )
        return [UnknownForm(*row) for row in cursor.fetchall()]
