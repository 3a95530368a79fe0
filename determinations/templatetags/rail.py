"""The options of the rail, rendered in Python: as templates, they took most of the page's time."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from zlib import crc32

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from determinations.browsing.rail import Facet
from determinations.filters.options import Option

register = template.Library()

_QUIET = '<li class="is-empty">'


@lru_cache(maxsize=4096)
def _part_of_id(value: str) -> str:
    """The value as part of an HTML id; one that loses characters gets a checksum, so that no two ids are equal."""
    plain = slugify(value)
    return plain if plain == value else f"{plain}-{crc32(value.encode()):08x}"


@register.simple_tag
def facet_option(name: str, option: Option) -> SafeString:
    """A filter value with its checkbox and the number of rows that have it."""
    # Django's own functions to escape and to write numbers took a fifth of the page's time.
    value, field = escape(str(option.value)), escape(name)
    return mark_safe(  # noqa: S308 - every value is escaped
        f'<label class="facet-option"><input type="checkbox" name="{field}" value="{value}"'
        f' id="f-{field}-{_part_of_id(option.value)}"{" checked" if option.chosen else ""}>'
        f'<span class="facet-label">{escape(str(option.label))}</span>'
        f'<span class="facet-count">{"" if option.count is None else f"{option.count:,}"}</span></label>'
    )


def _rows(name: str, options: Iterable[Option]) -> str:
    """A list of options; those that no row has are quiet."""
    rows = [f"{_row(option)}{facet_option(name, option)}{_below(option)}</li>" for option in options]
    return f'<ul class="facet-options">{"".join(rows)}</ul>'


def _row(option: Option) -> str:
    return _QUIET if option.count == 0 and not option.chosen else "<li>"


def _below(option: Option) -> str:
    """The subcategories of a category."""
    if not option.options:
        return ""
    is_open = option.chosen or any(one.chosen for one in option.options)
    return (
        f'<details class="facet-below"{" open" if is_open else ""}><summary class="small quiet">'
        f'<span class="visually-hidden">Subcategories of {escape(option.label)}</span></summary>'
        f"{_rows('subcategory', option.options)}</details>"
    )


@register.simple_tag
def facet_options(name: str, facet: Facet) -> SafeString:
    """The options of a filter: those chosen and the most frequent, and the rest folded."""
    folded, rest = facet.folded, ""
    if folded:
        more = f'<summary class="small">{len(folded)} more</summary>'
        rest = f'<details class="facet-more">{more}{_rows(name, folded)}</details>'
    elif not facet.options:
        rest = '<p class="hint">None in this list</p>'
    return mark_safe(_rows(name, facet.shown) + rest)  # noqa: S308 - of escaped parts


@register.simple_tag
def facet_body(facet: Facet) -> SafeString:
    """What a filter offers to choose from; a tree has all its options, with others below them."""
    if facet.kind == "tree":
        return mark_safe(_rows(facet.name, facet.options))  # noqa: S308 - of escaped parts
    return facet_options(facet.name, facet)


@register.simple_tag
def counted_bodies(facets: Iterable[Facet]) -> SafeString:
    """The same of all filters with values, to take the place of those that a page has."""
    bodies = [
        f'<div class="facet-body" id="facet-{escape(facet.name)}" hx-swap-oob="true">{facet_body(facet)}</div>'
        for facet in facets
        if facet.kind != "dates"
    ]
    return mark_safe("\n".join(bodies))  # noqa: S308 - of escaped parts


@register.simple_tag
def facet_block(facet: Facet, target: str = "") -> SafeString:
    """A filter with its options and inputs; ``target`` is the page of its links, if it is not this one."""
    return _kept_block(facet, target) if facet.untouched else _facet_block(facet, target)


def _facet_block(facet: Facet, target: str) -> SafeString:
    # A template, which escapes.
    return mark_safe(get_template("_components/facet.html").render({"facet": facet, "target": target}))  # noqa: S308 - a template has escaped it


#: A page of a list has some thirty filters, of which a user has touched one or two. What users typed is not kept.
_kept_block = lru_cache(maxsize=512)(_facet_block)
