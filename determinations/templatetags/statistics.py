"""How statistics are shown: numbers with links to their lists, percentages, intervals, statewide figures.

Rows of the long tables are rendered in Python, because templates took most of the time of their pages.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.utils.safestring import SafeString

from determinations.statistics.measured_accuracy import Share
from determinations.statistics.published import Published
from determinations.statistics.tabulate import Tally
from determinations.wording import figures
from determinations.wording.markup import escaped, markup

register = template.Library()

_NONE = SafeString('<span class="quiet">0</span>')


@register.simple_tag
def number(value: Any) -> SafeString:
    """A number with thousands separators, linked to the list it counts."""
    if value is None:
        return _NONE
    written = figures.thousands(value.value)
    return SafeString(f'<a href="{escaped(value.link)}">{written}</a>' if value.link else written)


for written in (figures.thousands, figures.percent, figures.two, figures.days, figures.points):
    register.filter(written)


@register.simple_tag
def rate(tally: Tally, enough: bool, needs: int) -> SafeString:
    """The overturn rate with its interval; grayed out, with the reason, if it is based on too few items."""
    percentage, interval = tally.rate, tally.interval
    if percentage is None or interval is None:
        return SafeString('<span class="quiet" title="No decisions">–</span>')
    shown = SafeString(
        f'<span><span class="rate">{figures.percent(percentage)}</span>'
        f' <span class="interval">{figures.one(interval[0])}–{figures.one(interval[1])}</span></span>'
    )
    if enough:
        return shown
    reason = f"Based on only {figures.counted(tally.decided, 'decided item')} (at least {needs} needed)"
    return markup('<span class="is-few" title="{}">{}<span class="visually-hidden"> ({})</span></span>',
                  reason, shown, reason)  # fmt: skip


@register.simple_tag
def share(part: Share | None, needs: int = 0) -> SafeString:
    """A share with its counts and interval; grayed out if it is based on fewer than ``needs`` values."""
    if part is None or part.percent is None or part.interval is None:
        return SafeString('<span class="quiet">–</span>')
    shown = markup(
        '<span><span class="rate">{}</span> <span class="interval">{}–{}</span> '
        '<span class="quiet small nowrap">{} of {}</span></span>',
        f"{part.percent:.1f}%", f"{part.interval[0]:.1f}", f"{part.interval[1]:.1f}", f"{part.right:,}",
        f"{part.of:,}",
    )  # fmt: skip
    if part.of >= needs:
        return shown
    return markup('<span class="is-few" title="At least {} values needed">{}</span>', needs, shown)


@register.filter
def at(values: Sequence[object], position: int) -> object:
    """The value at a position."""
    return values[position]


@register.simple_tag
def for_chart(label: str, tally: Tally, enough: bool) -> SafeString:
    """A row's numbers for the charts, its rate and interval to two decimals."""
    drawn = f'data-label="{escaped(label)}" data-items="{tally.items}"'
    percentage, interval = tally.rate, tally.interval
    if percentage is not None and interval is not None:
        drawn += f' data-rate="{percentage:.2f}" data-low="{interval[0]:.2f}" data-high="{interval[1]:.2f}"'
    return SafeString(drawn if enough else f"{drawn} data-few")


@register.simple_tag
def state(figure: Published | None, unit: str = "%") -> SafeString:
    """The statewide figure with its source; empty if none is published."""
    if figure is None:
        return SafeString("")
    note = f"; {figure.note}" if figure.note else ""
    value = figures.published(figure.value)
    return markup(
        '<span class="state" title="{}">state {}{}</span>', f"{figure.year}: {figure.source}{note}", value, unit
    )


@register.simple_tag
def statistic_rows(rows: Iterable[Any], needs: int) -> SafeString:
    """The rows (``RowView``) of a statistic's table."""
    return SafeString("".join(_statistic_row(view, needs) for view in rows))


def _statistic_row(view: Any, needs: int) -> str:
    row, label = view.row, escaped(view.label)
    name = f'<a class="main-link" href="{escaped(view.page)}">{label}</a>' if view.page else label
    of_state = f" {state(view.published_share)}" if view.published_share else ""
    rate_of_state = f" {state(view.published_rate)}" if view.published_rate else ""
    return f"""
    <tr {for_chart(view.label, view.tally, row.enough)}>
      <th scope="row">{name}</th>
      <td class="number with-bar" data-label="Items"><span class="bar-of" style="width: {view.width}%"></span>\
{number(view.items)}</td>
      <td class="number" data-label="Share">{figures.percent(row.share)}{of_state}</td>
      <td class="number" data-label="Overturned">{number(view.overturned)}</td>
      <td class="number" data-label="Overturn rate">{rate(view.tally, row.enough, needs)}{rate_of_state}</td>
    </tr>
  """


@register.simple_tag
def period_rows(periods: Iterable[Mapping[str, Any]], needs: int) -> SafeString:
    """The rows of the table of letters and items over time."""
    return SafeString("".join(_period_row(period, needs) for period in periods))


@register.simple_tag
def trend_title(periods: Iterable[Mapping[str, Any]]) -> str:
    """What the chart over time shows: rates are drawn only where a dated period has enough decided items."""
    rated = any(period["enough"] for period in periods if period["key"] != "unknown")
    return "Items and overturn rate (95% interval) over time" if rated else "Items over time"


def _period_row(period: Mapping[str, Any], needs: int) -> str:
    undated = " data-undated" if period["key"] == "unknown" else ""
    tally, enough = period["tally"], period["enough"]
    return f"""
  <tr{undated} {for_chart(period["label"], tally, enough)}>
    <th scope="row">{escaped(period["label"])}</th>\
<td class="number" data-label="Letters">{number(period["letters"])}</td>\
<td class="number" data-label="Items">{number(period["items"])}</td>\
<td class="number" data-label="Overturned">{number(period["overturned"])}</td>\
<td class="number" data-label="Overturn rate">{rate(tally, enough, needs)}</td>
  </tr>"""


@register.simple_tag
def ground_cells(row: Any, columns: Iterable[Any], needs: int) -> SafeString:
    """The cells of a row (``RowOfGrounds``): the number and share of its items with the ground of each column."""
    few = "" if row.enough else f' title="Based on only {row.items.value} items (at least {escaped(needs)} needed)"'
    css = "share" if row.enough else "share is-few"
    return SafeString("".join(
        f'<td class="number" data-label="{escaped(kind.label)}"><span>{number(cell.number)}'
        f' <span class="{css}"{few}>{figures.percent(cell.share)}</span></span></td>'
        for kind, cell in zip(columns, row.cells, strict=True)
    ))  # fmt: skip


@register.simple_tag
def number_cells(numbers: Iterable[object]) -> SafeString:
    """A cell for each number, empty for None."""
    return SafeString("".join(
        f'<td class="number">{"" if value is None else number(value)}</td>' for value in numbers
    ))  # fmt: skip
