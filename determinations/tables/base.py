"""The base of list tables: one template, headers that sort through the address, columns that a user may hide."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import django_tables2 as tables
from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe
from django_tables2.columns import BoundColumn

from determinations.models import OfficeField
from determinations.paging.addresses import CURSOR, changed, link_to
from determinations.tables.cells import two_lines
from determinations.wording.markup import escaped, markup

_SHORT = 16
_GROUP = '<tr class="group-row"><th colspan="{}" scope="rowgroup">{}</th></tr>'
_SELECT = '<td class="select-cell"><input type="checkbox" name="row" value="{}" data-row aria-label="Select {}"></td>'


@dataclass(frozen=True, slots=True)
class SortLink:
    """The link of a header, and the current order by it: ``ascending``, ``descending`` or None."""

    query: str
    state: str | None


class Column(tables.Column):
    """A column as it is declared. Every table copies its columns, and nothing within one is changed afterwards."""

    def __deepcopy__(self, memo: object) -> "Column":
        return copy(self)


class ListTable(tables.Table):
    """A table over rows that are already filtered, ordered and cut to one page.

    ``sorts`` names the columns that sort, each with the direction of the first click ("-" for descending).
    """

    sorts: ClassVar[Mapping[str, str]] = {}
    caption: ClassVar[str] = ""
    #: Every ``render_...`` takes only the row, so that cells are rendered without inspecting each function.
    renders_rows: ClassVar[bool] = False
    #: Columns that are hidden until a user selects them.
    hidden_at_first: ClassVar[tuple[str, ...]] = ()
    #: How many of the office's fields are columns at first, and which columns give way to them: all fit a laptop.
    office_at_first: ClassVar[int] = 2
    gives_way: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        rows: Iterable[object],
        *,
        query: QueryDict,
        sort: str = "",
        hidden: Collection[str] = (),
        office: Sequence[OfficeField] = (),
        **kwargs: Any,
    ) -> None:
        """``query`` is the page's address, ``sort`` the current order, such as ``-decided``.

        ``office``: the office's fields that are columns, too; rows give their texts by ``office_text``.
        """
        self.office = {field.column for field in office}
        extra = [(field.column, Column(verbose_name=field.name, empty_values=())) for field in office]
        # Set here instead of in Meta, which a table without a Meta of its own would not inherit.
        shared: dict[str, object] = {"template_name": "_components/table.html", "orderable": False}
        super().__init__(data=list(rows), exclude=tuple(hidden), extra_columns=extra, **(shared | kwargs))
        self.sort_links = {name: _sort_link(query, sort, name, first) for name, first in self.sorts.items()}

    def body(self, *, selectable: bool) -> SafeString:
        """All rows as HTML. The first cell is the row header, the others carry their column's name, which phones show
        beside the value; ``selectable`` rows have a checkbox before it. A group begins with a row of its own."""
        columns = [column for column in self.columns if column.visible]
        tags = [_tags(at, column) for at, column in enumerate(columns)]
        rows: list[str] = []
        for record, values in self._values(columns):
            if head := getattr(record, "group_head", ""):
                rows.append(markup(_GROUP, len(columns) + selectable, head))
            # Joined: to format a SafeString takes a call of its own, a thousand on a page.
            row = ["<tr>", markup(_SELECT, record.letter_id, record.name) if selectable else ""]
            for (start, end), value in zip(tags, values, strict=True):
                row += (start, value if type(value) is SafeString else escaped(value), end)
            row.append("</tr>")
            rows.append("".join(row))
        return mark_safe("\n".join(rows))  # noqa: S308 - each value is escaped

    def _values(self, columns: Sequence[BoundColumn]) -> Iterator[tuple[Any, list[Any]]]:
        if not self.renders_rows:
            yield from ((row.record, [value for _column, value in row.items()]) for row in self.paginated_rows)
            return
        renderers = [self._renderer(column.name) for column in columns]
        for record in self.data:
            yield record, [render(record) for render in renderers]

    def _renderer(self, name: str) -> Callable[..., object]:
        if name in self.office:
            return lambda record: _office_cell(record.office_text(name))
        render: Callable[..., object] = getattr(self, f"render_{name}")
        return render


def _office_cell(text: str) -> SafeString:
    """A number keeps to one line; a name may take two."""
    is_short_number = len(text) <= _SHORT and " " not in text
    return markup('<span class="nowrap">{}</span>', text) if is_short_number else two_lines(text)


def _tags(at: int, column: BoundColumn) -> tuple[str, str]:
    """The HTML before and after a column's values, the same in every row."""
    kind = column.attrs["td"].get("class", "")
    if at == 0:
        return markup('<th scope="row" class="{}">', kind), "</th>"
    return markup('<td class="{}" data-label="{}">', kind, column.header), "</td>"


def _sort_link(query: QueryDict, sort: str, name: str, first: str) -> SortLink:
    ascending, descending = name, f"-{name}"
    state = {ascending: "ascending", descending: "descending"}.get(sort)
    if state is None:
        following = first + name if first == "-" else name
    else:
        following = ascending if state == "descending" else descending
    return SortLink(link_to(changed(query, {"sort": following}, without=CURSOR)), state)
