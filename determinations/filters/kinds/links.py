"""Dimensions that the search box, links from other pages and numbers of the statistics set."""

from collections.abc import Mapping

from django.http import QueryDict
from django_filters import Filter

from determinations.filters.kinds.base import DimensionKind
from determinations.filters.matching import WordsFilter
from determinations.filters.options import Box, Counts, Option
from determinations.filters.parameters import (
    ByItemFilter,
    LettersFilter,
    PrintedFilter,
    RestFilter,
    ToldFilter,
    UploadFilter,
)
from determinations.models.dimensions import Dimension
from determinations.models.found_by import case_words, item_words
from determinations.searching.tsquery import Scope
from determinations.wording.labels import Labels


class Letters(DimensionKind):
    """Chosen letters."""

    counted = False

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: LettersFilter(dimension.label, "case_id" if of_items else "pk")}


class CasesOfNotification(DimensionKind):
    """The cases that a notification is about."""

    reads_other_tables = True
    counted = False

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: ToldFilter(dimension.label, "case_id" if of_items else "pk")}


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
    """Words in the texts, or in the field of them that the dimension names."""

    reads_other_tables = True
    counted = False

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        words, scope = (item_words(), Scope.ITEMS) if of_items else (case_words(), Scope.CASES)
        return {dimension.name: WordsFilter(dimension.label, words, scope, dimension.searched)}

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        return ()

    def boxes(self, dimension: Dimension, query: QueryDict) -> tuple[Box, ...]:
        if not dimension.in_rail:
            return ()
        return (Box(dimension.name, dimension.label, "text", query.get(dimension.name, "")),)


class Rest(DimensionKind):
    """All items but those of another address."""

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: RestFilter(dimension.label)}


class ByItem(DimensionKind):
    """The whole address must hold for one item of the case."""

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: ByItemFilter(dimension.label)}
