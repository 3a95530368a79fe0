"""Tables of the list pages. ``base.ListTable`` is what each of them builds on."""

from determinations.tables.base import ListTable

__all__ = ["ListTable"]
