"""The query of an address with changes: the same list sorted, filtered, or paged differently.

It is here, below filters, tables and views, because all of them link to changed addresses.
"""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from django.http import QueryDict

#: The parameters that say where a page of a list begins.
CURSOR = ("after", "before")


def changed(
    query: QueryDict, changes: Mapping[str, str | Collection[str]] | None = None, *, without: Collection[str] = ()
) -> QueryDict:
    """A copy of the query ``without`` some parameters and with others set; an empty value removes its parameter."""
    copy = query.copy()
    for name in without:
        copy.pop(name, None)
    for name, value in (changes or {}).items():
        values = [value] if isinstance(value, str) else list(value)
        if any(values):
            copy.setlist(name, values)
        else:
            copy.pop(name, None)
    return copy


def link_to(query: QueryDict) -> str:
    """The query as a link on its own page: ``?sex=female``."""
    return f"?{query.urlencode()}"


def with_query(path: str, query: QueryDict, **more: str) -> str:
    """A path with a query and further parameters; the path alone if there are none."""
    encoded = "&".join(filter(None, [query.urlencode(), urlencode(more)]))
    return f"{path}?{encoded}" if encoded else path
