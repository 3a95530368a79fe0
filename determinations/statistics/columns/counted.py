"""The columns whose values have sets in a column file, and how rows of items tell these values.

Beside stored columns, there are some that only statistics count by. Editions of guidelines are counted by the
citations of one side, as ``statistics.citation_code`` has them, and by ``denied_since``: the day since which editions
were valid as they were at the denial, empty for before all of these days. ``category_ground`` has an item's category
with each of its grounds, or with none: one by one, a thousand intersections of large sets would be counted.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date

import duckdb

from determinations.models.dimensions import DIMENSIONS, Kind, Scope
from determinations.parsing.results import SIDES
from determinations.statistics.columns.layout import ITEMS


@dataclass(frozen=True)
class SetColumn:
    """A column: its name, the type of a value, and what a row has of it: a value, or a list of several."""

    name: str
    type: str
    stored: str
    several: bool = False

    @property
    def values(self) -> str:
        """The values of a row, one at a time."""
        return f"unnest({self.stored})" if self.several else self.stored


#: Kinds whose values each come from one stored value: the engine may group them instead.
GROUPABLE = frozenset({Kind.CHOICE, Kind.TEXT, Kind.CODES, Kind.AUTHORITIES})
_COUNTED = GROUPABLE | {Kind.YES_NO, Kind.DECISION, Kind.AGE, Kind.FAMILIES, Kind.CATEGORY, Kind.OFFICE_FIELD}
_GROUPED = {
    dimension.item_column: dimension.kind in GROUPABLE
    for dimension in DIMENSIONS
    if dimension.in_rail and dimension.kind in _COUNTED
}
#: Numbers that only statistics count by.
_OF_STATISTICS = (
    "days_from_denial", "days_from_application", "days_from_assignment", "injury_year", "claim_age",
)  # fmt: skip
DENIED_SINCE = "denied_since"
CATEGORY_GROUND = "category_ground"
_SEPARATOR = "/"
_CATEGORY_GROUNDS = f"""
CASE WHEN len(grounds) = 0 THEN [category_id || '{_SEPARATOR}']
    ELSE [category_id || '{_SEPARATOR}' || ground FOR ground IN grounds] END
"""
#: In ``ItemFact.cited``: ``c12@2009``, after the beginning or a separator.
_CITED = r"""regexp_extract_all("cited", '(?:^|\x1f)({side}[0-9]+@[^\x1f]*)', 1)"""


def cited_column(side: str) -> str:
    """The column of a side's citations."""
    return f"{side}_cited"


def category_and_ground(value: str) -> tuple[int, tuple[str, ...]]:
    """The category of a value of ``category_ground``, and its ground, if any."""
    category, _, ground = value.partition(_SEPARATOR)
    return int(category), (ground,) if ground else ()


def _stored(names: Container[str]) -> list[SetColumn]:
    return [
        SetColumn(column.name, column.element or column.type, f'"{column.name}"', bool(column.element))
        for column in ITEMS.columns
        if column.name in names
    ]


#: The most important first: the engine cannot group them by what the rail shows.
COLUMNS = (
    *sorted(_stored(_GROUPED), key=lambda column: _GROUPED[column.name]),
    *(SetColumn(cited_column(side), "VARCHAR", _CITED.format(side=side[0]), several=True) for side in SIDES),
    SetColumn(DENIED_SINCE, "VARCHAR", f"{DENIED_SINCE}(ur_denial_date)"),
    SetColumn(CATEGORY_GROUND, "VARCHAR", _CATEGORY_GROUNDS, several=True),
    *_stored(_OF_STATISTICS),
)

#: All items of a case have the same value in these.
_OF_LETTERS = frozenset(dimension.item_column for dimension in DIMENSIONS if dimension.of_letter)
#: The columns that a case may have several values of.
OF_ITEMS = frozenset(d.item_column for d in DIMENSIONS if d.scope in (Scope.ITEM, Scope.CASE_OR_ITEM)) - _OF_LETTERS


def define_denied_since(engine: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make the function that the column of this name is told by, from the editions in the schema's table."""
    days: list[date] = [
        day
        for (day,) in engine.execute(f"""
            SELECT DISTINCT day FROM (
                SELECT unnest([valid_from, valid_to + 1]) AS day FROM {schema}.determinations_editionvalidity
            ) WHERE day IS NOT NULL ORDER BY day
        """).fetchall()  # noqa: S608 - names of our own
    ]
    since = ["", *map(str, days)]
    cases = " ".join(f"WHEN day < DATE '{day}' THEN '{before}'" for day, before in zip(days, since, strict=False))
    engine.execute(f"""
        CREATE OR REPLACE TEMP MACRO {DENIED_SINCE}(day) AS
            CASE WHEN day IS NULL THEN NULL {cases} ELSE '{since[-1]}' END
    """)
