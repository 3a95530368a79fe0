"""Charts of reports."""

import re

from determinations.reports.charts import Point, trend
from determinations.statistics.tabulate import Tally


def _points(*decided: int) -> list[Point]:
    return [
        Point(str(2014 + at), Tally(items=number, decided=number, overturned=1)) for at, number in enumerate(decided)
    ]


def test_periods_with_few_decided_items_interrupt_the_line_of_rates() -> None:
    """As on the pages of statistics: a line through them would show changes that are chance."""
    drawing = trend(_points(40, 50, 2, 60, 70, 80), needs=30)
    lines = re.findall(r'<polyline points="([^"]*)"', drawing)
    assert [len(line.split()) for line in lines] == [2, 3]
    assert drawing.count("<circle") == 5
    assert "overturn rate, right" in drawing
    assert "100%" in drawing


def test_without_a_rate_the_chart_shows_items_only() -> None:
    drawing = trend(_points(3, 2, 0), needs=30)
    assert "items, left" in drawing
    assert not re.search("polyline|circle|overturn|%", drawing)
