"""Dimensions of what a side cites: families, authorities, and parts and editions of authorities."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django_filters import Filter

from determinations.filters import conditions
from determinations.filters.kinds.base import DimensionKind, Frequent, Stored
from determinations.filters.lookups import HasOneOf, Lookups
from determinations.filters.options import Box, Counts, Option
from determinations.filters.parameters import AllAuthoritiesFilter, AuthorityFilter, SectionFilter
from determinations.models.authorities import Family
from determinations.models.dimensions import Dimension
from determinations.models.found_by import case_sections
from determinations.parsing.results import Side
from determinations.wording.labels import FAMILY_BITS, Labels


class Families(DimensionKind):
    """Bits, one for each family of guidelines; ``none`` where nothing is cited."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.cites_family(column)

    def marks(self, dimension: Dimension, values: Sequence[str]) -> list[str] | None:
        families = [str(family) for family in Family]
        return super().marks(
            dimension, [each for value in values for each in (families if value == "any" else [value])]
        )

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        return [str(family) for family, bit in FAMILY_BITS.items() if stored & bit] or ["none"]


class NoFamily(Families):
    """The same bits: families that are not cited."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.without_family(column)


class Authorities(Frequent):
    """An array of IDs of authorities, which addresses give by key."""

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        filter_class = AllAuthoritiesFilter if dimension.every else AuthorityFilter
        return {dimension.name: filter_class(dimension.label, dimension.item_column)}

    def condition_on_case(
        self, dimension: Dimension, cleaned: Mapping[str, Any], lookups: Lookups
    ) -> Q | HasOneOf | None:
        if not dimension.case_column:
            return None
        return Q(**{f"{dimension.case_column}__overlap": lookups.authority_ids(cleaned[dimension.name])})

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        return [labels.authority_by_id[pk].key for pk in stored if pk in labels.authority_by_id]


class Section(DimensionKind):
    """Part of the name of a section, typed in a box below the side's guidelines."""

    reads_other_tables = True

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: SectionFilter(dimension.label, _side_of(dimension))}

    def condition_on_case(
        self, dimension: Dimension, cleaned: Mapping[str, Any], lookups: Lookups
    ) -> Q | HasOneOf | None:
        return lookups.cites_section(case_sections(_side_of(dimension)), cleaned[dimension.name])

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        return ()

    def boxes(self, dimension: Dimension, query: QueryDict) -> tuple[Box, ...]:
        return (Box(dimension.name, "Section named", "text", query.get(dimension.name, "")),)


class CitedPart(DimensionKind):
    """An edition, section or page that one side cites."""

    reads_other_tables = True

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.cites_part(_side_of(dimension), dimension.item_column)


class Superseded(CitedPart):
    """An edition no longer in force that one side cites."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.cites_superseded(_side_of(dimension))


class Standing(CitedPart):
    """Whether the editions one side cites were in force."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.cites_standing(_side_of(dimension))


def _side_of(dimension: Dimension) -> Side:
    """The side that a dimension of one side is about."""
    if dimension.side is None:
        raise ValueError(f"The dimension {dimension.name!r} needs a side.")
    return dimension.side
