"""Counts the editions that a selection cites by sets of places alone, as the statements of ``sql_engine`` do.

An edition was in force, or not, on the day of the decision for the reviewer's citations: these are stretches of
places. For the claims administrator's it is the day of the denial, of which items have ``denied_since``: it changes
only on days on which some edition's validity begins or ends.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from pyroaring import BitMap

from determinations.parsing.results import SIDES
from determinations.statistics.citation_code import decode_citation
from determinations.statistics.columns.counted import DENIED_SINCE, cited_column
from determinations.statistics.columns.tallies import Decided, Rows, by_period

if TYPE_CHECKING:
    from determinations.statistics.columns.placed import PlacedFacts
    from determinations.statistics.columns.selected import SelectedItems

#: The first day on which an edition is in force, and the first after.
Validity: TypeAlias = tuple[date | None, date | None]
#: By authority and edition.
Validities: TypeAlias = Mapping[tuple[int, str], Validity]
#: The number of a row's question.
EDITIONS, STATUSES = 0, 1


@dataclass(frozen=True)
class Statuses:
    """What is told of editions whatever is selected: the items for which a side's edition of a validity has each
    status on the day that matters, None for all; and the items with a citation of each status.
    """

    of_edition: Mapping[tuple[str, Validity | None], Mapping[str, BitMap | None]]
    of_items: Mapping[tuple[str, str], BitMap]

    @classmethod
    def of(cls, facts: "PlacedFacts", validities: Validities) -> "Statuses":
        """Those of a version of the facts. Raises NotInColumns."""
        of_edition: dict[tuple[str, Validity | None], Mapping[str, BitMap | None]] = {
            (side, validity): _by_status(facts, side, validity)
            for side in SIDES
            for validity in (None, *set(validities.values()))
        }
        with_status = defaultdict[tuple[str, str], list[BitMap]](list)
        for side in SIDES:
            alike = defaultdict[Validity | None, list[BitMap]](list)
            for told in facts.value_sets(cited_column(side)):
                _side, authority, edition = decode_citation(str(told.value))
                alike[validities.get((authority, edition))] += [told.file, told.now]
            for validity, several in alike.items():
                citing = BitMap.union(*several)
                for status, places in of_edition[side, validity].items():
                    with_status[side, status].append(citing if places is None else citing & places)
        return cls(of_edition, {key: BitMap.union(*several) for key, several in with_status.items()})


def editions(selected: "SelectedItems", validities: Validities, authority_id: int | None = None) -> Rows:
    """Under ``EDITIONS`` the items by side, authority, edition, year of decision and status, as
    ``Engine.count_editions`` has them; under ``STATUSES`` those by side and status of all authorities.

    Raises NotInColumns.
    """
    facts, decided = selected.facts, Decided.of(selected)
    statuses = facts.kept(("statuses", *validities.items()), lambda: Statuses.of(facts, validities))
    rows: Rows = []
    for side in SIDES:
        for told in facts.value_sets(cited_column(side)):
            _side, authority, edition = decode_citation(str(told.value))
            cited = decided.among(told) if authority_id in (None, authority) else Decided()
            if not cited.items:
                continue
            of_edition = statuses.of_edition[side, validities.get((authority, edition))]
            for status, year, (items, undecided, overturned) in _by_year(facts, cited, of_edition):
                values = side, authority, edition, year, status
                rows.append((EDITIONS, values, items, items - undecided, overturned))
    if authority_id is None:
        counted = ((key, decided.within(places).counts()) for key, places in statuses.of_items.items())
        rows += [(STATUSES, key, *counts) for key, counts in counted if counts[0]]
    return rows


def _by_year(
    facts: "PlacedFacts", cited: Decided, statuses: Mapping[str, BitMap | None]
) -> Iterator[tuple[str, date | int | None, list[int]]]:
    """The items that cite an edition by its status and year of decision.

    Those of the status that most of them have are what others leave of all.
    """
    sizes = {
        status: len(cited.items) if places is None else cited.items.intersection_cardinality(places)
        for status, places in statuses.items()
    }
    most = max(sizes, key=sizes.__getitem__)
    left = by_period(facts, cited, "decision_year")
    for status, places in statuses.items():
        if status == most or places is None or not sizes[status]:
            continue
        for year, counts in by_period(facts, cited.within(places), "decision_year").items():
            yield status, year, counts
            left[year] = [of_all - of_status for of_all, of_status in zip(left[year], counts, strict=True)]
    yield from ((most, year, counts) for year, counts in left.items() if counts[0])


def _by_status(facts: "PlacedFacts", side: str, validity: Validity | None) -> dict[str, BitMap | None]:
    """The items for which such an edition has each status on the day that matters; None for all."""
    if validity is None:
        return {"unjudged": None}
    return _by_denial(facts, *validity) if side == "claims" else _by_decision(facts, *validity)


def _by_denial(facts: "PlacedFacts", first: date | None, after: date | None) -> dict[str, BitMap | None]:
    several = defaultdict[str, list[BitMap]](list)
    for told in facts.value_sets(DENIED_SINCE):
        since = told.value
        if since is None:
            status = "undated"
        elif after is not None and str(since) >= str(after):
            status = "superseded"
        else:
            status = "early" if first is not None and str(since) < str(first) else "current"
        several[status] += [told.file, told.now]
    return {status: BitMap.union(*sets) for status, sets in several.items()}


def _by_decision(facts: "PlacedFacts", first: date | None, after: date | None) -> dict[str, BitMap | None]:
    statuses: dict[str, BitMap | None] = {}
    for order in facts.orders:
        ends = [*order.firsts, order.undated]
        begins = order.start if first is None else ends[bisect_left(order.days, first)]
        stops = order.undated if after is None else ends[bisect_left(order.days, after)]
        for status, start, end in (
            ("early", order.start, min(begins, stops)), ("current", begins, stops),
            ("superseded", stops, order.undated), ("undated", order.undated, order.end),
        ):  # fmt: skip
            places = statuses.setdefault(status, BitMap())
            if places is not None and start < end:
                places.add_range(start, end)
    return statuses
