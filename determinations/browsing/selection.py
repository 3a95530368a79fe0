"""Turns an address into the items that statistics count, and a number back into the address of its list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from determinations.cases.typed_dates import read_typed_date
from determinations.filters import PARAMETERS, ItemFilter, active_filters, filters_only, mistakes
from determinations.filters.lookups import Lookups
from determinations.models import ItemFact, StatisticsLimits
from determinations.statistics.definition import Filters, Statistic
from determinations.statistics.interface import Engine, Selection
from determinations.statistics.tabulate import Table, count, tabulate
from determinations.wording.labels import Labels

#: The parameter for a second condition on the same dimension.
ALSO = {name.removeprefix("also_"): name for name in PARAMETERS if name.startswith("also_")}
#: Parameters whose values must all match.
_ALL_OF = frozenset(name for name, parameter in PARAMETERS.items() if parameter.dimension.every)


@dataclass(frozen=True)
class ParsedSelection:
    """A selection with the address it came from; ``ignored`` describes invalid filters of the address."""

    query: QueryDict
    selection: Selection
    ignored: tuple[str, ...] = ()


def parse_selection(query: QueryDict, lookups: Lookups | None = None) -> ParsedSelection:
    """The items that the filters of an address select; other parameters are ignored. ``lookups`` are the user's."""
    filters = filters_only(query)
    filterset = ItemFilter(filters, queryset=ItemFact.objects.all(), lookups=lookups)
    selection = Selection(filterset.qs, _selects_letters(filters))
    return ParsedSelection(filters, selection, tuple(mistakes(filterset)))


def _selects_letters(query: QueryDict) -> bool:
    """Whether every filter of an address selects letters as a whole, with all of their items."""
    return all(
        PARAMETERS[name].dimension.of_letter
        or (name == "rest_of" and _selects_letters(filters_only(QueryDict(value))))
        for name, value in active_filters(query)
    )


def within(selection: Selection, statistic: Statistic) -> Selection:
    """The items of a selection that a statistic counts."""
    if not statistic.within:
        return selection
    query = QueryDict(mutable=True)
    for name, values in statistic.within.items():
        query.setlist(name, list(values))
    return Selection(ItemFilter(query, queryset=selection.items).qs, whole_letters=False)


def counted_table(
    engine: Engine, statistic: Statistic, selection: Selection, labels: Labels, limits: StatisticsLimits
) -> Table:
    """The table of a statistic for a selection."""
    if statistic.columns == ("category_id",) and set(statistic.within) == {"category"}:
        # One count by category serves both all categories and some of them.
        names, categories = statistic.within["category"], labels.category_by_id
        groups = engine.count_items(selection, statistic.columns)
        matching = [group for group in groups if categories[group.raw[0]].name in names]
        return tabulate(statistic, matching, labels, limits)
    return count(engine, statistic, within(selection, statistic), labels, limits)


def narrow(query: QueryDict, filters: Filters) -> QueryDict:
    """The address of the items of ``query`` that also match ``filters``."""
    return as_query(_narrowed(_values(query), filters))


def _values(query: QueryDict) -> dict[str, Sequence[str]]:
    return {name: query.getlist(name) for name in query}


def _narrowed(selected: Filters, filters: Filters) -> dict[str, Sequence[str]]:
    link = dict(selected)
    for name, added in filters.items():
        values, current = list(added), link.get(name, [])
        if name in ALSO and current and current != values:
            link[ALSO[name]] = [*link.get(ALSO[name], []), *values]
        elif name in _ALL_OF:
            link[name] = list(dict.fromkeys([*current, *values]))
        elif name.endswith("_from"):
            link[name] = [_bound(max, [*values, *current[-1:]])]
        elif name.endswith("_to"):
            link[name] = [_bound(min, [*values, *current[-1:]])]
        elif name == "category":
            link[name] = values
            link["subcategory"] = [key for key in link.get("subcategory", []) if key.partition("/")[0] in values]
        elif name == "subcategory":
            link |= {name: values, "category": []}
        else:
            link[name] = values
    return link


def _bound(narrower: Callable[..., str], dates: Sequence[str]) -> str:
    """The narrower of dates, which addresses have as they were typed; one that is no date limits nothing."""
    if len(dates) == 1:
        return dates[0]
    days = {text: day for text in dates if (day := read_typed_date(text))}
    return narrower(days, key=days.__getitem__) if days else dates[0]


@cache
def _path(name: str) -> str:
    return reverse(name)


class ListLinks:
    """The addresses of lists with items of a query, for a page that has a thousand of them.

    Each filter is encoded once, as most of the addresses have the same ones.
    """

    def __init__(self, query: QueryDict) -> None:
        self._selected = _values(query)
        self._encoded: dict[tuple[str, tuple[str, ...]], str] = {}

    def to(self, name: str, filters: Filters | None = None) -> str:
        """The address of a list with the items of the query that also match ``filters``."""
        narrowed = _narrowed(self._selected, filters) if filters else self._selected
        encoded = "&".join(filter(None, [self._encode(*parameter) for parameter in narrowed.items()]))
        return f"{_path(name)}?{encoded}" if encoded else _path(name)

    def to_letters(self, filters: Filters | None = None) -> str:
        """The address of the case list with the letters of these items."""
        return self.to("case_list", {**(filters or {}), "by_item": ["yes"]})

    def _encode(self, name: str, values: Sequence[str]) -> str:
        key = (name, tuple(values))
        encoded = self._encoded.get(key)
        if encoded is None:
            encoded = self._encoded[key] = urlencode({name: values}, doseq=True)
        return encoded


def as_query(filters: Mapping[str, Sequence[str]]) -> QueryDict:
    """Filters as the query of an address."""
    query = QueryDict(mutable=True)
    for name, values in filters.items():
        query.setlist(name, list(values))
    return query
