"""Precomputes what the first pages show for all items. Workers run it after data changes."""

from determinations.statistics.interface import Selection
from determinations.statistics.quality import problems_of_cases
from determinations.statistics.sql_engine import one_snapshot

#: The columns that the overview and the citations page group by.
_COLUMNS = ("category_id", "cited")


def precompute_first_pages() -> None:
    """Count what is not cached yet for the current version of the data."""
    everything = Selection.everything()
    with one_snapshot() as engine:
        engine.count_letters(everything)
        engine.precompute(everything, _COLUMNS)
        engine.count_edition_statuses(everything)
        problems_of_cases(engine.version)
