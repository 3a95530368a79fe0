"""How statistics are shown: numbers with links to their lists, percentages, intervals, statewide figures."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from determinations.statistics.measured_accuracy import Share
from determinations.statistics.published import Published
from determinations.statistics.tabulate import Tally
from determinations.wording import figures

register = template.Library()


@register.simple_tag
def number(value: Any) -> SafeString:
    """A number with thousands separators, linked to the list it counts."""
    if value is None:
        return SafeString('<span class="quiet">0</span>')
    if value.link:
        return format_html('<a href="{}">{}</a>', value.link, f"{value.value:,}")
    return format_html("{}", f"{value.value:,}")


for written in (figures.thousands, figures.percent, figures.two, figures.days, figures.points):
    register.filter(written)


@register.simple_tag
def rate(tally: Tally, enough: bool, needs: int) -> SafeString:
    """The overturn rate with its interval; grayed out, with the reason, if it is based on too few items."""
    if tally.rate is None or tally.interval is None:
        return SafeString('<span class="quiet" title="No decisions">–</span>')
    shown = format_html(
        '<span><span class="rate">{}</span> <span class="interval">{}–{}</span></span>',
        figures.percent(tally.rate), *map(figures.one, tally.interval),
    )  # fmt: skip
    if enough:
        return shown
    reason = f"Based on only {tally.decided} decided item{'' if tally.decided == 1 else 's'} (at least {needs} needed)"
    return format_html('<span class="is-few" title="{}">{}<span class="visually-hidden"> ({})</span></span>',
                       reason, shown, reason)  # fmt: skip


@register.simple_tag
def share(part: Share | None, needs: int = 0) -> SafeString:
    """A share with its counts and interval; grayed out if it is based on fewer than ``needs`` values."""
    if part is None or part.percent is None or part.interval is None:
        return SafeString('<span class="quiet">–</span>')
    shown = format_html(
        '<span><span class="rate">{}</span> <span class="interval">{}–{}</span> '
        '<span class="quiet small nowrap">{} of {}</span></span>',
        f"{part.percent:.1f}%", f"{part.interval[0]:.1f}", f"{part.interval[1]:.1f}", f"{part.right:,}",
        f"{part.of:,}",
    )  # fmt: skip
    if part.of >= needs:
        return shown
    return format_html('<span class="is-few" title="At least {} values needed">{}</span>', needs, shown)


@register.filter
def at(values: Sequence[object], position: int) -> object:
    """The value at a position."""
    return values[position]


@register.simple_tag
def for_chart(label: str, tally: Tally, enough: bool) -> SafeString:
    """A row's numbers for the charts, its rate and interval to two decimals."""
    drawn = format_html('data-label="{}" data-items="{}"', label, tally.items)
    if tally.rate is not None and tally.interval is not None:
        low, high = tally.interval
        drawn += SafeString(f' data-rate="{tally.rate:.2f}" data-low="{low:.2f}" data-high="{high:.2f}"')
    return drawn if enough else drawn + SafeString(" data-few")


@register.simple_tag
def state(figure: Published | None, unit: str = "%") -> SafeString:
    """The statewide figure with its source; empty if none is published."""
    if figure is None:
        return SafeString("")
    note = f"; {figure.note}" if figure.note else ""
    value = figures.published(figure.value)
    return format_html(
        '<span class="state" title="{}">state {}{}</span>', f"{figure.year}: {figure.source}{note}", value, unit
    )
