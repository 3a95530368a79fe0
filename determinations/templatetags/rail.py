"""What the rail repeats a hundred times: made here in one go, a template for each would be most of the page's time."""

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from determinations.rail import Option

register = template.Library()


@register.simple_tag
def facet_option(name: str, option: Option) -> SafeString:
    """A value of a filter to be ticked, and how many rows have it."""
    return format_html(
        '<label class="facet-option"><input type="checkbox" name="{}" value="{}" id="f-{}-{}"{}>'
        '<span class="facet-label">{}</span><span class="facet-count">{}</span></label>',
        name,
        option.value,
        name,
        slugify(option.value),
        " checked" if option.chosen else "",
        option.label,
        "" if option.count is None else intcomma(option.count),
    )
