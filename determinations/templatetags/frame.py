"""Small pieces used by every template: icons, badges, dates, sortable table headers."""

from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache
from html import escape
from typing import Protocol

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django_tables2 import Table
from django_tables2.columns import BoundColumn

from determinations.access import typed_forms
from determinations.searching.matches import Piece
from determinations.wording.labels import fixed_label
from determinations.wording.paths import label_of_path

register = template.Library()

#: One set, 24 units square, drawn with lines only; ``static/css/base.css`` sets their weight.
ICONS = {
    "alike": '<path d="M4 7h11M4 12h7M4 17h5"/><circle cx="16" cy="16" r="4"/><path d="m19 19 2.5 2.5"/>',
    "chart": '<path d="M4 20V10M10 20V4M16 20v-7M4 20h17"/>',
    "bell": '<path d="M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4"/>',
    "bookmark": '<path d="M6 3h12v18l-6-4-6 4z"/>',
    "check": '<path d="m4 12 5 6L20 6"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 3"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "columns": '<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M9 4v16M15 4v16"/>',
    "copy": '<rect x="8" y="8" width="13" height="13" rx="2"/><path d="M16 8V5a2 2 0 0 0-2-2H5a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h3"/>',  # noqa: E501 - one drawing
    "down": '<path d="m6 9 6 6 6-6"/>',
    "download": '<path d="M12 3v12M7 11l5 5 5-5M4 20h16"/>',
    "edit": '<path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4"/>',
    "filter": '<path d="M3 5h18l-7 8v6l-4 2v-8z"/>',
    "first": '<path d="M18 6 12 12l6 6M7 6v12"/>',
    "flag": '<path d="M5 21V4h13l-3 4.5L18 13H5"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v6M12 7.5v.5"/>',
    "inbox": '<path d="M3 13h5l1.5 3h5L16 13h5M3 13l3-8h12l3 8v6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z"/>',
    "keyboard": '<rect x="2" y="6" width="20" height="12" rx="2"/><path d="M6 10h.01M10 10h.01M14 10h.01M18 10h.01M8 14h8"/>',  # noqa: E501 - one drawing
    "last": '<path d="m6 6 6 6-6 6M17 6v12"/>',
    "leave": '<path d="M10 4H5v16h5M14 8l4 4-4 4M9 12h9"/>',
    "left": '<path d="m15 6-6 6 6 6"/>',
    "letter": '<path d="M6 2h9l4 4v16H6zM15 2v4h4M9 11h7M9 15h7"/>',
    "list": '<path d="M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01"/>',
    "lock": '<rect x="5" y="11" width="14" height="10" rx="2"/><path d="M8 11V7a4 4 0 0 1 8 0v4"/>',
    "print": '<path d="M7 8V3h10v5M7 17H4V9h16v8h-3M7 14h10v7H7z"/>',
    "refresh": '<path d="M20 11a8 8 0 0 0-15-3M4 4v4h4M4 13a8 8 0 0 0 15 3M20 20v-4h-4"/>',
    "right": '<path d="m9 6 6 6-6 6"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
    "sort": '<path d="m8 9 4-5 4 5M8 15l4 5 4-5"/>',
    "sort-down": '<path d="M12 4v16M6 14l6 6 6-6"/>',
    "sort-up": '<path d="M12 20V4M6 10l6-6 6 6"/>',
    "star": '<path d="m12 3 2.8 5.8 6.2.9-4.5 4.4 1 6.3L12 17.500l-5.500 2.900 1-6.300L3 9.700l6.200-.9z"/>',
    "trash": '<path d="M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5"/>',
    "upload": '<path d="M12 16V4M7 9l5-5 5 5M4 20h16"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4 3.500-7 8-7s8 3 8 7"/>',
    "warning": '<path d="M12 3 2 20h20zM12 10v5M12 17.500v.5"/>',
}

