"""What statistics ask of the fact rows, and what they get: the interface that every engine has."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from determinations.models import ItemFact
from determinations.paging.sql import after_select

TABLE = '"determinations_itemfact"'


@dataclass(frozen=True)
class Selection:
    """The items that are counted.

    ``whole_letters``: every condition holds for all items of a letter or for none, so that each letter is in the
    selection with all of its items.
    """

    items: "QuerySet[ItemFact]"
    whole_letters: bool

    @cached_property
    def rows(self) -> tuple[str, tuple[Any, ...]]:
        """``FROM`` and ``WHERE`` of the selected fact rows in SQL; no row where no row can be."""
        try:
            sql, params = after_select(self.items.order_by().values_list("pk"))
        except EmptyResultSet:
            return f"FROM {TABLE} WHERE false", ()
        return sql, tuple(params)

    @property
    def is_everything(self) -> bool:
        """No filter is set."""
        return not self.items.query.where

    @classmethod
    def everything(cls) -> "Selection":
        """All items of all current letters."""
        return cls(ItemFact.objects.all(), whole_letters=True)


class Group(NamedTuple):
    """Items that share ``raw``, the values of the columns grouped by; ``decided`` have a decision that was read."""

    raw: tuple[Any, ...]
    items: int
    decided: int
    overturned: int


class LetterGroup(NamedTuple):
    """Items and letters of one month and case outcome; ``several`` letters have more than one item."""

    month: date | None
    outcome: str
    items: int
    decided: int
    overturned: int
    letters: int
    several: int


class Cited(NamedTuple):
    """Items whose citations share ``raw``; ``mentions`` counts citations, several editions of one authority apart."""

    raw: tuple[Any, ...]
    items: int
    decided: int
    overturned: int


class Engine(Protocol):
    """What statistics ask of the fact rows."""

    def count_items(self, selection: Selection, columns: Sequence[str]) -> list[Group]:
        """Items by the values of columns of ``ItemFact``."""

    def count_ahead(self, selection: Selection, columns: Collection[str]) -> None:
        """Count items by each of several columns in one pass, so that ``count_items`` has them at once."""

    def count_letters(self, selection: Selection) -> list[LetterGroup]:
        """Letters and items by month of decision and outcome of the case."""

    def latest_decision(self, selection: Selection) -> date | None:
        """The day of the newest decision among the items; None where none has a date."""

    def count_parts(self, selection: Selection, authority_id: int, part: str) -> list[Cited]:
        """Items by (side, section or page) of one authority; ``part`` is ``sections`` or ``pages``."""

    def count_citing(self, selection: Selection, authority_id: int, columns: Sequence[str]) -> list[Cited]:
        """Items that cite one authority by (side, values of the columns)."""

    def count_standings(self, selection: Selection) -> list[Cited]:
        """Items by (side, standing): once under each standing that some citation of the side has."""

    def count_editions(self, selection: Selection, authority_id: int | None = None) -> list[Cited]:
        """Items by (side, authority, edition, year, standing) of their citations.

        Standing: ``current``, ``superseded`` or ``early`` on the day that matters, ``undated`` where that day is not
        known, ``unjudged`` where the edition's validity is not.
        """


class Sums(dict[Any, list[int]]):
    """Counts of items, decided and overturned ones added up by key."""

    def add(self, key: Any, items: int, decided: int, overturned: int) -> None:
        """Add a group's counts."""
        counts = self.get(key)
        if counts is None:
            self[key] = [items, decided, overturned]
        else:
            counts[0] += items
            counts[1] += decided
            counts[2] += overturned
