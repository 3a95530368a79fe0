"""Category rules by staff, which take precedence over the parser's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from determinations.models import CategoryRule
from determinations.parsing.results import ItemRecord, LetterRecord


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """An active rule."""

    name: str
    pattern: re.Pattern[str]
    category: str
    subcategory: str

    def matches(self, disputed: str) -> bool:
        """Whether the disputed part of an item contains the phrase."""
        return self.pattern.search(disputed) is not None


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """A pattern for the phrase as whole words, ignoring case and the amount of white space."""
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def active_rules() -> list[ActiveRule]:
    """The active rules, longest (most specific) phrase first."""
    rows = CategoryRule.objects.filter(active=True).values_list(
        "pk", "phrase", "category__name", "category__subcategory"
    )
    return [
        ActiveRule(f"staff rule {pk}", phrase_pattern(phrase), category, subcategory)
        for pk, phrase, category, subcategory in sorted(rows, key=lambda row: (-len(row[1]), row[0]))
    ]


def with_rules(document: LetterRecord, rules: Sequence[ActiveRule]) -> LetterRecord:
    """The parsed document with the categories of matching rules."""
    if not rules:
        return document
    return {**document, "items": [_with_category(item, rules) for item in document["items"]]}


def _with_category(item: ItemRecord, rules: Sequence[ActiveRule]) -> ItemRecord:
    rule = next((rule for rule in rules if rule.matches(item["disputed"])), None)
    if rule is None:
        return item
    return {**item, "category": rule.category, "subcategory": rule.subcategory, "category_rule": rule.name}
