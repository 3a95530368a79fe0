"""Published statewide figures for the same year and measure, with their source."""

from collections.abc import Mapping
from dataclasses import dataclass

from determinations.models import Figure, StatewideFigure
from determinations.statistics.catalog import DRUGS


@dataclass(frozen=True)
class Published:
    """A published figure to show next to ours."""

    value: float
    year: int
    source: str
    note: str = ""


class PublishedFigures:
    """All published figures, loaded in one query."""

    def __init__(self) -> None:
        self._figures: Mapping[tuple[int, str, str, str], StatewideFigure] = {
            (row.year, row.figure, row.category, row.subcategory): row for row in StatewideFigure.objects.all()
        }

    def get(self, year: int | None, figure: str, category: str = "", subcategory: str = "") -> Published | None:
        """The figure for a year; None if none was published or ``year`` is None."""
        figure_row = self._figures.get((year or 0, figure, category, subcategory))
        if figure_row is not None:
            return Published(float(figure_row.value), figure_row.year, figure_row.source, figure_row.note)
        if figure == Figure.ITEMS_PER_LETTER and not category:
            return self._items_per_letter(year)
        return None

    def _items_per_letter(self, year: int | None) -> Published | None:
        """Calculated if both requests and letters are published."""
        letters, items = self.get(year, Figure.LETTERS), self.get(year, Figure.ITEMS)
        if letters is None or items is None:
            return None
        note = "calculated from the published letters and requests"
        return Published(items.value / letters.value, items.year, items.source, note)

    def for_row(self, benchmark: str, year: int | None, key: str) -> tuple[Published | None, Published | None]:
        """The published share and overturn rate for a row of a statistic."""
        if benchmark == "category":
            return self.get(year, Figure.SHARE, key), self.get(year, Figure.OVERTURNED, key)
        if benchmark == "drugs":
            category, _, subcategory = key.partition("/")
            return self.get(year, Figure.SHARE_OF_DRUGS, DRUGS, subcategory), self.get(
                year, Figure.OVERTURNED, category, subcategory
            )
        return None, None
