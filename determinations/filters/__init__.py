"""The filters of lists and statistics: their sets, and the addresses that hold their whole state."""

from determinations.filters.addresses import (
    active_filters,
    chips,
    filters_only,
    in_words,
    mistakes,
    strange_words,
)
from determinations.filters.sets import OF_ITEMS, CaseFilter, ItemFilter, LetterFilters

__all__ = [
    "OF_ITEMS",
    "CaseFilter",
    "ItemFilter",
    "LetterFilters",
    "active_filters",
    "chips",
    "filters_only",
    "in_words",
    "mistakes",
    "strange_words",
]
