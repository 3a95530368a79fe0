"""Whether a case is archived or under a legal hold, which small tables hold."""

from collections.abc import Callable, Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django_filters import Filter

from determinations.filters.kinds.base import DimensionKind
from determinations.filters.options import Counts, Option, all_options
from determinations.filters.parameters import ValuesFilter
from determinations.models import ArchivedCase, LegalHold
from determinations.models.dimensions import Dimension
from determinations.wording.labels import Labels


class HasRow(DimensionKind):
    """Yes or no: whether a row is in force for the letter."""

    counted = False
    reads_other_tables = True

    @staticmethod
    def rows(column: str) -> QuerySet[ArchivedCase] | QuerySet[LegalHold]:
        """The rows in force of the letter that the outer query names in this column."""
        raise NotImplementedError

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        letter = "case_id" if of_items else "pk"
        return {dimension.name: ValuesFilter(dimension.label, self.condition(dimension, letter))}

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        def condition(value: str) -> Q:
            if value not in ("yes", "no"):
                return Q(pk=None)
            has = Exists(self.rows(column))
            return Q(has) if value == "yes" else Q(~has)

        return condition

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        return all_options(dimension.name, labels.fixed(dimension.words), query, None)


class Archived(HasRow):
    """Left out of daily lists."""

    @staticmethod
    def rows(column: str) -> QuerySet[ArchivedCase]:
        return ArchivedCase.objects.filter(letter=OuterRef(column), restored_at=None)


class Held(HasRow):
    """Under a legal hold placed on this letter."""

    @staticmethod
    def rows(column: str) -> QuerySet[LegalHold]:
        return LegalHold.objects.filter(letter_id=OuterRef(column), released_at=None)
