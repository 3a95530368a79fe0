"""The state's published figures beside our own: the same year, the same measure, with the source."""

from collections.abc import Mapping
from dataclasses import dataclass

from determinations.models import Figure, StatewideFigure
from determinations.statistics.catalog import DRUGS


@dataclass(frozen=True)
class Published:
    """A published figure as it stands beside ours."""

    value: float
    year: int
    source: str
    note: str = ""


class PublishedFigures:
    """All published figures, read once; one query."""

    def __init__(self) -> None:
        self._found: Mapping[tuple[int, str, str, str], StatewideFigure] = {
            (each.year, each.figure, each.category, each.subcategory): each for each in StatewideFigure.objects.all()
        }

    def get(self, year: int | None, figure: str, category: str = "", subcategory: str = "") -> Published | None:
        """The figure of a year; None where none is published (or the selection is of no single year)."""
        found = self._found.get((year or 0, figure, category, subcategory))
        if found is not None:
            return Published(float(found.value), found.year, found.source, found.note)
        if figure == Figure.ITEMS_PER_LETTER and not category:
            return self._items_per_letter(year)
        return None

    def _items_per_letter(self, year: int | None) -> Published | None:
        """Worked out where both requests and letters are published."""
        letters, items = self.get(year, Figure.LETTERS), self.get(year, Figure.ITEMS)
        if letters is None or items is None:
            return None
        note = "worked out from the published letters and requests"
        return Published(items.value / letters.value, items.year, items.source, note)

    def beside(self, benchmark: str, year: int | None, key: str) -> tuple[Published | None, Published | None]:
        """Share and overturn rate published for a row of a statistic."""
        if benchmark == "category":
            return self.get(year, Figure.SHARE, key), self.get(year, Figure.OVERTURNED, key)
        if benchmark == "drugs":
            category, _, subcategory = key.partition("/")
            return self.get(year, Figure.SHARE_OF_DRUGS, DRUGS, subcategory), self.get(
                year, Figure.OVERTURNED, category, subcategory
            )
        return None, None
