"""Statistics by the office's own fields. Which there are is a setting: they are made from the fields a user sees.

Texts and choices have a row for each value, dates one for each year, numbers one for each power of ten.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise

from determinations.access.row_rules import MASKED_COLUMNS
from determinations.access.scope import current_scope
from determinations.models import DisputedItem, FieldKind, OfficeField
from determinations.models.office_fields import column_of
from determinations.office_fields.values import NOT_ENTERED
from determinations.statistics.catalog import BY_KEY, GROUPS, STATISTICS
from determinations.statistics.definition import Filters, Statistic
from determinations.wording.labels import Labels, value_texts

GROUP = "Office fields"
_PREFIX = "office-"


#: The bands of numbers: key, label, first, and the first that is above.
_POWERS = [Decimal(10) ** power for power in range(16)]
_BANDS = [
    ("negative", "Below 0", None, Decimal(0)),
    ("zero", "0 to under 1", Decimal(0), Decimal(1)),
    *((f"{first}", f"{first:,} to under {above:,}", first, above) for first, above in pairwise(_POWERS)),
    ("more", f"{_POWERS[-1]:,} or more", _POWERS[-1], None),
]
_BAND_BY_KEY = {key: (label, first, above) for key, label, first, above in _BANDS}
#: The smallest difference of two numbers.
_STEP = Decimal("0.000001")


def counted_fields(labels: Labels) -> list[OfficeField]:
    """The fields that statistics count by."""
    return [field for field in labels.shown_fields() if field.in_statistics]


def fields_with_names(labels: Labels) -> list[OfficeField]:
    """Those of them whose values are names: texts and choices."""
    return [field for field in counted_fields(labels) if field.kind in (FieldKind.TEXT, FieldKind.CHOICE)]


def all_statistics(labels: Labels) -> tuple[Statistic, ...]:
    """The catalog, with a statistic for each field that the labels' user sees."""
    return (*STATISTICS, *map(_by_field, counted_fields(labels)))


def all_groups(labels: Labels) -> tuple[str, ...]:
    """The groups of these statistics."""
    return (*GROUPS, GROUP) if counted_fields(labels) else GROUPS


def statistic_of(key: str, labels: Labels) -> Statistic | None:
    """The statistic with this key, if there is one for the labels' user."""
    if not key.startswith(_PREFIX):
        return BY_KEY.get(key)
    return next((_by_field(field) for field in counted_fields(labels) if _PREFIX + field.key == key), None)


def is_open(statistic: Statistic) -> bool:
    """Whether the user sees what it counts by; masked accounts do not see ages, for instance."""
    return not (current_scope().masked and MASKED_COLUMNS.intersection(statistic.columns))


def _by_field(field: OfficeField) -> Statistic:
    column = column_of(field.slot)
    key_of = _KEYS.get(FieldKind(field.kind), str)

    def keys(text: str | None, labels: Labels) -> list[str]:
        return [key_of(text) if text else NOT_ENTERED]

    def plain(item: DisputedItem) -> Iterable[str]:
        pk = getattr(item.case, column)
        return keys(value_texts([pk]).get(pk), Labels((), ()))

    def filters(key: str) -> Filters:
        if key == NOT_ENTERED or field.kind not in _KEYS:
            return {column: [key]}
        if field.kind == FieldKind.DATE:
            return {f"{column}_from": [f"{key}-01-01"], f"{column}_to": [f"{key}-12-31"]}
        _label, first, above = _BAND_BY_KEY[key]
        ends = {"from": first, "to": None if above is None else above - _STEP}
        return {f"{column}_{end}": [f"{bound:f}"] for end, bound in ends.items() if bound is not None}

    def row_label(key: str, labels: Labels) -> str:
        if key == NOT_ENTERED:
            return "Not entered"
        return _BAND_BY_KEY[key][0] if field.kind == FieldKind.NUMBER else key

    return Statistic(
        key=_PREFIX + field.key, label=field.name, group=GROUP, columns=(column,), keys=keys, plain=plain,
        filters=filters, row_label=row_label, note=_NOTES.get(FieldKind(field.kind), _OF_NAMES), texts=value_texts,
        order=[*_BAND_BY_KEY, NOT_ENTERED] if field.kind == FieldKind.NUMBER else None,
        sort_by_key=field.kind == FieldKind.DATE,
    )  # fmt: skip


def _band(number: str) -> str:
    value = Decimal(number)
    return next(key for key, _label, _first, above in _BANDS if above is None or value < above)


def _year(day: str) -> str:
    return day[:4]


#: The row of a value, given as its text, for kinds whose rows are not the values.
_KEYS: dict[str, Callable[[str], str]] = {FieldKind.NUMBER: _band, FieldKind.DATE: _year}
_OF_NAMES = (
    "As your office entered it for the case number. Spellings that differ in capitals, spaces and punctuation count "
    "once."
)
_NOTES: dict[str, str] = {
    FieldKind.NUMBER: "By the size of the number that your office entered for the case number.",
    FieldKind.DATE: "By the year of the date that your office entered for the case number.",
}
