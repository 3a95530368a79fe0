"""Items of one letter in its order, in every sort and across the pages of a list.

A sort goes by a column, then by key. Items of a letter that have the same value follow one another there: a block.
Keys fall while the numbers of a letter's items rise, so descending sorts have the letter's order across pages. In
ascending ones a block that two pages share is shown as the letter has it: in place of the rows that the sort has
there, those that the letter's order has there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from django.db.models import Model, QuerySet

from determinations.paging.keyset import M, Order, Page

T = TypeVar("T")
_NUMBER = attrgetter("item.number")


def page_in_letter_order(page: Page[M], order: Order, matching: QuerySet[Model], shown: QuerySet[M]) -> Page[M]:
    """The page with its blocks in the letter's order. ``matching`` has all rows of the list; ``shown`` reads rows.

    One more query where an ascending sort may continue a block on the page before or after.
    """
    here = list(_blocks(page.rows, order))
    whole = {} if order.descending else _whole_blocks(_split_cases(here, page), order, matching, shown)
    return replace(page, rows=[fact for block in here for fact in _in_place(block, whole, order)])


def _split_cases(here: Sequence[Sequence[M]], page: Page[M]) -> set[int]:
    """The cases of the first and the last block of a page that other pages may have more items of."""
    edges = [(here[0], page.previous_query), (here[-1], page.next_query)] if here else []
    firsts = [(block[0], len(block)) for block, more in edges if more is not None]
    return {attrgetter("case_id")(fact) for fact, size in firsts if size < attrgetter("case_items")(fact)}


def _whole_blocks(
    cases: set[int], order: Order, matching: QuerySet[Model], shown: QuerySet[M]
) -> dict[tuple[object, ...], list[M]]:
    """All rows of the list that belong to these cases, by block, in ascending order."""
    if not cases:
        return {}
    keys = matching.order_by().filter(case__in=cases).values("pk")
    blocks: dict[tuple[object, ...], list[M]] = {}
    for fact in shown.filter(pk__in=keys).order_by("pk"):
        blocks.setdefault(_block_of(order)(fact), []).append(fact)
    return blocks


def _in_place(block: Sequence[M], whole: Mapping[tuple[object, ...], Sequence[M]], order: Order) -> Sequence[M]:
    """What the letter's order has where the sort has the rows of this block."""
    rows = whole.get(_block_of(order)(block[0]), block)
    keys = [fact.pk for fact in rows]
    if block[0].pk not in keys:  # it changed since the page was read
        return sorted(block, key=_NUMBER)
    start = keys.index(block[0].pk)
    return sorted(rows, key=_NUMBER)[start : start + len(block)]


def _blocks(facts: Iterable[T], order: Order) -> Iterator[list[T]]:
    for _key, block in groupby(facts, key=_block_of(order)):
        yield list(block)


def _block_of(order: Order) -> "attrgetter[tuple[object, ...]]":
    return attrgetter("case_id", order.column)
