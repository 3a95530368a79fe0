"""Editions cited: by year of decision, and whether they were in force on the relevant date."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from determinations.models import Side
from determinations.statistics.interface import CitationGroup, Sums
from determinations.statistics.tabulate import Tally, sum_citation_groups, tallies_of
from determinations.wording.labels import AuthorityName, Labels

#: The status of an edition, in display order; ``Labels`` has the labels.
EDITION_STATUSES = ("current", "superseded", "early", "undated", "unjudged")
#: A side, an authority by its ID, an edition.
_Key: TypeAlias = tuple[str, int, str]


@dataclass(frozen=True)
class EditionRow:
    """Items for which one side cites one edition. ``by_year``: by year of decision, None without a date."""

    side: Side
    authority: AuthorityName
    edition: str
    tally: Tally
    superseded: int
    by_year: Mapping[int | None, int]

    @property
    def filter_value(self) -> str:
        """The edition as a value of filters."""
        return f"{self.authority.key}@{self.edition}"

    @property
    def name(self) -> str:
        """The edition as shown."""
        return self.edition or "not printed"


def years_of(rows: Sequence[EditionRow]) -> list[int | None]:
    """The years of decision in order; None (no date) is last."""
    return sorted({year for row in rows for year in row.by_year}, key=lambda year: (year is None, year or 0))


def edition_rows(cited: Sequence[CitationGroup], labels: Labels) -> list[EditionRow]:
    """One row per side, authority and edition, most cited first."""
    totals, superseded = Sums(), Counter[_Key]()
    by_year = defaultdict[_Key, Counter[int | None]](Counter)
    for (side, authority_id, edition, year, status), items, decided, overturned in cited:
        key = side, authority_id, edition
        totals.add(key, items, decided, overturned)
        by_year[key][year] += items
        if status == "superseded":
            superseded[key] += items
    tallies = tallies_of(totals)
    return [
        EditionRow(
            side=Side(key[0]),
            authority=labels.authority_by_id[key[1]],
            edition=key[2],
            tally=tally,
            superseded=superseded[key],
            by_year=by_year[key],
        )
        for key, tally in sorted(tallies.items(), key=lambda one: (-one[1].items, one[0]))
    ]


@dataclass(frozen=True)
class StatusCounts:
    """One side's citations with one edition status, their percentage of the side, and the items with any of them."""

    citations: int
    share: float | None
    items: int


def edition_statuses(
    cited: Sequence[CitationGroup], items: Sequence[CitationGroup]
) -> Mapping[tuple[str, str], StatusCounts]:
    """By side and status, from the counts of editions and of items by status."""
    citations = sum_citation_groups(cited, lambda side, authority, edition, year, status: (side, status))
    totals = {
        side: sum(tally.items for (citing, _), tally in citations.items() if citing == side) for side in Side.values
    }
    items_with_any = {group.raw: group.items for group in items}
    return {
        key: StatusCounts(tally.items, tally.share_of(totals[key[0]]), items_with_any[key])
        for key, tally in citations.items()
    }
