"""What the first pages show of all items, counted by workers when the data have changed, before somebody asks."""

from determinations.statistics.interface import Selection
from determinations.statistics.quality import problems_of_cases
from determinations.statistics.sql_engine import one_snapshot

#: Columns that the overview's and the citations' first pages are grouped by.
_COLUMNS = ("category_id", "cited")


def count_ahead() -> None:
    """Count it, unless it is kept already: nothing is counted twice in one state of the data."""
    everything = Selection.everything()
    with one_snapshot() as engine:
        engine.count_letters(everything)
        engine.latest_decision(everything)
        engine.count_ahead(everything, _COLUMNS)
        engine.count_standings(everything)
        problems_of_cases(engine.state)
