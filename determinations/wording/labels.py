"""Labels for the values that filters, chips and tables show. One query reads the names stored in the database."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache

from django.db import connection
from django.utils import timezone

from determinations.models import OfficeField, OfficeValue, Outcome, WorkStatus
from determinations.models.authorities import Family
from determinations.parsing.grounds import GROUNDS
from determinations.parsing.layouts import LAYOUTS
from determinations.parsing.problems import PROBLEMS
from determinations.wording.states import STATES

#: Age bands: name, label, first, last.
AGE_BANDS: tuple[tuple[str, str, int, int], ...] = (
    ("under-30", "younger than 30", 0, 29),
    ("30-39", "30 to 39", 30, 39),
    ("40-49", "40 to 49", 40, 49),
    ("50-59", "50 to 59", 50, 59),
    ("60-69", "60 to 69", 60, 69),
    ("70-over", "70 and older", 70, 999),
)
#: Bands of full years from the injury to the decision: name, label, first, last.
CLAIM_AGES: tuple[tuple[str, str, int, int], ...] = (
    ("0", "less than a year", 0, 0),
    ("1", "1 year", 1, 1),
    ("2", "2 years", 2, 2),
    ("3-5", "3 to 5 years", 3, 5),
    ("6-9", "6 to 9 years", 6, 9),
    ("10-19", "10 to 19 years", 10, 19),
    ("20-over", "20 years or more", 20, 999),
)
#: Bands of calendar days to the decision: name, label, first, last.
DAY_BANDS: tuple[tuple[str, str, int, int], ...] = (
    ("0-14", "0 to 14 days", 0, 14),
    ("15-29", "15 to 29 days", 15, 29),
    ("30-44", "30 to 44 days", 30, 44),
    ("45-59", "45 to 59 days", 45, 59),
    ("60-89", "60 to 89 days", 60, 89),
    ("90-119", "90 to 119 days", 90, 119),
    ("120-179", "120 to 179 days", 120, 179),
    ("180-364", "180 to 364 days", 180, 364),
    ("365-over", "365 days or more", 365, 10**7),
)
#: The bits of ``ItemFact.claims_families`` and ``reviewer_families``.
FAMILY_BITS = {Family.MTUS: 1, Family.ACOEM: 2, Family.ODG: 4, Family.OTHER: 8}

_FIXED: Mapping[str, Mapping[str, str]] = {
    "outcome": {str(value): str(label) for value, label in Outcome.choices},
    "decision": {
        "upheld": "Upheld",
        "overturned": "Overturned",
        "unknown": "Decision not found",
    },
    "family": {**{str(value): str(label) for value, label in Family.choices}, "none": "Nothing cited"},
    "sex": {"female": "Female", "male": "Male", "unknown": "Unknown"},
    "priority": {"standard": "Standard", "expedited": "Expedited", "unknown": "Unknown"},
    "age": {**{band: label for band, label, _first, _last in AGE_BANDS}, "unknown": "Unknown"},
    "state": {str(state): words.label for state, words in STATES.items()},
    "layout": {
        **{key: layout.label[:1].upper() + layout.label[1:] for key, layout in LAYOUTS.items()},
        "": "Unknown layout",
    },
    "text_method": {"pdf": "a PDF", "scan": "a scan", "text": "a text document", "picture": "a picture"},
    "problem": {code: problem.label for code, problem in PROBLEMS.items()},
    "undated": {
        "decided": "No decision date",
        "injured": "No injury date",
        "denied": "No UR denial date",
        "received": "No date received",
    },
    "claim_age": {**{band: label for band, label, _first, _last in CLAIM_AGES}, "unknown": "Unknown"},
    "days": {
        **{band: label for band, label, _first, _last in DAY_BANDS},
        "known": "Both dates known",
        "unknown": "A date is unknown",
    },
    "standing": {
        "current": "in force",
        "superseded": "superseded",
        "early": "not yet in force",
        "undated": "relevant date unknown",
        "unjudged": "effective dates unknown",
    },
    "ground": {**{code: kind.label for code, kind in GROUNDS.items()}, "unknown": "None recognized"},
    "duty": {
        "open": "Open",
        "met": "Done in time",
        "late": "Done late",
        "done_undated": "Done, due date unknown",
        "not_required": "Not required",
        "none": "Nothing to do",
    },
    "duty_rule": {"authorize": "Authorize", "reimburse": "Reimburse"},
    "duty_due": {"known": "Due date known", "unknown": "Receipt not entered"},
    "owner": {"nobody": "No one"},
    "status": {str(value): str(label) for value, label in WorkStatus.choices},
    "yes_no": {"yes": "Yes", "no": "No"},
}


def _time_in_words(value: str) -> str:
    """A time of an address in the time zone of the pages; a day, and what is no time, as it is."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"{timezone.localtime(at):%b %-d, %Y, %H:%M}" if timezone.is_aware(at) else value


def fixed_label(kind: str, value: str) -> str:
    """The label of a value of a fixed vocabulary; the value itself if it has none."""
    return _FIXED.get(kind, {}).get(value, value)


