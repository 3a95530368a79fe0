"""What administrators taught: printed forms of guidelines mapped to authorities, and rules of treatment categories.

Both are kept for good: putting one in force ends the one before it, and ending it leaves the row. Letters follow by
being read again (``reparsing``), previewed first.
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
from determinations.parsing.citations import normalised_form
from determinations.reference.category_rules import ActiveRule, active_rules, phrase_pattern

#: Printed citations that the work-list looks at.
_LISTED = 200_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """An alias or a category rule that is not in force yet, or (``target`` None) one that is to end.

    ``words`` is the printed form or the phrase; ``target`` the number of the authority or of the category.
    """

    kind: Literal["alias", "rule"]
    words: str
    target: int | None

    def to_json(self) -> ProposalRecord:
        """As a run keeps it."""
        return {"kind": self.kind, "words": self.words, "target": self.target}

    @classmethod
    def from_json(cls, kept: ProposalRecord) -> "Proposal":
        """As a run kept it."""
        return cls(kept["kind"], kept["words"], kept["target"])


@dataclass(frozen=True, slots=True)
class UnknownForm:
    """A printed citation that no authority is known for, and how often it is printed."""

    normalised: str
    printed: str
    authority_key: str
    citations: int
    letters: int


def aliases_in_force() -> dict[str, str]:
    """The authority's key by the normalised printed form: what ``parse_letter`` and ``read_guideline`` take."""
    return dict(AuthorityAlias.objects.filter(active=True).values_list("normalised", "authority__key"))


def proposed_aliases(proposal: Proposal | None) -> dict[str, str]:
    """The aliases in force as the proposal would have them."""
    aliases = aliases_in_force()
    if proposal and proposal.kind == "alias":
        aliases.pop(normalised_form(proposal.words), None)
        if proposal.target is not None:
            aliases[normalised_form(proposal.words)] = Authority.objects.get(pk=proposal.target).key
    return aliases


def proposed_rules(proposal: Proposal | None) -> list[ActiveRule]:
    """The category rules in force as the proposal would have them."""
    rules = active_rules()
    if proposal is None or proposal.kind != "rule":
        return rules
    replaced = phrase_pattern(proposal.words).pattern
    rules = [rule for rule in rules if rule.pattern.pattern != replaced]
    if proposal.target is not None:
        category = Category.objects.get(pk=proposal.target)
        rules.append(ActiveRule("staff rule", phrase_pattern(proposal.words), category.name, category.subcategory))
    return sorted(rules, key=lambda rule: -len(rule.pattern.pattern))


def put_in_force(proposal: Proposal, *, by: User, now: datetime) -> None:
    """Make an alias or a rule, or end one; in the caller's hands to have the letters read again."""
    check_permission(by, "correct_cases")
    with transaction.atomic():
        row: AuthorityAlias | CategoryRule | None = None
        if proposal.kind == "alias":
            form = normalised_form(proposal.words)[:500]
            former = AuthorityAlias.objects.filter(normalised=form, active=True)
            former.update(active=False, ended_by=by.pk, ended_at=now)
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
    """A guideline that the parser's data do not hold; its key is made of its title.

    With an ``edition`` the dates are those in which that edition was in force.
    """
    check_permission(by, "correct_cases")
    stem = f"{family}/{normalised_form(title).replace(' ', '-')[:80]}"
    with transaction.atomic():
        authority, made = Authority.objects.get_or_create(
            key=stem,
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
        if made:
            audit.record("authority.added", by=by, at=now, authority=authority.pk)
    return authority


def unknown_forms(*, words: str = "", limit: int = 100) -> Sequence[UnknownForm]:
    """Printed citations whose source is not known, the most frequent first."""
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
            [normalised_form(words), _LISTED, limit],
        )
        return [UnknownForm(*row) for row in cursor.fetchall()]
