"""Conditions that values of filters set on rows."""

from collections.abc import Callable, Iterable

from django.db.models import Exists, OuterRef, Q

from determinations.filters.lookups import has_number
from determinations.models import Authority, CitationFact, EditionValidity
from determinations.models.dimensions import DIMENSIONS, Kind
from determinations.parsing.citations import section_label
from determinations.parsing.results import Side
from determinations.wording.labels import AGE_BANDS, FAMILY_BITS

#: Years above this are compared as a range: hardly any letter has them.
_OLDEST = 120


def equals(column: str, empty: str) -> Callable[[str], Q]:
    """The column equals the value; ``empty`` is the value that means an empty column."""
    return lambda value: Q(**{column: "" if value == empty else value})


def holds(column: str) -> Callable[[str], Q]:
    """The array contains the value; ``unknown`` means that the array is empty."""
    return lambda value: Q(**{column: []}) if value == "unknown" else Q(**{f"{column}__contains": [value]})


def in_band(column: str, bands: Iterable[tuple[str, str, int, int]]) -> Callable[[str], Q]:
    """The number lies in the band; ``known`` and ``unknown`` mean that there is a number, or none."""
    bounds = {band: (first, last) for band, _label, first, last in bands}

    def condition(value: str) -> Q:
        if value in ("known", "unknown"):
            return Q(**{f"{column}__isnull": value == "unknown"})
        first, last = bounds.get(value, (1, 0))
        return Q(**{f"{column}__gte": first, f"{column}__lte": last})

    return condition


def of_age(value: str) -> Q:
    """The age lies in the band. Each year is listed: the GIN index looks up values, not ranges."""
    if value in ("known", "unknown"):
        return Q(age__isnull=value == "unknown")
    first, last = next(((first, last) for band, _label, first, last in AGE_BANDS if band == value), (1, 0))
    years = Q(has_number("age", range(first, min(last, _OLDEST) + 1), small=True))
    return years | Q(age__gt=_OLDEST, age__lte=last) if last > _OLDEST else years


def has_decision(value: str) -> Q:
    """The item's decision; null where none was read."""
    stored = {"overturned": True, "upheld": False, "unknown": None}
    return Q(overturned=stored[value]) if value in stored else Q(overturned__in=[])


def cites_family(column: str) -> Callable[[str], Q]:
    """One side cites a guideline of the family; ``none`` means that it cites nothing."""

    def condition(value: str) -> Q:
        bit = {str(family): bit for family, bit in FAMILY_BITS.items()}.get(value, 15 if value == "any" else 0)
        # Four bits make sixteen values: the planner can estimate a list of them, but not bit arithmetic.
        bits = [0] if value == "none" else [bits for bits in range(1, 16) if bits & bit]
        return Q(has_number(column, bits, small=True))

    return condition


def without_family(column: str) -> Callable[[str], Q]:
    """One side cites no guideline of the family."""

    def condition(value: str) -> Q:
        bit = {str(family): bit for family, bit in FAMILY_BITS.items()}.get(value, 0)
        return Q(**{f"{column}__in": [bits for bits in range(16) if not bits & bit]})

    return condition


def cites_part(side: Side, column: str) -> Callable[[str], Q]:
    """One side cites a part of an authority, given as ``key@part``; ``column``: edition, sections or pages.

    A section may be given in any spelling.
    """

    def condition(value: str) -> Q:
        key, _, part = value.partition("@")
        if column == "sections":
            part = section_label(part)
        cited = CitationFact.objects.filter(
            fact=OuterRef("pk"), side=side, authority__in=Authority.objects.filter(key=key).values("pk")
        )
        parts = {column: part} if column == "edition" else {f"{column}__contains": [part]}
        return Q(Exists(cited.filter(**parts)))

    return condition


def cites_superseded(side: Side) -> Callable[[str], Q]:
    """One side cites a superseded edition, given as ``key@edition``, or ``any``."""

    def condition(value: str) -> Q:
        key, _, edition = value.partition("@")
        ended = EditionValidity.objects.filter(
            authority=OuterRef("authority__key"), edition=OuterRef("edition"), valid_to__lt=OuterRef("on_date")
        )
        cited = CitationFact.objects.filter(Exists(ended), fact=OuterRef("pk"), side=side)
        return Q(Exists(cited if key == "any" else cited.filter(authority__key=key, edition=edition)))

    return condition


def cites_standing(side: Side) -> Callable[[str], Q]:
    """One side cites an edition with this standing on the day that matters, see ``statistics.editions``."""

    def condition(value: str) -> Q:
        judged = EditionValidity.objects.filter(authority=OuterRef("authority__key"), edition=OuterRef("edition"))
        ended = judged.filter(valid_to__lt=OuterRef("on_date"))
        later = judged.filter(valid_from__gt=OuterRef("on_date"))
        conditions = {
            "current": Exists(judged) & Q(on_date__isnull=False) & ~Exists(ended) & ~Exists(later),
            "superseded": Q(Exists(ended)),
            "early": Exists(later) & ~Exists(ended),
            "undated": Exists(judged) & Q(on_date__isnull=True),
            "unjudged": Q(~Exists(judged)),
        }
        cited = CitationFact.objects.filter(fact=OuterRef("pk"), side=side)
        return Q(Exists(cited.filter(conditions[value]))) if value in conditions else Q(pk__in=[])

    return condition


def several_items(value: str) -> Q:
    """The item's letter decides more than one item."""
    return {"yes": Q(case_items__gt=1), "no": Q(case_items=1)}.get(value, Q(case_items__in=[]))


def yes_or_no(column: str) -> Callable[[str], Q]:
    """A column that is true or false."""
    return lambda value: Q(**{column: value == "yes"}) if value in ("yes", "no") else Q(**{f"{column}__in": []})


_DATE_COLUMNS = {dimension.name: dimension.item_column for dimension in DIMENSIONS if dimension.kind is Kind.PERIOD}


def without_date(value: str) -> Q:
    """The letter does not give this date; ``value`` is the name of a period."""
    column = _DATE_COLUMNS.get(value)
    return Q(**{f"{column}__isnull": True}) if column else Q(pk__in=[])
