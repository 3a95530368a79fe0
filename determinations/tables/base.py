"""What every list table has: one template, heads that sort through the address, columns that a person may hide."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import django_tables2 as tables
from django.http import QueryDict

#: Left out of the address whenever the order changes: they point into the old order.
CURSOR_PARAMETERS = ("after", "before")


@dataclass(frozen=True, slots=True)
class SortLink:
    """Where a head leads, and how the list stands now: ``ascending``, ``descending`` or None."""

    query: str
    state: str | None


class ListTable(tables.Table):
    """A table over rows that are already filtered, ordered and cut to one page.

    ``sorts`` names the columns that sort, each with the direction of the first click ("-" for descending).
    """

    sorts: ClassVar[Mapping[str, str]] = {}
    caption: ClassVar[str] = ""
    #: Columns that stand in the column choice unticked until somebody wants them.
    hidden_at_first: ClassVar[tuple[str, ...]] = ()

    class Meta:
        template_name = "_components/table.html"
        orderable = False

    def __init__(
        self,
        rows: Iterable[Any],
        *,
        query: QueryDict,
        sort: str = "",
        hidden: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        """``query`` is the page's address, ``sort`` the order in force, such as ``-decided``."""
        super().__init__(data=list(rows), exclude=tuple(hidden), **kwargs)
        self.sort_links = {name: _sort_link(query, sort, name, first) for name, first in self.sorts.items()}


def _sort_link(query: QueryDict, sort: str, name: str, first: str) -> SortLink:
    ascending, descending = name, f"-{name}"
    state = {ascending: "ascending", descending: "descending"}.get(sort)
    if state is None:
        following = first + name if first == "-" else name
    else:
        following = ascending if state == "descending" else descending
    link = query.copy()
    link["sort"] = following
    for parameter in CURSOR_PARAMETERS:
        link.pop(parameter, None)
    return SortLink(f"?{link.urlencode()}", state)
