"""The address of a list: its active filters in words, each without itself, and parts that were not understood."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import django_filters
from django.http import QueryDict

from determinations.filters.kinds import KINDS
from determinations.models.dimensions import DIMENSIONS, Dimension, Kind
from determinations.paging.addresses import CURSOR, changed, link_to
from determinations.wording.labels import Labels

#: Parameters of a list's address that are not filters.
NOT_FILTERS = frozenset({"sort", "after", "before", "page", "list", "item", "show"})
#: How many unknown parameters are named, and how many characters of each.
_MOST_UNKNOWN = 5
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Parameter:
    """A filter's parameter in addresses."""

    label: str
    dimension: Dimension


#: Every parameter that filters, by name, in the order in which active filters are shown.
PARAMETERS: Mapping[str, Parameter] = {
    name: Parameter(label, dimension)
    for dimension in DIMENSIONS
    for name, label in KINDS[dimension.kind].parameters(dimension).items()
}


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter in words, and the address without it."""

    label: str
    value: str
    query: str


def active_filters(query: QueryDict) -> Iterator[tuple[str, str]]:
    """The filters that an address sets, as (name, value), in the order of the dimensions."""
    for name in _parameters_of(query):
        for value in dict.fromkeys(query.getlist(name)):
            if value:
                yield name, value


def _parameters_of(query: QueryDict) -> list[str]:
    """The filters' parameters that an address has, in their order."""
    return [name for name in PARAMETERS if name in query]


def chips(query: QueryDict, labels: Labels) -> list[Chip]:
    """Each active filter as a chip that shows and removes it."""
    return [
        Chip(label_of(name, labels), _in_words(name, value, labels), without(query, name, value))
        for name, value in active_filters(query)
    ]


def filters_in_words(query: QueryDict, labels: Labels) -> str:
    """The filters of an address in one line: ``Decision: Overturned, Upheld; Sex: Female``."""
    values: dict[str, list[str]] = {}
    for name, value in active_filters(query):
        values.setdefault(label_of(name, labels), []).append(_in_words(name, value, labels))
    return "; ".join(f"{label}: {', '.join(words)}" for label, words in values.items())


def label_of(name: str, labels: Labels) -> str:
    """What a filter's parameter is called."""
    dimension = PARAMETERS[name].dimension
    return KINDS[dimension.kind].label(dimension, name, labels)


def _in_words(name: str, value: str, labels: Labels) -> str:
    dimension = PARAMETERS[name].dimension
    if dimension.kind is Kind.REST:
        return filters_in_words(QueryDict(value), labels)
    return labels.of(dimension.words, value)


def without(query: QueryDict, name: str, value: str) -> str:
    """The address without one value of one filter, at the top of the list."""
    rest = [other for other in query.getlist(name) if other != value]
    return link_to(changed(query, {name: rest}, without=CURSOR))


def filters_only(query: QueryDict) -> QueryDict:
    """Only the filters of an address: what a saved view, an export or a link between lists carries over."""
    kept = QueryDict(mutable=True)
    for name in _parameters_of(query):
        values = [value for value in query.getlist(name) if value]
        if values:
            kept.setlist(name, values)
    return kept


def mistakes(filterset: django_filters.FilterSet) -> list[str]:
    """Invalid values in the address, which are left out of the filter."""
    return [f"{filterset.filters[name].label}: {' '.join(errors)}" for name, errors in filterset.errors.items()]


def unknown_parameters(query: QueryDict, orders: Collection[str]) -> list[str]:
    """Parameters that no list has, and an unknown order: a typing error, or an old link."""
    names = [name for name in query if name not in PARAMETERS and name not in NOT_FILTERS]
    messages = [f"There is no filter named “{name[:_SHOWN]}”." for name in names[:_MOST_UNKNOWN]]
    sort = query.get("sort", "")
    if sort and sort not in orders:
        messages.append(f"This list cannot be sorted by “{sort[:_SHOWN]}”.")
    return messages