_SHAPES = {
    "upheld": '<rect x="0.5" y="0.5" width="9" height="9" fill="currentColor"/>',
    "overturned": '<path d="M5 0l5 5-5 5-5-5z" fill="currentColor"/>',
    "partly": '<path d="M5 .8 9.200 5 5 9.200 .8 5z" fill="none" stroke="currentColor" stroke-width="1.200"/><path d="M5 .8v8.400L.8 5z" fill="currentColor"/>',  # noqa: E501 - one drawing
    "unknown": '<circle cx="5" cy="5" r="4.200" fill="none" stroke="currentColor" stroke-dasharray="2 1.500"/>',
}
_WORDS = {
    "upheld": ("Upheld", "Upheld: the utilization review denial stands"),
    "overturned": ("Overturned", "Overturned: the treatment is medically necessary"),
    "partly": ("Partly", "Partly overturned: some items are medically necessary; for others the denial stands"),
    "unknown": ("No decision", "No decision was read for at least one item"),
}


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """An icon, hidden from screen readers."""
    # A constant.
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', mark_safe(ICONS[name]))  # noqa: S308 - drawings of this file


@register.simple_tag
@lru_cache(maxsize=1024)
def decision_badge(decision: str | bool | None, tail: str = "") -> SafeString:
    """A decision or outcome as a word, shape and color; ``tail`` follows the word, such as ``2/5``."""
    if decision is None or decision == "":
        key = "unknown"
    elif isinstance(decision, bool):
        key = "overturned" if decision else "upheld"
    else:
        key = str(decision)
    word, meaning = _WORDS[key]
    return format_html(
        '<span class="badge is-{}" title="{}"><svg class="shape" viewBox="0 0 10 10" aria-hidden="true">{}</svg>'
        "{}{}</span>",
        key,
        meaning,
        mark_safe(_SHAPES[key]),  # noqa: S308 - a constant
        word,
        f" {tail}" if tail else "",
    )


@register.simple_tag
def decision_meaning(decision: str | None) -> str:
    """The meaning of a decision: ``Upheld: the utilization review denial stands``."""
    return _WORDS[decision or "unknown"][1]


@register.filter
def day(value: date | None) -> str:
    """A date as ``Jan 9, 2017``; empty for none."""
    return f"{value:%b} {value.day}, {value.year}" if value else ""


@register.filter
def label(value: str, vocabulary: str) -> str:
    """The label of a value, such as a layout or a state; the value itself if it has none."""
    return fixed_label(vocabulary, value)


@register.filter
def value_named(path: str) -> str:
    """The label of a path: "item 2, decision"."""
    return label_of_path(path)


@register.simple_tag
def sort_head(table: Table, column: BoundColumn) -> SafeString:
    """The header of a column: its name, the link that sorts by it, and the sort state for screen readers."""
    kind = (column.attrs.get("th") or {}).get("class", "")
    sort = table.sort_links.get(column.name) if hasattr(table, "sort_links") else None
    if sort is None:
        return format_html('<th scope="col" class="{}">{}</th>', kind, column.header)
    icons = {"ascending": "sort-up", "descending": "sort-down", None: "sort"}
    state = format_html(' aria-sort="{}"', sort.state) if sort.state else ""
    return format_html(
        '<th scope="col" class="{} is-sortable"{}><a href="{}">{} {}</a></th>',
        kind,
        state,
        sort.query,
        column.header,
        icon(icons[sort.state]),
    )


class _Rows(Protocol):
    """A table that renders its rows in Python, in a tenth of the time that templates of rows take."""

    def body(self, *, selectable: bool) -> SafeString: ...


@register.simple_tag
def table_body(table: _Rows, selectable: object = "") -> SafeString:
    """All rows of the table; ``selectable`` ones have a checkbox."""
    return table.body(selectable=bool(selectable))


@register.simple_tag(takes_context=True)
def keep_typed(context: template.Context, path: str = "") -> SafeString:
    """For larger forms: what is typed is kept if the session ends before it is saved (``access/typed_forms.py``).

    ``path`` is where the form is sent, if not to its own page; that page shows what was kept.
    """
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return mark_safe("")
    note = typed_forms.note_of(request.user, path or request.path)
    hidden = [(typed_forms.FIELD, note), *([(typed_forms.SHOWN, "1")] if typed_forms.shows_kept(request) else [])]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', hidden)


@register.filter
def marked(pieces: Iterable[Piece]) -> SafeString:
    """A text in pieces, those that match marked: hundreds on a page of results, which takes a template far longer."""
    return mark_safe(  # noqa: S308 - every piece is escaped
        "".join([f"<mark>{escape(piece.text)}</mark>" if piece.marked else escape(piece.text) for piece in pieces])
    )
