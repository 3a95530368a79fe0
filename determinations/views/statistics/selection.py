"""From an address to the items that statistics count, and from a number back to the address of its list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from determinations.filters import PARAMETERS, ItemFilter, active_filters, filters_only, mistakes
from determinations.models import ItemFact
from determinations.statistics.definition import Filters, Statistic
from determinations.statistics.interface import Selection

#: A second condition on the same dimension goes into a parameter of its own.
ALSO = {name.removeprefix("also_"): name for name in PARAMETERS if name.startswith("also_")}
#: Parameters whose values must all hold.
_ALL_OF = frozenset(name for name, parameter in PARAMETERS.items() if parameter.dimension.every)


@dataclass(frozen=True)
class Chosen:
    """A selection with the address it came from; ``ignored`` says what of the address was not understood."""

    query: QueryDict
    selection: Selection
    ignored: tuple[str, ...] = ()


def choose(query: QueryDict) -> Chosen:
    """The items of an address: its filters of the item list, nothing else in it."""
    filters = filters_only(query)
    filterset = ItemFilter(filters, queryset=ItemFact.objects.all())
    selection = Selection(filterset.qs, _selects_letters(filters))
    return Chosen(filters, selection, tuple(mistakes(filterset)))


def _selects_letters(query: QueryDict) -> bool:
    """Whether every filter of an address selects letters with all of their items; the rest of letters are letters."""
    return all(
        PARAMETERS[name].dimension.of_letter
        or (name == "rest_of" and _selects_letters(filters_only(QueryDict(value))))
        for name, value in active_filters(query)
    )


def within(selection: Selection, statistic: Statistic) -> Selection:
    """The items of a selection that a statistic is about."""
    if not statistic.within:
        return selection
    query = QueryDict(mutable=True)
    for name, values in statistic.within.items():
        query.setlist(name, list(values))
    return Selection(ItemFilter(query, queryset=selection.items).qs, whole_letters=False)


def narrow(query: QueryDict, filters: Filters) -> QueryDict:
    """The address of the items of ``query`` for which ``filters`` hold too, where there are any."""
    return as_query(_narrowed(query, filters))


def _narrowed(query: QueryDict, filters: Filters) -> dict[str, list[str]]:
    link: dict[str, list[str]] = {name: query.getlist(name) for name in query}
    for name, given in filters.items():
        values, asked = list(given), link.get(name, [])
        if name in ALSO and asked and asked != values:
            link[ALSO[name]] = [*link.get(ALSO[name], []), *values]
        elif name in _ALL_OF:
            link[name] = list(dict.fromkeys([*asked, *values]))
        elif name.endswith("_from"):
            link[name] = [max([*values, *asked[-1:]])]
        elif name.endswith("_to"):
            link[name] = [min([*values, *asked[-1:]])]
        elif name == "category":
            link[name] = values
            link["subcategory"] = [key for key in link.get("subcategory", []) if key.partition("/")[0] in values]
        elif name == "subcategory":
            link |= {name: values, "category": []}
        else:
            link[name] = values
    return link


@cache
def _path(name: str) -> str:
    return reverse(name)


def list_link(name: str, query: QueryDict, filters: Filters | None = None) -> str:
    """The address of a list page with the items of ``query`` for which ``filters`` hold too."""
    narrowed = urlencode(_narrowed(query, filters or {}), doseq=True)
    return f"{_path(name)}?{narrowed}" if narrowed else _path(name)


def letters_link(query: QueryDict, filters: Filters | None = None) -> str:
    """The address of the list of letters that have one of the items."""
    return list_link("case_list", query, {**(filters or {}), "by_item": ["yes"]})


def as_query(filters: Mapping[str, Sequence[str]]) -> QueryDict:
    """Filters as an address."""
    query = QueryDict(mutable=True)
    for name, values in filters.items():
        query.setlist(name, list(values))
    return query
