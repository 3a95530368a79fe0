"""Editions in use: by year of decision, and how they stood on the day that matters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from determinations.models import Side
from determinations.statistics.interface import Cited
from determinations.statistics.tabulate import Tally, add_up_cited
from determinations.wording.labels import AuthorityName, Labels

#: How an edition can stand, in order; ``Labels`` has the words.
STANDINGS = ("current", "superseded", "early", "undated", "unjudged")


@dataclass(frozen=True)
class EditionRow:
    """Items for which one side cites one edition; ``by_year`` of decision, None where it has no date."""

    side: Side
    authority: AuthorityName
    edition: str
    tally: Tally
    superseded: int
    by_year: Mapping[int | None, int]

    @property
    def part(self) -> str:
        """As filters spell it."""
        return f"{self.authority.key}@{self.edition}"

    @property
    def name(self) -> str:
        """The edition in words."""
        return self.edition or "not printed"


def years_of(rows: Sequence[EditionRow]) -> list[int | None]:
    """The years of decision in order; no date stands last."""
    return sorted({year for row in rows for year in row.by_year}, key=lambda year: (year is None, year or 0))


def edition_rows(cited: Sequence[Cited], labels: Labels) -> list[EditionRow]:
    """One row a side, authority and edition, the most cited first."""
    totals = add_up_cited(cited, lambda side, authority, edition, year, standing: (side, authority, edition))
    by_year = add_up_cited(cited, lambda side, authority, edition, year, standing: (side, authority, edition, year))
    old = add_up_cited(
        cited,
        lambda side, authority, edition, year, standing: (
            (side, authority, edition) if standing == "superseded" else None
        ),
    )
    years: dict[tuple[str, int, str], dict[int | None, int]] = {}
    for (*key, year), tally in by_year.items():
        years.setdefault(tuple(key), {})[year] = tally.items  # type: ignore[arg-type]
    return [
        EditionRow(
            side=Side(side),
            authority=labels.authority_by_id[authority_id],
            edition=edition,
            tally=totals[side, authority_id, edition],
            superseded=old.get((side, authority_id, edition), Tally()).items,
            by_year=years[side, authority_id, edition],
        )
        for side, authority_id, edition in sorted(totals, key=lambda key: (-totals[key].items, key))
    ]


@dataclass(frozen=True)
class Standing:
    """Citations of one side whose edition stood so (``share`` of the side's, in percent), and the items with some."""

    mentions: int
    share: float | None
    items: int


def standings(cited: Sequence[Cited], items: Sequence[Cited]) -> Mapping[tuple[str, str], Standing]:
    """By side and standing, from the counts of editions and those of items by standing."""
    mentions = add_up_cited(cited, lambda side, authority, edition, year, standing: (side, standing))
    totals = {side: sum(each.items for (one, _), each in mentions.items() if one == side) for side in Side.values}
    with_some = {each.raw: each.items for each in items}
    return {
        key: Standing(tally.items, tally.share_of(totals[key[0]]), with_some[key]) for key, tally in mentions.items()
    }
