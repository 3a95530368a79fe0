"""The treatment category of a disputed item, worked out from its words.

Letters print no category: what is here is always an inference, named with the rule that made it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from determinations.parsing.categories.regions import REGIONS, body_region, body_regions
from determinations.parsing.categories.rules import DRUGS, Drug, Rule, RuleBook

__all__ = [
    "CATEGORIES",
    "DRUGS",
    "NO_RULE",
    "REGIONS",
    "Assignment",
    "Category",
    "Drug",
    "Rule",
    "body_region",
    "body_regions",
    "categorize",
    "rule_book",
]


class Assignment(NamedTuple):
    """Category and subcategory of a request, and the id of the rule that said so (``none``: no rule fitted)."""

    category: str
    subcategory: str
    rule: str


@dataclass(frozen=True, slots=True)
class Category:
    """A treatment category; subcategories map name to description; ``dwc_category`` is its name in public reports."""

    name: str
    description: str
    dwc_category: str
    subcategories: Mapping[str, str]


def _read_categories() -> dict[str, Category]:
    data = tomllib.loads((files(__package__) / "categories.toml").read_text(encoding="utf-8"))
    return {entry["name"]: Category(**entry) for entry in data["category"]}


#: Every category by name, in the order of the regulator's page, "Other" last.
CATEGORIES: Mapping[str, Category] = _read_categories()

#: The longest request known has 558 characters; of a longer text the beginning is categorized.
_LONGEST_REQUEST = 3_000

#: What stands for a rule where none fitted.
NO_RULE = "none"


@cache
def rule_book() -> RuleBook:
    """The rules, read when the first request is categorized."""
    return RuleBook()


@lru_cache(maxsize=16384)
def categorize(request: str) -> Assignment:
    """The treatment category of a disputed item, ``request`` being its text on one line (the part in dispute)."""
    rule = rule_book().first_fitting(request[:_LONGEST_REQUEST])
    return Assignment(rule.category, rule.subcategory, rule.id) if rule else Assignment("Other", "Other", NO_RULE)
