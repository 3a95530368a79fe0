"""The filters of lists and statistics: their sets, and the addresses that hold their whole state."""

from determinations.filters.addresses import (
    PARAMETERS,
    active_filters,
    chips,
    filters_in_words,
    filters_only,
    mistakes,
    unknown_parameters,
)
from determinations.filters.sets import CaseFilter, ItemFilter, ListFilters

__all__ = [
    "PARAMETERS",
    "CaseFilter",
    "ItemFilter",
    "ListFilters",
    "active_filters",
    "chips",
    "filters_in_words",
    "filters_only",
    "mistakes",
    "unknown_parameters",
]
