"""The interface of counting engines: what statistics ask of the fact rows, and the types of the answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from determinations.models import ItemFact
from determinations.paging.sql import after_select

TABLE = '"determinations_itemfact"'
#: Of each group: items, those decided, those overturned.
TALLY = "count(*), count(overturned), count(*) FILTER (WHERE overturned)"
#: The items that cite an authority, given twice.
CITING = "claims_authority_ids @> ARRAY[%s::smallint] OR reviewer_authority_ids @> ARRAY[%s::smallint]"


@dataclass(frozen=True)
class Selection:
    """The items to count.

    ``whole_letters``: every filter matches either all items of a letter or none, so letters are selected as a whole.
    """

    items: "QuerySet[ItemFact]"
    whole_letters: bool

    @cached_property
    def rows(self) -> tuple[str, tuple[Any, ...]]:
        """The SQL from ``FROM`` on that selects the fact rows, and its parameters."""
        try:
            sql, params = after_select(self.items.order_by().values_list("pk"))
        except EmptyResultSet:
            return f"FROM {TABLE} WHERE false", ()
        return sql, tuple(params)

    @property
    def is_everything(self) -> bool:
        """Whether no filter is set."""
        return not self.items.query.where

    @classmethod
    def everything(cls) -> "Selection":
        """All items of all current letters."""
        return cls(ItemFact.objects.all(), whole_letters=True)


class ItemGroup(NamedTuple):
    """Items with the same ``raw`` values in the columns grouped by. ``decided`` counts those with a decision."""

    raw: tuple[Any, ...]
    items: int
    decided: int
    overturned: int


class ElementCounts(NamedTuple):
    """Items by the elements of arrays: ``total`` counts each of them once, ``groups`` has those of each grouping.

    In ``raw``, an array is a tuple of one element: an item is in the groups of all of its elements, and in that of the
    empty tuple if it has none.
    """

    total: ItemGroup
    groups: Sequence[list[ItemGroup]]


class LetterGroup(NamedTuple):
    """Items and letters with the same month of decision and case outcome; ``several`` counts letters with 2+ items."""

    month: date | None
    outcome: str
    items: int
    decided: int
    overturned: int
    letters: int
    several: int


class CitationGroup(NamedTuple):
    """Items with a citation that has the same ``raw`` values."""

    raw: tuple[Any, ...]
    items: int
    decided: int
    overturned: int


class NewestItem(NamedTuple):
    """One of the most recently decided of some items; ``overturned`` is None without a decision."""

    item_id: int
    case_id: int
    decision_date: date | None
    overturned: bool | None


class Problems(NamedTuple):
    """Current letters by the code of a problem; how many there are, how many items they have, how many have none."""

    letters_by_code: Mapping[str, int]
    letters: int
    items: int
    empty_letters: int


class Engine(Protocol):
    """Counts fact rows."""

    def count_items(self, selection: Selection, columns: Sequence[str]) -> list[ItemGroup]:
        """Items by the values of columns of ``ItemFact``."""

    def precompute(self, selection: Selection, groupings: Collection[tuple[str, ...]]) -> None:
        """Count items by each of several groups of columns in one pass and cache the answers for ``count_items`` and
        ``count_elements``.
        """

    def count_elements(self, selection: Selection, groupings: Sequence[tuple[str, ...]]) -> ElementCounts:
        """Items by each of several groups of columns of ``ItemFact``, by the elements of those that are arrays."""

    def count_problems(self) -> Problems:
        """The problems of all current letters."""

    def count_letters(self, selection: Selection) -> list[LetterGroup]:
        """Letters and items by month of decision and outcome of the case."""

    def count_parts(self, selection: Selection, authority_id: int, part: str) -> list[CitationGroup]:
        """Items by (side, section or page) of one authority; ``part`` is ``sections`` or ``pages``."""

    def count_sections(self, selection: Selection) -> list[CitationGroup]:
        """Items by (side, authority, section), for all authorities."""

    def count_citing(
        self, selection: Selection, authority_id: int, columns: Sequence[str]
    ) -> Sequence[list[CitationGroup]]:
        """Items that cite one authority by (side, value of a column), for each of the columns."""

    def count_edition_statuses(self, selection: Selection) -> list[CitationGroup]:
        """Items by (side, edition status). An item counts once under every status that a citation of the side has."""

    def count_editions(self, selection: Selection, authority_id: int | None = None) -> list[CitationGroup]:
        """Items by (side, authority, edition, year, edition status) of their citations.

        The status is ``current``, ``superseded`` or ``early`` on the relevant date (UR denial for the claims
        administrator, decision for the reviewer), ``undated`` if that date is unknown, or ``unjudged`` if the dates
        of the edition are.
        """


class Sums(dict[Any, list[int]]):
    """Running counts of items, decided items and overturned items by key."""

    def add(self, key: Any, items: int, decided: int, overturned: int) -> None:
        """Add a group's counts."""
        counts = self.get(key)
        if counts is None:
            self[key] = [items, decided, overturned]
        else:
            counts[0] += items
            counts[1] += decided
            counts[2] += overturned
