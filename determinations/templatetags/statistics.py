"""How statistics print: numbers with their lists, percentages, intervals, figures of the state."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from determinations.statistics.published import Published
from determinations.statistics.tabulate import Tally

register = template.Library()


@register.simple_tag
def number(value: Any) -> SafeString:
    """A number with its thousands apart, as the link to the list that it counts."""
    if value is None:
        return SafeString('<span class="quiet">0</span>')
    if value.link:
        return format_html('<a href="{}">{}</a>', value.link, f"{value.value:,}")
    return format_html("{}", f"{value.value:,}")


@register.filter
def thousands(value: int | float | None) -> str:
    """A number with its thousands apart."""
    return "" if value is None else f"{value:,.0f}"


@register.filter
def percent(value: float | None) -> str:
    """``12.3%``; a dash where there is nothing to divide by."""
    return "–" if value is None else f"{value:.1f}%"


@register.filter
def two(value: float | None) -> str:
    """Two decimals."""
    return "–" if value is None else f"{value:.2f}"


@register.filter
def days(value: float | None) -> str:
    """Days, with a decimal only where it says something."""
    return "–" if value is None else f"{value:,.1f}".removesuffix(".0")


@register.filter
def points(value: float | None) -> str:
    """Percentage points with their sign."""
    return "–" if value is None else f"{value:+.1f} points".replace("-", "−")


@register.simple_tag
def rate(tally: Tally, enough: bool, needs: int) -> SafeString:
    """The overturn rate with its interval; greyed, with the reason, where it rests on too few items."""
    if tally.rate is None or tally.interval is None:
        return SafeString('<span class="quiet" title="No decision was read">–</span>')
    shown = format_html(
        '<span class="rate">{}</span> <span class="interval">{}–{}</span>',
        f"{tally.rate:.1f}%", f"{tally.interval[0]:.1f}", f"{tally.interval[1]:.1f}",
    )  # fmt: skip
    if enough:
        return shown
    reason = f"Greyed: {tally.decided} decided item{'' if tally.decided == 1 else 's'}, a rate needs {needs}"
    return format_html('<span class="is-few" title="{}">{}<span class="visually-hidden"> ({})</span></span>',
                       reason, shown, reason)  # fmt: skip


@register.simple_tag
def for_chart(label: str, tally: Tally, enough: bool) -> SafeString:
    """A row's numbers as the charts read them, its rate and interval to two decimals."""
    drawn = format_html('data-label="{}" data-items="{}"', label, tally.items)
    if tally.rate is not None and tally.interval is not None:
        low, high = tally.interval
        drawn += SafeString(f' data-rate="{tally.rate:.2f}" data-low="{low:.2f}" data-high="{high:.2f}"')
    return drawn if enough else drawn + SafeString(" data-few")


@register.simple_tag
def state(figure: Published | None, unit: str = "%") -> SafeString:
    """The state's figure with its source; nothing where none is published."""
    if figure is None:
        return SafeString("")
    note = f"; {figure.note}" if figure.note else ""
    value = f"{figure.value:,.0f}" if figure.value >= 1000 else f"{figure.value:,.2f}".rstrip("0").rstrip(".")
    return format_html(
        '<span class="state" title="{}">state {}{}</span>', f"{figure.year}: {figure.source}{note}", value, unit
    )
