"""Words for the values that filters, chips and tables show; one query reads the names kept in the database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db import connection

from determinations.models import LetterState, Outcome
from determinations.models.authorities import Family
from determinations.parsing.problems import PROBLEMS

#: Ages in bands; a band is named by its first year, and ends where the next begins.
AGE_BANDS: tuple[tuple[str, str, int, int], ...] = (
    ("under-30", "under 30", 0, 29),
    ("30-39", "30 to 39", 30, 39),
    ("40-49", "40 to 49", 40, 49),
    ("50-59", "50 to 59", 50, 59),
    ("60-69", "60 to 69", 60, 69),
    ("70-over", "70 and over", 70, 999),
)
#: Whole years from the injury to the decision in bands: name, label, first, last.
CLAIM_AGES: tuple[tuple[str, str, int, int], ...] = (
    ("0", "under a year", 0, 0),
    ("1", "1 year", 1, 1),
    ("2", "2 years", 2, 2),
    ("3-5", "3 to 5 years", 3, 5),
    ("6-9", "6 to 9 years", 6, 9),
    ("10-19", "10 to 19 years", 10, 19),
    ("20-over", "20 years and more", 20, 999),
)
#: Calendar days to the decision in bands: name, label, first, last.
DAY_BANDS: tuple[tuple[str, str, int, int], ...] = (
    ("0-14", "0 to 14 days", 0, 14),
    ("15-29", "15 to 29 days", 15, 29),
    ("30-44", "30 to 44 days", 30, 44),
    ("45-59", "45 to 59 days", 45, 59),
    ("60-89", "60 to 89 days", 60, 89),
    ("90-119", "90 to 119 days", 90, 119),
    ("120-179", "120 to 179 days", 120, 179),
    ("180-364", "180 to 364 days", 180, 364),
    ("365-over", "365 days and more", 365, 10**7),
)
#: The bits of ``ItemFact.claims_families`` and ``reviewer_families``.
FAMILY_BITS = {Family.MTUS: 1, Family.ACOEM: 2, Family.ODG: 4, Family.OTHER: 8}

_FIXED: Mapping[str, Mapping[str, str]] = {
    "outcome": {str(value): str(label) for value, label in Outcome.choices},
    "decision": {
        "upheld": "Upheld",
        "overturned": "Overturned",
        "unknown": "No decision read",
    },
    "family": {**{str(value): str(label) for value, label in Family.choices}, "none": "Nothing cited"},
    "sex": {"female": "Female", "male": "Male", "unknown": "Not known"},
    "priority": {"standard": "Standard", "expedited": "Expedited", "unknown": "Not known"},
    "age": {**{band: label for band, label, _first, _last in AGE_BANDS}, "unknown": "Not known"},
    "state": {str(value): str(label).capitalize() for value, label in LetterState.choices},
    "undated": {
        "decided": "No decision date",
        "injured": "No injury date",
        "denied": "No UR denial date",
        "received": "No date received",
    },
    "claim_age": {**{band: label for band, label, _first, _last in CLAIM_AGES}, "unknown": "Not known"},
    "days": {
        **{band: label for band, label, _first, _last in DAY_BANDS},
        "known": "Both dates known",
        "unknown": "A date is not known",
    },
    "standing": {
        "current": "in force on the day",
        "superseded": "superseded on the day",
        "early": "not yet in force on the day",
        "undated": "day not known",
        "unjudged": "validity of the edition not known",
    },
    "yes_no": {"yes": "Yes", "no": "No"},
}

_READ = """
SELECT 'category', id, name, subcategory, name || '/' || subcategory FROM determinations_category
UNION ALL
SELECT 'authority', id, family, title, key FROM determinations_authority
ORDER BY 1, 3, 4
"""


@dataclass(frozen=True)
class CategoryName:
    """A category's row: ``key`` is ``name/subcategory``, as it stands in addresses."""

    id: int
    name: str
    subcategory: str
    key: str


_WORD = re.compile(r"\w+")
_TAILS = re.compile(
    r" (?:Complaints|(?:Medical )?(?:Treatment )?Guidelines|Conditions|Disorders)\b| \((?:Acute|Chronic)[^)]*\)"
)


@dataclass(frozen=True)
class AuthorityName:
    """An authority's row: ``key`` such as ``mtus/low-back``, as it stands in addresses."""

    id: int
    family: str
    title: str
    key: str

    @property
    def short(self) -> str:
        """The name for a narrow column: ``MTUS Chronic Pain``, ``ODG Knee & Leg``, ``ODG``."""
        if self.key.endswith("/unspecified"):
            return self.family.upper()
        return _TAILS.sub("", str(self)) or str(self)

    def __str__(self) -> str:
        if self.family == Family.OTHER:
            return self.title
        name = self.family.upper()
        return self.title if self.title.upper().startswith((name, "OFFICIAL", "ACOEM")) else f"{name} {self.title}"


@dataclass(frozen=True)
class Labels:
    """Names of categories and authorities, and words for every value that a filter knows."""

    categories: tuple[CategoryName, ...]
    authorities: tuple[AuthorityName, ...]

    @cached_property
    def category_by_id(self) -> Mapping[int, CategoryName]:
        return {category.id: category for category in self.categories}

    @cached_property
    def authority_by_id(self) -> Mapping[int, AuthorityName]:
        return {authority.id: authority for authority in self.authorities}

    @cached_property
    def _authority_by_key(self) -> Mapping[str, AuthorityName]:
        return {authority.key: authority for authority in self.authorities}

    def category_names(self) -> list[str]:
        """The categories' names in order, each once."""
        return list(dict.fromkeys(category.name for category in self.categories))

    def of(self, kind: str, value: str) -> str:
        """The word for a value, such as ``of("authority", "odg/pain")``; the value itself where none is known."""
        if kind == "authority":
            found = self._authority_by_key.get(value)
            return str(found) if found else value
        if kind == "subcategory":
            return value.replace("/", ": ", 1)
        if kind == "family" and value == "any":
            return "Anything"
        if kind == "part":
            key, _, part = value.partition("@")
            return f"{self.of('authority', key)}: {part or 'not printed'}" if key != "any" else "any"
        if kind == "problem":
            problem = PROBLEMS.get(value)
            return problem.label if problem else value
        return _FIXED.get(kind, {}).get(value, value)

    def authorities_named(self, typed: str, limit: int = 6) -> list[AuthorityName]:
        """The guidelines whose name has every word typed, the one named exactly so first: ``mtus chronic pain``."""
        words = set(_WORD.findall(typed.lower()))
        if not words:
            return []
        named = [name for name in self.authorities if words <= set(_WORD.findall(f"{name.family} {name}".lower()))]
        named.sort(key=lambda name: set(_WORD.findall(name.short.lower())) != words)
        return named[:limit]

    def fixed(self, kind: str) -> Mapping[str, str]:
        """All values of a kind that has a fixed set, in order, with their words."""
        return _FIXED.get(kind, {})


def read_labels() -> Labels:
    """The names as they are now: one query."""
    categories, authorities = [], []
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        for kind, pk, first, second, key in cursor.fetchall():
            if kind == "category":
                categories.append(CategoryName(pk, first, second, key))
            else:
                authorities.append(AuthorityName(pk, first, second, key))
    return Labels(tuple(categories), tuple(authorities))
