"""The sets of a version of the facts: those of its file, and what changed items are found by now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from pyroaring import BitMap

from determinations.statistics.columns.dialect import NotInColumns
from determinations.statistics.columns.found.gathering import places_by_value
from determinations.statistics.columns.found.reading import FoundInFile
from determinations.statistics.columns.found.table import Key
from determinations.statistics.columns.sets.places import Sets, first_items

#: The words of so many changed items are read for a version; of more, PostgreSQL tells all.
MOST_CHANGED = 300


@dataclass
class FoundInVersion:
    """The sets of a version of the facts: those of the file, which also have places of before items changed, and what
    the items ``now`` are found by that changed.
    """

    file: FoundInFile
    now: Sets
    _lock: Lock = field(default_factory=Lock)

    def places(self, kind: str, value: str) -> BitMap:
        """The places where the value is found. Raises NotInColumns where no set tells."""
        places = self.file.places(kind, value)
        now = self._now(kind, value)
        return places | now if now else places

    def cases(self, kind: str, value: str, nth: Sequence[BitMap]) -> BitMap:
        """The places of the cases that have such an item; ``nth``: of the file. Raises NotInColumns."""
        cases = self.file.cases(kind, value, nth)
        now = self._now(kind, value)
        return cases | first_items(now, self.now.nth) if now else cases

    def _now(self, kind: str, value: str) -> BitMap | None:
        if not self.now.order.item_ids:
            return None
        with self._lock:
            return self._of_now.get((kind, value))

    @cached_property
    def _of_now(self) -> Mapping[Key, BitMap]:
        items = self.now.order.item_ids
        if len(items) > MOST_CHANGED:
            raise NotInColumns("has many changed items")
        return places_by_value(items, self.file.words, self.now.order)
