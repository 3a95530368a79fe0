"""Statistics by the office's own fields. Which there are is a setting: they are made from the fields a user sees."""

from collections.abc import Iterable

from determinations.models import DisputedItem, FieldKind, OfficeField
from determinations.models.office_fields import column_of
from determinations.office_fields.values import NOT_ENTERED
from determinations.statistics.catalog import BY_KEY, GROUPS, STATISTICS
from determinations.statistics.definition import Statistic
from determinations.wording.labels import Labels, value_texts

GROUP = "Office fields"
_PREFIX = "office-"


def counted_fields(labels: Labels) -> list[OfficeField]:
    """The fields that statistics count by."""
    kinds = (FieldKind.TEXT, FieldKind.CHOICE)
    return [field for field in labels.shown_fields() if field.in_statistics and field.kind in kinds]


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


def _by_field(field: OfficeField) -> Statistic:
    column = column_of(field.slot)

    def keys(text: str | None, labels: Labels) -> list[str]:
        return [text or NOT_ENTERED]

    def plain(item: DisputedItem) -> Iterable[str]:
        pk = getattr(item.case, column)
        return keys(value_texts([pk]).get(pk), Labels((), ()))

    return Statistic(
        key=_PREFIX + field.key, label=field.name, group=GROUP, columns=(column,), keys=keys, plain=plain,
        filters=lambda key: {column: [key]},
        row_label=lambda key, labels: "Not entered" if key == NOT_ENTERED else key,
        note="As your office entered it for the case number. Spellings that differ in capitals, spaces and "
        "punctuation count once.",
        texts=value_texts,
    )  # fmt: skip
