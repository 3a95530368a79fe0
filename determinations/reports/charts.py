"""Charts of a report as SVG, drawn from the numbers of its tables. Pages and PDF show the same drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from determinations.reports.printing import shown
from determinations.statistics.tabulate import Tally
from determinations.wording.figures import thousands

#: The colors of the product on paper.
_ITEMS, _QUIET, _OVERTURNED, _TEXT, _LINE = "#1d4d9e", "#a9c1ec", "#934400", "#000000", "#bbbbbb"
_WIDTH = 640
_LABEL, _BAR, _GAP = 220, 14, 6
_MOST_BARS = 25
_LONGEST_LABEL = 38
_HEIGHT, _LEFT, _RIGHT, _BELOW = 200, 46, 46, 24
_MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a table."""

    label: str
    items: int
    overturned: int


@dataclass(frozen=True, slots=True)
class Point:
    """A month, quarter or year."""

    label: str
    tally: Tally


def bars(rows: Sequence[Bar]) -> str:
    """A bar for each row: its items, and as its dark part those that were overturned."""
    rows = rows[:_MOST_BARS]
    widest = max((row.items for row in rows), default=0) or 1
    room = _WIDTH - _LABEL - 70
    drawn = []
    for at, row in enumerate(rows):
        top, middle = at * (_BAR + _GAP) + 20, at * (_BAR + _GAP) + 20 + _BAR - 3
        whole, part = room * row.items / widest, room * row.overturned / widest
        drawn += [
            _text(_LABEL - 8, middle, _short(row.label), "end"),
            _box(_LABEL, top, whole, _BAR, _ITEMS),
            _box(_LABEL, top, part, _BAR, _OVERTURNED),
            _text(_LABEL + whole + 6, middle, thousands(row.items)),
        ]
    return _drawing(len(rows) * (_BAR + _GAP) + 24, [*_legend("items", _ITEMS, "of these, overturned"), *drawn])


def trend(points: Sequence[Point], needs: int) -> str:
    """Items of each period as bars, and as a line the overturn rate where at least ``needs`` items were decided.

    Periods with fewer interrupt the line, as on the pages of statistics; where none has enough, only items are shown.
    """
    most = max((point.tally.items for point in points), default=0) or 1
    room, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BELOW - 24
    step, bottom = room / max(1, len(points)), _HEIGHT - _BELOW
    drawn, lines, marks = [], [""], []
    each = -(-len(points) // _MOST_TICKS)
    for at, point in enumerate(points):
        left, tall = _LEFT + at * step, high * point.tally.items / most
        drawn.append(_box(left + step * 0.15, bottom - tall, step * 0.7, tall, _QUIET))
        if point.tally.rate is not None and point.tally.decided >= needs:
            x, y = left + step / 2, bottom - high * point.tally.rate / 100
            lines[-1] += f"{x:.1f},{y:.1f} "
            marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{_OVERTURNED}"/>')
        elif lines[-1]:
            lines.append("")
        if at % each == 0:
            drawn.append(_text(left + step / 2, bottom + 14, point.label, "middle"))
    for share in (0, 50, 100):
        y = bottom - high * share / 100
        drawn += [
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_LINE}"/>',
            _text(_LEFT - 6, y + 3, thousands(most * share / 100), "end"),
            *([_text(_WIDTH - _RIGHT + 6, y + 3, f"{share}%")] if marks else []),
        ]
    drawn += [
        f'<polyline points="{line}" fill="none" stroke="{_OVERTURNED}" stroke-width="2"/>' for line in lines if line
    ]
    legend = _legend("items, left", _QUIET, "overturn rate, right" if marks else "")
    return _drawing(_HEIGHT, [*legend, *drawn, *marks])


def _legend(first: str, color: str, second: str) -> list[str]:
    """What the colors mean; without a second meaning, only the first."""
    of_first = [_box(_LABEL, 3, 10, 10, color), _text(_LABEL + 14, 12, first)]
    of_second = [_box(_LABEL + 120, 3, 10, 10, _OVERTURNED), _text(_LABEL + 134, 12, second)]
    return [*of_first, *(of_second if second else [])]


def _drawing(height: float, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {_WIDTH} {height:.0f}"'
    font = 'font-family="Bitstream Vera Sans, sans-serif" font-size="10"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(parts)}</svg>'


def _box(left: float, top: float, width: float, height: float, color: str) -> str:
    place = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{color}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_TEXT}">{escape(shown(words))}</text>'


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
