"""Precomputes what the first pages show for all items. Workers run it after data changes."""

from determinations.statistics.citation_catalog import GROUPINGS
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import one_snapshot

#: What the overview and the citations page group by.
_GROUPINGS = (("category_id",), *GROUPINGS)


def precompute_first_pages() -> None:
    """Count what is not cached yet for the current version of the data."""
    everything = Selection.everything()
    with one_snapshot() as engine:
        engine.count_letters(everything)
        engine.precompute(everything, _GROUPINGS)
        engine.count_edition_statuses(everything)
        engine.count_problems()
