"""Dimensions that are a column of the rows: texts, codes, numbers in bands, dates, categories."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django_filters import Filter

from determinations.filters import conditions
from determinations.filters.kinds.base import DimensionKind, Frequent, FromTo, Stored
from determinations.filters.lookups import HasOneOf, Lookups
from determinations.filters.options import Counts, Option, all_options
from determinations.filters.parameters import CategoryFilter, DayFilter
from determinations.models.dimensions import Dimension
from determinations.wording.labels import AGE_BANDS, CLAIM_AGES, DAY_BANDS, Labels

Bands = Sequence[tuple[str, str, int, int]]

_BANDS: Mapping[str, Bands] = {"age": AGE_BANDS, "claim_age": CLAIM_AGES, "days": DAY_BANDS}


class Choice(DimensionKind):
    """A text column with a fixed set of values."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.equals(column, dimension.empty)

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        return [stored or dimension.empty]


class Text(Frequent):
    """A text column; rows where it is empty are not offered."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.equals(column, dimension.empty)

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        return [stored] if stored else []

    def marked_values(self, dimension: Dimension, marks: Iterable[str]) -> Iterable[str]:
        return [value for value in super().marked_values(dimension, marks) if value != dimension.empty]


class Codes(Frequent):
    """An array of texts."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.holds(column)

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        return [str(code) for code in stored]

    def marked_values(self, dimension: Dimension, marks: Iterable[str]) -> Iterable[str]:
        return [value for value in super().marked_values(dimension, marks) if value != "unknown"]


class YesNo(DimensionKind):
    """A Boolean column. Only "yes" leaves a mark."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.yes_or_no(column)

    def marks(self, dimension: Dimension, values: Sequence[str]) -> list[str] | None:
        return super().marks(dimension, values) if list(values) == ["yes"] else None

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        return ["yes" if stored else "no"]


class Decision(DimensionKind):
    """A Boolean column, null where no decision was read."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.has_decision

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        return ["unknown" if stored is None else "overturned" if stored else "upheld"]


class InBands(DimensionKind):
    """A number, in the bands of the dimension's vocabulary."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.in_band(column, _BANDS[dimension.words])

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        if stored is None:
            return ["unknown"]
        return [band for band, _label, first, last in _BANDS[dimension.words] if first <= stored <= last] or [
            "unknown"
        ]


class Age(InBands):
    """Years, in bands."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.of_age


class Period(FromTo):
    """A date column, and rows without the date."""

    def shown(self, dimension: Dimension) -> Collection[str]:
        return [*self.parameters(dimension), "undated"]

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        lookups = ("gte", "lte")
        return {
            name: DayFilter(label, dimension.item_column, lookup)
            for (name, label), lookup in zip(self.parameters(dimension).items(), lookups, strict=True)
        }

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        label = labels.fixed("undated")[dimension.name]
        return all_options("undated", {dimension.name: label}, query, None)


class Undated(DimensionKind):
    """Which date is missing; offered with each period."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.without_date


class SeveralItems(DimensionKind):
    """Whether the item's letter decides more than one item."""

    def condition(self, dimension: Dimension, column: str) -> Callable[[str], Q]:
        return conditions.several_items


class Category(DimensionKind):
    """Categories with their subcategories below them."""

    shape = "tree"

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: CategoryFilter(dimension.label, below=False)}

    def condition_on_case(
        self, dimension: Dimension, cleaned: Mapping[str, Any], lookups: Lookups
    ) -> Q | HasOneOf | None:
        ids = lookups.category_ids(cleaned.get("category", []), cleaned.get("subcategory", []))
        return Q(category_ids__overlap=ids)

    def shown(self, dimension: Dimension) -> Collection[str]:
        return ("category", "subcategory")

    def left_out(self, dimension: Dimension) -> Collection[str]:
        return {"category", "subcategory"}

    def values(self, dimension: Dimension, stored: Stored, labels: Labels) -> Iterable[str]:
        """Each category once, and each subcategory: a case may have several of one category."""
        ids = stored if isinstance(stored, list) else [stored]
        rows = [labels.category_by_id[pk] for pk in ids if pk in labels.category_by_id]
        return [*dict.fromkeys(row.name for row in rows), *(row.key for row in rows)]

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        chosen, chosen_below = set(query.getlist("category")), set(query.getlist("subcategory"))
        below: dict[str, list[Option]] = defaultdict(list)
        for row in labels.categories:
            count = None if counts is None else counts.get(row.key, 0)
            if count or row.key in chosen_below:
                below[row.name].append(Option(row.key, row.subcategory, count, row.key in chosen_below))
        return tuple(
            Option(
                name,
                name,
                None if counts is None else counts.get(name, 0),
                name in chosen,
                tuple(sorted(below[name], key=lambda option: -(option.count or 0))),
            )
            for name in labels.category_names()
        )


class Subcategory(Category):
    """Shown below its category, and counted with it."""

    def filters(self, dimension: Dimension, *, of_items: bool) -> Mapping[str, Filter]:
        return {dimension.name: CategoryFilter(dimension.label, below=True)}

    def options(self, dimension: Dimension, query: QueryDict, counts: Counts, labels: Labels) -> tuple[Option, ...]:
        return ()
