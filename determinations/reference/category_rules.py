"""Staff's own rules of what belongs to which treatment category, put before the parser's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from determinations.models import CategoryRule
from determinations.parsing.results import ItemRecord, LetterRecord


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """One rule in force."""

    name: str
    pattern: re.Pattern[str]
    category: str
    subcategory: str

    def fits(self, disputed: str) -> bool:
        """Whether the phrase stands in the disputed part of an item."""
        return self.pattern.search(disputed) is not None


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """A phrase as whole words; capitals and the width of white space do not matter."""
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def active_rules() -> list[ActiveRule]:
    """The rules in force, the longest phrase first: it says the most."""
    rows = CategoryRule.objects.filter(active=True).select_related("category")
    return [
        ActiveRule(f"staff rule {row.pk}", phrase_pattern(row.phrase), row.category.name, row.category.subcategory)
        for row in sorted(rows, key=lambda row: (-len(row.phrase), row.pk))
    ]


def with_rules(document: LetterRecord, rules: Sequence[ActiveRule]) -> LetterRecord:
    """A parsed document with the categories that staff's rules give."""
    if not rules:
        return document
    return {**document, "items": [_ruled(item, rules) for item in document["items"]]}


def _ruled(item: ItemRecord, rules: Sequence[ActiveRule]) -> ItemRecord:
    rule = next((rule for rule in rules if rule.fits(item["disputed"])), None)
    if rule is None:
        return item
    return {**item, "category": rule.category, "subcategory": rule.subcategory, "category_rule": rule.name}
