"""The definition of a statistic: the columns it groups by, the rows of its table, and the list behind each row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from determinations.models import DisputedItem
from determinations.wording.labels import Labels

Filters = Mapping[str, Sequence[str]]
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Statistic:
    """A table that counts items, grouped by ``columns`` of ``ItemFact``.

    ``keys`` maps the values of the columns to the keys of the rows in which an item counts, as filters spell them.
    ``plain`` computes the same keys independently from the normalized tables, for the exactness test. ``filters`` are
    those of the list of a row's items; ``row_label`` is a row's name on the screen.
    """

    key: str
    label: str
    group: str
    columns: tuple[str, ...]
    keys: Callable[..., Iterable[str]]
    plain: Callable[[DisputedItem], Iterable[str]]
    filters: Callable[[str], Filters]
    row_label: Callable[[str, Labels], str] = lambda key, labels: "Unknown" if key == UNKNOWN else key
    note: str = ""
    several: bool = False  # an item can count in several rows; shares can add up to more than 100%
    within: Filters = field(default_factory=dict)  # restricts the statistic to items that match, such as one category
    order: Sequence[str] | None = None  # the keys in display order; None: by number of items
    sort_by_key: bool = False  # months and years
    days: bool = False  # counts days: also shows median and quartiles
    #: Texts by ID, read in one query, where the column holds IDs: ``keys`` gets the text of each.
    texts: Callable[[Iterable[int]], Mapping[int, str]] | None = None
    benchmark: str = ""  # the published figures to compare with: "category" or "drugs"

    def keys_of(self, raw: Sequence[Any], labels: Labels) -> Iterable[str]:
        """The keys of the rows in which an item with these values counts, without repeats."""
        return dict.fromkeys(self.keys(*raw, labels))


def label_from(kind: str) -> Callable[[str, Labels], str]:
    """A ``row_label`` that looks up the vocabulary ``kind`` in ``Labels``."""
    return lambda key, labels: labels.of(kind, key)
