"""What a value of a filter says of a row: conditions that several filters share."""

from collections.abc import Callable, Iterable

from django.db.models import Exists, OuterRef, Q

from determinations.filters.lookups import has_number
from determinations.models import Authority, CitationFact, EditionValidity, Side
from determinations.parsing.citations import section_label
from determinations.wording.labels import AGE_BANDS, FAMILY_BITS

#: Years above this are looked up as a stretch: hardly any letter has them.
_OLDEST = 120


def equals(column: str) -> Callable[[str], Q]:
    """The column holds the value; ``unknown`` means that it is empty."""
    return lambda value: Q(**{column: "" if value == "unknown" else value})


def holds(column: str) -> Callable[[str], Q]:
    """The array holds the value; ``unknown`` means that it holds none."""
    return lambda value: Q(**{column: []}) if value == "unknown" else Q(**{f"{column}__contains": [value]})


def in_band(column: str, bands: Iterable[tuple[str, str, int, int]]) -> Callable[[str], Q]:
    """The number lies in the band; ``known`` and ``unknown`` ask whether there is one."""
    bounds = {band: (first, last) for band, _label, first, last in bands}

    def condition(value: str) -> Q:
        if value in ("known", "unknown"):
            return Q(**{f"{column}__isnull": value == "unknown"})
        first, last = bounds.get(value, (1, 0))
        return Q(**{f"{column}__gte": first, f"{column}__lte": last})

    return condition


def of_age(value: str) -> Q:
    """The age lies in the band. Each year is named: an index over many columns looks up values, not stretches."""
    if value in ("known", "unknown"):
        return Q(age__isnull=value == "unknown")
    first, last = next(((first, last) for band, _label, first, last in AGE_BANDS if band == value), (1, 0))
    years = Q(has_number("age", range(first, min(last, _OLDEST) + 1), small=True))
    return years | Q(age__gt=_OLDEST, age__lte=last) if last > _OLDEST else years


def has_decision(value: str) -> Q:
    """The item's decision."""
    return Q(overturned={"overturned": True, "upheld": False}.get(value))


def cites_family(column: str) -> Callable[[str], Q]:
    """One side cites a guideline of the family; ``none`` means that it cites nothing."""

    def condition(value: str) -> Q:
        bit = {str(family): bit for family, bit in FAMILY_BITS.items()}.get(value, 15 if value == "any" else 0)
        # Four bits make sixteen values: a list of them is plain to the planner, arithmetic is not.
        bits = [0] if value == "none" else [bits for bits in range(1, 16) if bits & bit]
        return Q(has_number(column, bits, small=True))

    return condition


def without_family(column: str) -> Callable[[str], Q]:
    """One side cites no guideline of the family."""

    def condition(value: str) -> Q:
        bit = {str(family): bit for family, bit in FAMILY_BITS.items()}.get(value, 0)
        return Q(**{f"{column}__in": [bits for bits in range(16) if not bits & bit]})

    return condition


def cites_part(side: Side, **lookup: str) -> Callable[[str], Q]:
    """One side cites a part of an authority, given as ``key@part``; ``lookup``: the column that holds it.

    A section may be given in any spelling.
    """
    ((column, kind),) = lookup.items()

    def condition(value: str) -> Q:
        key, _, part = value.partition("@")
        if column == "sections__contains":
            part = section_label(part)
        cited = CitationFact.objects.filter(
            fact=OuterRef("pk"), side=side, authority__in=Authority.objects.filter(key=key).values("pk")
        )
        return Q(Exists(cited.filter(**{column: [part] if kind == "array" else part})))

    return condition


def cites_superseded(side: Side) -> Callable[[str], Q]:
    """One side cites an edition that was no longer in force: one given as ``key@edition``, or ``any``."""

    def condition(value: str) -> Q:
        key, _, edition = value.partition("@")
        ended = EditionValidity.objects.filter(
            authority=OuterRef("authority__key"), edition=OuterRef("edition"), valid_to__lt=OuterRef("on_date")
        )
        cited = CitationFact.objects.filter(Exists(ended), fact=OuterRef("pk"), side=side)
        return Q(Exists(cited if key == "any" else cited.filter(authority__key=key, edition=edition)))

    return condition


def cites_standing(side: Side) -> Callable[[str], Q]:
    """One side cites an edition that stood so on the day that matters, see ``statistics.editions``."""

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
    return Q(case_items__gt=1) if value == "yes" else Q(case_items=1)


def yes_or_no(column: str) -> Callable[[str], Q]:
    """A column that is true or false."""
    return lambda value: Q(**{column: value == "yes"})


_UNDATED = {
    "decided": "decision_date",
    "injured": "date_of_injury",
    "denied": "ur_denial_date",
    "received": "application_received",
}


def without_date(value: str) -> Q:
    """A date that the letter does not give."""
    column = _UNDATED.get(value)
    return Q(**{f"{column}__isnull": True}) if column else Q(pk__in=[])
