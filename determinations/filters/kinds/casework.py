"""Owner, status and tags of cases, which a small table holds: facts are not written again when they change."""

from collections.abc import Callable, Mapping

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django_filters import Filter

from determinations.filters.kinds.base import DimensionKind, FromTo
from determinations.filters.options import Box, Counts, Option, all_options
from determinations.filters.parameters import AddedFilter, ValuesFilter
from determinations.models import CaseWork, WorkStatus
from determinations.models.dimensions import Dimension
from determinations.wording.labels import Labels

#: The value of the filter by owner that means no one.
NOBODY = "nobody"


class OfWork(DimensionKind):
    """A dimension of the case's row of work; a case without a row is new, without owner and tags."""

    counted = False
    reads_other_tables = True

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        letter = "case_id" if of_items else "pk"
        return {dimension.name: ValuesFilter(dimension.label, self.condition(dimension, letter))}

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        rows = CaseWork.objects.filter(letter=OuterRef(column))

        def condition(value: str) -> Q:
            wanted, has = self.matching(value)
            return Q(Exists(rows.filter(wanted))) if has else Q(~Exists(rows.filter(wanted)))

        return condition

    def matching(self, value: str) -> tuple[Q, bool]:
        """The condition on rows, and whether the case must have such a row, or must not."""
        raise NotImplementedError

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        known = self.offered(labels)
        chosen = {value: labels.of(dimension.words, value) for value in query.getlist(dimension.name) if value}
        return all_options(dimension.name, {**chosen, **known}, query, None)

    def offered(self, labels: Labels) -> Mapping[str, str]:
        """The values to choose from, with their labels."""
        raise NotImplementedError


class Owner(OfWork):
    """Who the case is assigned to, by user name."""

    def matching(self, value: str) -> tuple[Q, bool]:
        return (Q(owner__isnull=False), False) if value == NOBODY else (Q(owner__username=value), True)

    def offered(self, labels: Labels) -> Mapping[str, str]:
        return {**labels.fixed("owner"), **{name: name for name in labels.owners}}


class Added(FromTo):
    """When the case was first read: a day, or a time."""

    reads_other_tables = True

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        case = "case__" if of_items else ""
        return {
            name: AddedFilter(label, case, is_end=name.endswith("_to"))
            for name, label in self.parameters(dimension).items()
        }

    def boxes(self, dimension: Dimension, query: QueryDict) -> tuple[Box, ...]:
        typed = {name: query.get(name, "") for name in self.parameters(dimension)}
        labels = self.parameters(dimension)
        return tuple(
            Box(name, labels[name], "text" if "T" in value else "date", value) for name, value in typed.items()
        )


class Status(OfWork):
    """How far the office is."""

    def matching(self, value: str) -> tuple[Q, bool]:
        return (~Q(status=WorkStatus.NEW), False) if value == WorkStatus.NEW else (Q(status=value), True)

    def offered(self, labels: Labels) -> Mapping[str, str]:
        return labels.fixed("status")


class Tags(OfWork):
    """A tag that the case has."""

    def matching(self, value: str) -> tuple[Q, bool]:
        return Q(tags__contains=[value]), True

    def offered(self, labels: Labels) -> Mapping[str, str]:
        return {name: name for name in labels.tags}
