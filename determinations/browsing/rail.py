"""The rail of filters beside a list: each facet with its options, and with their counts once these are known."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from django.http import QueryDict
from django.utils import timezone

from determinations.browsing.facets import FacetCounts
from determinations.filters.date_ranges import OF_ADDED, OF_LETTERS, DateRange, date_ranges
from determinations.filters.kinds import KINDS
from determinations.filters.options import Box, Option
from determinations.models.dimensions import DIMENSIONS, Dimension, Kind
from determinations.wording.labels import AuthorityName, CategoryName, Labels, value_texts

#: How many options a facet shows before "more".
_FIRST_SHOWN = 8
#: The usual ranges that a filter by one date offers.
_RANGES = {Kind.PERIOD: OF_LETTERS, Kind.ADDED: OF_ADDED}


@dataclass(frozen=True, slots=True, eq=False)
class Facet:
    """One or more dimensions as the rail shows them.

    ``kind`` picks the template: options, tree (options below options) or dates. A single date has usual ``ranges``.
    ``untouched`` ones are the same object on all pages: nothing in them is chosen, typed or counted.
    """

    name: str
    title: str
    kind: str
    options: tuple[Option, ...]
    boxes: tuple[Box, ...]
    open: bool
    ranges: tuple[DateRange, ...] = ()
    untouched: bool = False

    @property
    def shown(self) -> tuple[Option, ...]:
        """The options shown at once: those chosen and the most frequent."""
        return tuple(o for at, o in enumerate(self.options) if at < _FIRST_SHOWN or o.chosen)

    @property
    def folded(self) -> tuple[Option, ...]:
        """The rest."""
        return tuple(o for at, o in enumerate(self.options) if at >= _FIRST_SHOWN and not o.chosen)


def rail(
    query: QueryDict, labels: Labels, counted: FacetCounts, dimensions: Iterable[Dimension] = DIMENSIONS
) -> list[Facet]:
    """The facets of the rail in order, with what was counted (possibly nothing yet)."""
    members: dict[str, list[Dimension]] = {}
    for dimension in _in_order_of_fields(dimensions, labels):
        if KINDS[dimension.kind].is_offered(dimension, labels):
            members.setdefault(dimension.facet or dimension.name, []).append(dimension)
    kept = _untouched_facets(labels.categories, labels.authorities, labels.owners, labels.tags)
    facets = []
    for name, of_facet in members.items():
        if _is_touched(of_facet, query, counted):
            facets.append(_facet(name, of_facet, query, labels, counted))
            continue
        if (known := (name, *(dimension.name for dimension in of_facet))) not in kept:
            kept[known] = replace(_facet(name, of_facet, QueryDict(), labels, counted), untouched=True)
        facets.append(kept[known])
    return facets


def _is_touched(members: list[Dimension], query: QueryDict, counted: FacetCounts) -> bool:
    """Whether a facet differs between pages: by what is counted, chosen or typed, by links, or by the office."""
    return (
        any(dimension.kind is Kind.OFFICE_FIELD or dimension.name in counted.counts for dimension in members)
        or any(name in query for dimension in members for name in KINDS[dimension.kind].shown(dimension))
        or _has_ranges(members)
    )


@lru_cache(maxsize=4)
def _untouched_facets(
    categories: tuple[CategoryName, ...],
    authorities: tuple[AuthorityName, ...],
    owners: tuple[str, ...],
    tags: tuple[str, ...],
) -> dict[tuple[str, ...], Facet]:
    """The untouched facets that were made with these names, to be added to: by facet and dimensions."""
    return {}


def _in_order_of_fields(dimensions: Iterable[Dimension], labels: Labels) -> list[Dimension]:
    """The dimensions with the office's fields in the order that an administrator gave them."""
    ordered = list(dimensions)
    places = [at for at, dimension in enumerate(ordered) if dimension.kind is Kind.OFFICE_FIELD]
    position = {field.column: at for at, field in enumerate(labels.office_fields)}
    fields = sorted((ordered[at] for at in places), key=lambda one: position.get(one.item_column, len(position)))
    for at, dimension in zip(places, fields, strict=True):
        ordered[at] = dimension
    return ordered


def with_value_texts(labels: Labels, counted: FacetCounts) -> Labels:
    """Labels that have the texts of the office's values that were counted: one query if there are any."""
    ids = [
        int(pk)
        for dimension in DIMENSIONS
        if dimension.kind is Kind.OFFICE_FIELD
        for pk in counted.counts.get(dimension.name, ())
    ]
    return replace(labels, office_values={**labels.office_values, **value_texts(ids)})


def _facet(name: str, members: list[Dimension], query: QueryDict, labels: Labels, counted: FacetCounts) -> Facet:
    options: list[Option] = []
    boxes: list[Box] = []
    active = False
    for dimension in members:
        kind = KINDS[dimension.kind]
        options += kind.options(dimension, query, counted.counts.get(dimension.name), labels)
        boxes += kind.labeled_boxes(dimension, query, labels)
        active = active or any(query.get(parameter) for parameter in kind.parameters(dimension))
    first = members[0]
    return Facet(
        name,
        KINDS[first.kind].title(first, labels),
        KINDS[first.kind].shape_of(first, labels),
        tuple(options),
        tuple(boxes),
        first.opened or active or any(option.chosen for option in options),
        _ranges(first, query) if _has_ranges(members) else (),
    )


def _has_ranges(members: list[Dimension]) -> bool:
    return len(members) == 1 and members[0].kind in _RANGES


def _ranges(dimension: Dimension, query: QueryDict) -> tuple[DateRange, ...]:
    first, last = KINDS[dimension.kind].parameters(dimension)
    return date_ranges(query, first, last, timezone.localdate(), _RANGES[dimension.kind])
