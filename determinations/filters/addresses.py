"""A list's address: the filters that it sets, in words, without one of them, and what in it was not understood."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import django_filters
from django.http import QueryDict

from determinations.filters.sets import ItemFilter
from determinations.wording.labels import Labels

#: Parameters of a list's address that are not filters.
NOT_FILTERS = frozenset({"sort", "after", "before", "page", "list", "item", "show"})
#: Of a strange address so many words are named, and so much of each.
_MOST_STRANGE = 5
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter in words, and the address without it."""

    label: str
    value: str
    query: str


def active_filters(query: QueryDict) -> Iterator[tuple[str, str]]:
    """The filters that an address sets, as (name, value), in the order of the filter set."""
    for name in ItemFilter.base_filters:
        for value in dict.fromkeys(query.getlist(name)):
            if value:
                yield name, value


def chips(query: QueryDict, labels: Labels) -> list[Chip]:
    """Each active filter as a chip that shows and removes it."""
    return [
        Chip(
            label=str(ItemFilter.base_filters[name].label),
            value=labels.of(ItemFilter.base_filters[name].kind, value),
            query=without(query, name, value),
        )
        for name, value in active_filters(query)
    ]


def in_words(query: QueryDict, labels: Labels) -> str:
    """The filters of an address in one line: ``Decision: Overturned, Upheld; Sex: Female``."""
    values: dict[str, list[str]] = {}
    for chip in chips(query, labels):
        values.setdefault(chip.label, []).append(chip.value)
    return "; ".join(f"{label}: {', '.join(each)}" for label, each in values.items())


def without(query: QueryDict, name: str, value: str) -> str:
    """The address without one value of one filter, at the top of the list."""
    link = first_page(query)
    link.setlist(name, [each for each in link.getlist(name) if each != value])
    return f"?{link.urlencode()}"


def filters_only(query: QueryDict) -> QueryDict:
    """Only the filters of an address: what a saved view, an export or a link between lists carries over."""
    kept = QueryDict(mutable=True)
    for name in ItemFilter.base_filters:
        values = [value for value in query.getlist(name) if value]
        if values:
            kept.setlist(name, values)
    return kept


def first_page(query: QueryDict) -> QueryDict:
    """The same list from its top."""
    link = query.copy()
    for name in ("after", "before"):
        link.pop(name, None)
    return link


def mistakes(filterset: django_filters.FilterSet) -> list[str]:
    """What in the address was not understood, and is therefore left out of the filter."""
    return [f"{filterset.filters[name].label}: {' '.join(errors)}" for name, errors in filterset.errors.items()]


def strange_words(query: QueryDict, orders: Collection[str]) -> list[str]:
    """What in a list's address is neither a filter nor anything else that a list knows: a slip, or an old link."""
    names = [name for name in query if name not in ItemFilter.base_filters and name not in NOT_FILTERS]
    said = [f"No filter is called “{name[:_SHOWN]}”." for name in names[:_MOST_STRANGE]]
    sort = query.get("sort", "")
    if sort and sort not in orders:
        said.append(f"No order of this list is called “{sort[:_SHOWN]}”.")
    return said
