"""The options of the rail, rendered in Python: a hundred small templates took most of the page's time."""

from functools import lru_cache
from zlib import crc32

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from determinations.filters.options import Option

register = template.Library()


@lru_cache(maxsize=4096)
def _part_of_id(value: str) -> str:
    """The value as part of an HTML id; one that loses characters gets a checksum, so that no two ids are equal."""
    plain = slugify(value)
    return plain if plain == value else f"{plain}-{crc32(value.encode()):08x}"


@register.simple_tag
def facet_option(name: str, option: Option) -> SafeString:
    """A filter value with its checkbox and the number of rows that have it."""
    return format_html(
        '<label class="facet-option"><input type="checkbox" name="{}" value="{}" id="f-{}-{}"{}>'
        '<span class="facet-label">{}</span><span class="facet-count">{}</span></label>',
        name,
        option.value,
        name,
        _part_of_id(option.value),
        " checked" if option.chosen else "",
        option.label,
        "" if option.count is None else intcomma(option.count),
    )
