"""What a statistic is: an entry that says what is grouped by, and which list each row of its table counts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from determinations.models import DisputedItem
from determinations.wording.labels import Labels

Filters = Mapping[str, Sequence[str]]
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Statistic:
    """One table of items by the values of something.

    ``columns`` of ``ItemFact`` are grouped by; ``keys`` turns their values into the keys of the table's rows in which
    such an item counts, in the spelling of the address; ``plain`` does the same from the normalised tables, written
    on its own, for the test. ``filters`` opens the list of a row's items. ``several``: an item can count in more than
    one row, so that shares add up to more than 100%.
    """

    key: str
    label: str
    group: str
    columns: tuple[str, ...]
    keys: Callable[..., Iterable[str]]
    plain: Callable[[DisputedItem], Iterable[str]]
    filters: Callable[[str], Filters]
    word: Callable[[str, Labels], str] = lambda key, labels: "Not known" if key == UNKNOWN else key
    note: str = ""
    several: bool = False
    within: Filters = field(default_factory=dict)  # only items of these filters, such as one category
    order: Sequence[str] | None = None  # of keys; None: by number of items
    in_order: bool = False  # the keys themselves are in order: months, years
    days: bool = False  # a number of days: with median and quartiles
    benchmark: str = ""  # which published figures stand beside it: "category" or "drugs"

    def keys_of(self, raw: Sequence[Any], labels: Labels) -> Iterable[str]:
        """The rows in which an item with these values counts, each once."""
        return dict.fromkeys(self.keys(*raw, labels))


def word_of(kind: str) -> Callable[[str, Labels], str]:
    """The words that ``Labels`` has for keys of a kind."""
    return lambda key, labels: labels.of(kind, key)
