"""The office's own fields. A value in an address is its text; numbers and dates have from and to."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import or_

import django_filters
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import IntegerField, Model, Q, QuerySet
from django.http import QueryDict
from django_filters import Filter

from determinations.cases.typed_dates import read_typed_date
from determinations.filters.kinds.base import DimensionKind, Stored
from determinations.filters.lookups import HasOneOf, has_office_value
from determinations.filters.options import Box, Counts, Option, all_options, frequent_options
from determinations.filters.parameters import ValuesField
from determinations.models import FieldKind, OfficeField, OfficeValue
from determinations.models.dimensions import Dimension
from determinations.models.office_fields import all_values
from determinations.office_fields.values import NOT_ENTERED
from determinations.wording.labels import Labels

_RANGES = (FieldKind.NUMBER, FieldKind.DATE)
_NOTHING = Q(pk__in=[])


def slot_of(dimension: Dimension) -> int:
    """The slot of the field that a dimension is about."""
    return int(dimension.item_column.removeprefix("field_"))


class OfficeFieldFilter(django_filters.Filter):
    """One of several values. Of a field that is not in use, or that the user may not see, no row has any."""

    field_class = ValuesField

    def __init__(self, label: str, slot: int, column: str) -> None:
        self.slot, self.column = slot, column
        super().__init__(label=label)

    def filter(self, qs: QuerySet[Model], value: list[str]) -> QuerySet[Model]:
        """Rows that have one of the values, in any spelling."""
        if not value:
            return qs
        field = self.parent.lookups.field_of(self.slot)
        if field is None:
            return qs.filter(_NOTHING)
        conditions = [Q(**{f"{self.column}__isnull": True})] if NOT_ENTERED in value else []
        ids = self.parent.lookups.value_ids(field, [text for text in value if text != NOT_ENTERED])
        if ids:
            conditions.append(Q(has_office_value(ids)))
        return qs.filter(reduce(or_, conditions, _NOTHING))


class RangeFilter(django_filters.CharFilter):
    """Numbers or dates from or to which, inclusive. The two act together: the first of them that is set does it."""

    def __init__(self, label: str, slot: int, column: str, end: str) -> None:
        self.slot, self.column, self.end = slot, column, end
        super().__init__(label=label, max_length=40, strip=True)

    def filter(self, qs: QuerySet[Model], value: str) -> QuerySet[Model]:
        """Rows whose value lies in the range."""
        cleaned = self.parent.form.cleaned_data
        if not value or (self.end == "to" and cleaned.get(f"{self.column}_from")):
            return qs
        field = self.parent.lookups.field_of(self.slot)
        if field is None or field.kind not in _RANGES:
            return qs.filter(_NOTHING)
        column = "number" if field.kind == FieldKind.NUMBER else "day"
        rows = OfficeValue.objects.filter(field=field)
        for end, lookup in (("from", "gte"), ("to", "lte")):
            if typed := cleaned.get(f"{self.column}_{end}"):
                bound = _bound(field, typed)
                if bound is None:
                    return qs.filter(_NOTHING)
                rows = rows.filter(**{f"{column}__{lookup}": bound})
        found = ArraySubquery(rows.values("pk"), output_field=ArrayField(IntegerField()))
        return qs.filter(HasOneOf(all_values(), found))


def _bound(field: OfficeField, typed: str) -> object:
    if field.kind == FieldKind.DATE:
        return read_typed_date(typed)
    try:
        number = Decimal(typed.replace(",", "").replace("$", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**18 else None


class OfficeFields(DimensionKind):
    """A field in use that has values."""

    def is_offered(self, dimension: Dimension, labels: Labels) -> bool:
        slot = slot_of(dimension)
        field = labels.office_field_by_slot.get(slot)
        return field is not None and field.in_filters and slot in labels.used_fields

    def parameters(self, dimension: Dimension) -> Mapping[str, str]:
        name, label = dimension.name, dimension.label
        return {name: label, f"{name}_from": f"{label} from", f"{name}_to": f"{label} to"}

    def label(self, dimension: Dimension, parameter: str, labels: Labels) -> str:
        end = parameter.removeprefix(dimension.name).replace("_", " ")
        return self.title(dimension, labels) + end

    def title(self, dimension: Dimension, labels: Labels) -> str:
        field = labels.office_field_by_slot.get(slot_of(dimension))
        return field.name if field else f"{dimension.label} (not in use)"

    def shape_of(self, dimension: Dimension, labels: Labels) -> str:
        return "options"

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        slot, column = slot_of(dimension), dimension.column(of_items=of_items)
        ranges = {
            f"{column}_{end}": RangeFilter(f"{dimension.label} {end}", slot, column, end) for end in ("from", "to")
        }
        return {dimension.name: OfficeFieldFilter(dimension.label, slot, column), **ranges}

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        """The ID of the value: ``browsing.rail`` is given the texts of those that were counted."""
        return [] if stored is None else [str(stored)]

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        field = labels.office_field_by_slot[slot_of(dimension)]
        missing = {NOT_ENTERED: "Not entered"}
        if field.kind in _RANGES:
            return all_options(dimension.name, missing, query, None)
        texts = {labels.office_values.get(int(pk), ""): number for pk, number in (counts or {}).items()}
        texts.pop("", None)
        chosen = [value for value in query.getlist(dimension.name) if value]
        offered = [*texts, *(field.choices if field.kind == FieldKind.CHOICE else ()), *chosen]
        named = {text: missing.get(text, text) for text in [*offered, NOT_ENTERED]}
        found = frequent_options(dimension.name, named, query, None if counts is None else texts)
        if NOT_ENTERED in chosen:
            return found
        return (*found, Option(NOT_ENTERED, missing[NOT_ENTERED], None, chosen=False))

    def labeled_boxes(self, dimension: Dimension, query: QueryDict, labels: Labels) -> tuple[Box, ...]:
        field = labels.office_field_by_slot[slot_of(dimension)]
        name = dimension.name
        if field.kind in _RANGES:
            kind = "date" if field.kind == FieldKind.DATE else "text"
            return tuple(
                Box(f"{name}_{end}", f"{field.name} {end}", kind, query.get(f"{name}_{end}", ""))
                for end in ("from", "to")
            )
        if field.kind == FieldKind.CHOICE:
            return ()
        return (Box(name, f"Another {field.name[:1].lower()}{field.name[1:]}", "text", "", field.slot),)