#: Whether a field has values is asked in the order of their index: EXISTS would look for one among the values of all
#: other fields, and in vain where there is none.
_READ = """
SELECT 'category', id, name, subcategory, name || '/' || subcategory FROM determinations_category
UNION ALL
SELECT 'authority', id, family, title, key FROM determinations_authority
UNION ALL
SELECT 'field', slot, to_jsonb(field)::text,
    ((SELECT id FROM determinations_officevalue WHERE field_id = slot ORDER BY normal LIMIT 1) IS NOT NULL)::text, key
FROM determinations_officefield AS field WHERE retired_at IS NULL
ORDER BY 1, 3, 4
"""


@dataclass(frozen=True)
class CategoryName:
    """A category's row: ``key`` is ``name/subcategory``, as in addresses."""

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
    """An authority's row: ``key`` is for example ``mtus/low-back``, as in addresses."""

    id: int
    family: str
    title: str
    key: str

    @cached_property
    def short(self) -> str:
        """The short name for narrow columns: ``MTUS Chronic Pain``, ``ODG Knee & Leg``, ``ODG``."""
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
    """Names of categories and authorities, and labels for every value of every filter."""

    categories: tuple[CategoryName, ...]
    authorities: tuple[AuthorityName, ...]
    #: User names of owners and names of tags that a page offers to choose from.
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    #: The office's fields in use that the user may see, in order; and those of them that have values.
    office_fields: tuple[OfficeField, ...] = ()
    used_fields: frozenset[int] = frozenset()
    #: Texts of the values of office fields by ID, as far as the page shows them (see ``value_texts``).
    office_values: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def office_field_by_slot(self) -> Mapping[int, OfficeField]:
        return {one.slot: one for one in self.office_fields}

    def shown_fields(self) -> list[OfficeField]:
        """The office's fields that have values: lists, filters and statistics show no others."""
        return [one for one in self.office_fields if one.slot in self.used_fields]

    @cached_property
    def category_by_id(self) -> Mapping[int, CategoryName]:
        return {category.id: category for category in self.categories}

    @cached_property
    def authority_by_id(self) -> Mapping[int, AuthorityName]:
        return {authority.id: authority for authority in self.authorities}

    @cached_property
    def _authority_by_key(self) -> Mapping[str, AuthorityName]:
        return {authority.key: authority for authority in self.authorities}

    @cached_property
    def _authority_by_name(self) -> Mapping[str, AuthorityName]:
        return {str(authority).casefold(): authority for authority in reversed(self.authorities)}

    def authority_name(self, key: str) -> str:
        """The authority's name as it can be typed; its key where another one has the same name, or none is known."""
        name = self.of("authority", key)
        return name if self.authority_key(name) == key else key

    def authority_key(self, typed: str) -> str:
        """The key of the authority that is typed by its name or its key; what is neither stays as typed."""
        named = self._authority_by_name.get(" ".join(typed.split()).casefold())
        return named.key if named else typed

    def category_names(self) -> list[str]:
        """The names of the categories in order, without repeats."""
        return list(dict.fromkeys(category.name for category in self.categories))

    def of(self, kind: str, value: str) -> str:
        """The label of a value, such as ``of("authority", "odg/pain")``; the value itself if it has none."""
        if kind == "authority":
            authority = self._authority_by_key.get(value)
            return str(authority) if authority else value
        if kind == "subcategory":
            return value.replace("/", ": ", 1)
        if kind == "family" and value == "any":
            return "Anything"
        if kind == "part":
            key, _, part = value.partition("@")
            return f"{self.of('authority', key)}: {part or 'not printed'}" if key != "any" else "any"
        if kind == "letters":
            return f"{value.count(',') + 1} selected"
        if kind == "time":
            return _time_in_words(value)
        return fixed_label(kind, value)

    def authorities_named(self, typed: str, limit: int = 6) -> list[AuthorityName]:
        """The guidelines whose names contain every word typed, exact matches first: ``mtus chronic pain``."""
        words = set(_WORD.findall(typed.lower()))
        if not words:
            return []
        named = [name for name in self.authorities if words <= set(_WORD.findall(f"{name.family} {name}".lower()))]
        named.sort(key=lambda name: set(_WORD.findall(name.short.lower())) != words)
        return named[:limit]

    def fixed(self, kind: str) -> Mapping[str, str]:
        """All values of a fixed vocabulary in order, with their labels."""
        return _FIXED.get(kind, {})


def read_labels() -> Labels:
    """Read the current names, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        rows = cursor.fetchall()
    fields = [(OfficeField(**json.loads(row[2])), row[3] == "true") for row in rows if row[0] == "field"]
    fields.sort(key=lambda one: (one[0].position, one[0].slot))
    return Labels(
        *_names(tuple(row for row in rows if row[0] != "field")),
        office_fields=tuple(field for field, _used in fields),
        used_fields=frozenset(field.slot for field, used in fields if used),
    )


@lru_cache(maxsize=2)
def _names(
    rows: tuple[tuple[str, int, str, str, str], ...],
) -> tuple[tuple[CategoryName, ...], tuple[AuthorityName, ...]]:
    """The categories and authorities of rows, which are nearly always the same, with what was made of their names."""
    return (
        tuple(CategoryName(*row[1:]) for row in rows if row[0] == "category"),
        tuple(AuthorityName(*row[1:]) for row in rows if row[0] == "authority"),
    )


def value_texts(ids: Iterable[int | None]) -> dict[int, str]:
    """The texts of values of office fields, in one query; none if there are no IDs."""
    wanted = {pk for pk in ids if pk is not None}
    if not wanted:
        return {}
    return dict(OfficeValue.objects.filter(pk__in=wanted).values_list("pk", "printed"))
