"""What every kind of dimension can do."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Q
from django.http import QueryDict
from django_filters import Filter

from determinations.filters.lookups import HasOneOf, Lookups
from determinations.filters.options import Box, Counts, Option, all_options, frequent_options
from determinations.filters.parameters import AllValuesFilter, ValuesFilter
from determinations.models.dimensions import MARKS, Dimension
from determinations.wording.labels import Labels

#: A column's value as JSON gives it.
Stored = Any


class DimensionKind:
    """A dimension with one parameter that takes any number of values."""

    #: The template of the facet: options, tree (options below options), dates.
    shape: ClassVar[str] = "options"
    #: Facets count the values of the column.
    counted: ClassVar[bool] = True
    #: Filtering reads other tables than the row's own.
    reads_other_tables: ClassVar[bool] = False

    def is_offered(self, dimension: Dimension, labels: Labels) -> bool:
        """Whether the rail has the dimension."""
        return dimension.in_rail

    def label(self, dimension: Dimension, parameter: str, labels: Labels) -> str:
        """What a parameter is called."""
        return self.parameters(dimension)[parameter]

    def title(self, dimension: Dimension, labels: Labels) -> str:
        """The heading of the facet."""
        return dimension.title or dimension.label

    def shape_of(self, dimension: Dimension, labels: Labels) -> str:
        """The template of the facet."""
        return self.shape

    def parameters(self, dimension: Dimension) -> Mapping[str, str]:
        """The parameters in addresses, with their labels."""
        return {dimension.name: dimension.label}

    def shown(self, dimension: Dimension) -> Collection[str]:
        """The parameters whose values the rail shows with the dimension."""
        return self.parameters(dimension)

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        """The filter of each parameter, for rows of items or of cases."""
        filter_class = AllValuesFilter if dimension.every else ValuesFilter
        condition = self.condition(dimension, dimension.column(of_items=of_items))
        return {dimension.name: filter_class(dimension.label, condition)}

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        """Turns a value into a condition on the column."""
        raise NotImplementedError

    def condition_on_case(
        self, dimension: Dimension, cleaned: Mapping[str, Any], lookups: Lookups
    ) -> Q | HasOneOf | None:
        """What the case's own row says of a filter of items; None where it says nothing.

        Exact unless another filter must hold for the same item.
        """
        marks = self.marks(dimension, cleaned[dimension.name]) if dimension.mark else None
        return None if marks is None else Q(**{f"{MARKS}__overlap": marks})

    def marks(self, dimension: Dimension, values: Sequence[str]) -> list[str] | None:
        """The marks of which a case has one if one of its items passes the filter; None where no mark tells."""
        return [f"{dimension.name}={value}" for value in values]

    def left_out(self, dimension: Dimension) -> Collection[str]:
        """The parameters that do not apply while the values of this dimension are counted."""
        return {dimension.name}

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        """The filter values that a column's value counts for."""
        return [str(stored)]

    def marked_values(self, dimension: Dimension, marks: Iterable[str]) -> Iterable[str]:
        """The filter values that a case's marks count for."""
        prefix = f"{dimension.name}="
        return [mark.removeprefix(prefix) for mark in marks if mark.startswith(prefix)]

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        """The values that the rail offers."""
        values = labels.fixed(dimension.words)
        if dimension.offered:
            values = {value: label for value, label in values.items() if value in dimension.offered}
        return all_options(dimension.name, values, query, counts)

    def labeled_boxes(self, dimension: Dimension, query: QueryDict, labels: Labels) -> tuple[Box, ...]:
        """The inputs that the rail shows below the values, for kinds whose inputs depend on settings."""
        return self.boxes(dimension, query)

    def boxes(self, dimension: Dimension, query: QueryDict) -> tuple[Box, ...]:
        """The inputs that the rail shows below the values."""
        return ()


class Frequent(DimensionKind):
    """Values are offered as they occur, most frequent first."""

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        values = [*(counts or ()), *query.getlist(dimension.name)]
        names = {value: labels.of(dimension.words, value) for value in values if value}
        return frequent_options(dimension.name, names, query, counts)


class FromTo(DimensionKind):
    """Dates, from one day to another, with a parameter for each end; no values are offered."""

    shape = "dates"
    counted = False

    def parameters(self, dimension: Dimension) -> Mapping[str, str]:
        return {f"{dimension.name}_{end}": f"{dimension.label} {end}" for end in ("from", "to")}

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        return ()

    def boxes(self, dimension: Dimension, query: QueryDict) -> tuple[Box, ...]:
        return tuple(
            Box(name, label, "date", query.get(name, "")) for name, label in self.parameters(dimension).items()
        )
