"""Dimensions that the search box, links from other pages and numbers of the statistics set."""

from collections.abc import Mapping

from django_filters import Filter

from determinations.filters.kinds.base import DimensionKind
from determinations.filters.parameters import ByItemFilter, PrintedFilter, RestFilter, UploadFilter, WordsFilter
from determinations.models.dimensions import Dimension
from determinations.models.found_by import case_words, item_words


class Upload(DimensionKind):
    """The letters of one upload."""

    reads_other_tables = True

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: UploadFilter(dimension.label, "case_id" if of_items else "pk")}


class Printed(DimensionKind):
    """A citation that was not recognized."""

    reads_other_tables = True

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: PrintedFilter(dimension.label, "case_id" if of_items else "pk")}


class Words(DimensionKind):
    """Words in the texts."""

    reads_other_tables = True

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: WordsFilter(dimension.label, item_words() if of_items else case_words())}


class Rest(DimensionKind):
    """All items but those of another address."""

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: RestFilter(dimension.label)}


class ByItem(DimensionKind):
    """The whole address must hold for one item of the case."""

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: ByItemFilter(dimension.label)}
