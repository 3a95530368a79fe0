"""Duties: their state and their due date, per item."""

from collections.abc import Callable, Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet
from django_filters import Filter

from determinations.filters.kinds.base import DimensionKind, FromTo
from determinations.filters.parameters import DueFilter
from determinations.models import Duty
from determinations.models.dimensions import Dimension
from determinations.models.duties import DUTY_CONDITIONS, duty_person


def duties_of_item() -> QuerySet[Duty]:
    """The duty of the fact row in the outer query."""
    return Duty.objects.filter(letter=OuterRef("case_id"), item_number=OuterRef("item__number"))


class DutyStates(DimensionKind):
    """Whether what an item obliges to do is open, was done in time or late, or is not required."""

    counted = False
    reads_other_tables = True

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        def condition(value: str) -> Q:
            if value == "none":
                return Q(~Exists(duties_of_item()))
            wanted = DUTY_CONDITIONS.get(value)
            return Q(Exists(duties_of_item().filter(wanted))) if wanted else Q(pk=None)

        return condition


class DutyRules(DimensionKind):
    """What the item obliges to do, by the key of the rule."""

    counted = False
    reads_other_tables = True

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return lambda value: Q(Exists(duties_of_item().filter(rule__key=value)))


class DueKnown(DimensionKind):
    """Whether the due date of the item's duty is known."""

    counted = False
    reads_other_tables = True

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return lambda value: Q(Exists(duties_of_item().filter(due_on__isnull=value != "known")))


class DutyOf(DimensionKind):
    """Who closed the item's duty or, while it is open, has it."""

    counted = False
    reads_other_tables = True

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return lambda value: Q(Exists(duties_of_item().annotate(person=duty_person()).filter(person=value)))


class Due(FromTo):
    """The due date of the item's duty."""

    reads_other_tables = True

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        lookups = ("gte", "lte")
        return {
            name: DueFilter(label, lookup)
            for (name, label), lookup in zip(self.parameters(dimension).items(), lookups, strict=True)
        }
