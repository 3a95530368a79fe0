"""The rail of filters beside a list: each facet with its options, and with their counts once these are known."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict
from django.utils import timezone

from determinations.browsing.facets import FacetCounts
from determinations.filters.date_ranges import DateRange, date_ranges
from determinations.filters.kinds import KINDS
from determinations.filters.options import Box, Option
from determinations.models.dimensions import DIMENSIONS, Dimension, Kind
from determinations.wording.labels import Labels

#: How many options a facet shows before "more".
_FIRST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Facet:
    """One or more dimensions as the rail shows them.

    ``kind`` picks the template: options, tree (options below options) or dates. A single date has usual ``ranges``.
    """

    name: str
    title: str
    kind: str
    options: tuple[Option, ...]
    boxes: tuple[Box, ...]
    open: bool
    ranges: tuple[DateRange, ...] = ()

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
    for dimension in dimensions:
        if dimension.in_rail:
            members.setdefault(dimension.facet or dimension.name, []).append(dimension)
    return [_facet(name, of_facet, query, labels, counted) for name, of_facet in members.items()]


def _facet(name: str, members: list[Dimension], query: QueryDict, labels: Labels, counted: FacetCounts) -> Facet:
    options: list[Option] = []
    boxes: list[Box] = []
    active = False
    for dimension in members:
        kind = KINDS[dimension.kind]
        options += kind.options(dimension, query, counted.counts.get(dimension.name), labels)
        boxes += kind.boxes(dimension, query)
        active = active or any(query.get(parameter) for parameter in kind.parameters(dimension))
    first = members[0]
    return Facet(
        name,
        first.title or first.label,
        KINDS[first.kind].shape,
        tuple(options),
        tuple(boxes),
        first.opened or active or any(option.chosen for option in options),
        _ranges(first, query) if len(members) == 1 else (),
    )


def _ranges(dimension: Dimension, query: QueryDict) -> tuple[DateRange, ...]:
    if dimension.kind is not Kind.PERIOD:
        return ()
    first, last = KINDS[dimension.kind].parameters(dimension)
    return date_ranges(query, first, last, timezone.localdate())
