"""The values that a filter offers to choose from, with their counts where these are known."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

#: Rows by value; None where they are not counted (yet).
Counts = Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Option:
    """A value that the filter offers; ``count`` is None where it is not counted."""

    value: str
    label: str
    count: int | None
    chosen: bool
    options: tuple["Option", ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """An input of its own below the options: ``kind`` is the type of the input.

    ``field``: the slot of the field of the office whose values are suggested, 0 for none.
    """

    name: str
    label: str
    kind: str
    value: str
    field: int = 0


#: With so many counted values, others may occur too: only the most frequent ones of a field were counted.
MOST_COUNTED = 200


def _uncounted(counts: Counts) -> int | None:
    """The number of a value that is not among those counted; None for an unknown one."""
    return None if counts is None or len(counts) >= MOST_COUNTED else 0


def all_options(name: str, values: Mapping[str, str], query: QueryDict, counts: Counts) -> tuple[Option, ...]:
    """All values of a fixed set. Cases do not count "nothing cited", which belongs to their items."""
    chosen = set(query.getlist(name))
    known, other = counts or {}, _uncounted(counts)
    return tuple(
        Option(value, label, known.get(value, None if value == "none" else other), value in chosen)
        for value, label in values.items()
    )


def frequent_options(name: str, labels: Mapping[str, str], query: QueryDict, counts: Counts) -> tuple[Option, ...]:
    """The values that occur, most frequent first; those chosen come first even if none occurs."""
    chosen = [value for value in query.getlist(name) if value]
    occurring = dict.fromkeys([*(value for value, number in (counts or {}).items() if value and number), *chosen])
    options = [
        Option(value, labels.get(value, value), (counts or {}).get(value, _uncounted(counts)), value in chosen)
        for value in occurring
    ]
    return tuple(sorted(options, key=lambda option: (not option.chosen, -(option.count or 0), option.label)))
