"""Tables of the list pages. ``base.ListTable`` is what each of them builds on."""

from determinations.tables.base import ListTable
from determinations.tables.cases import CaseRow, CaseTable, DecisionTable
from determinations.tables.items import ItemRow, ItemTable

__all__ = ["CaseRow", "CaseTable", "DecisionTable", "ItemRow", "ItemTable", "ListTable"]
