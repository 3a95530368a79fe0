"""Which items pass conditions, told from the sets of values alone: filters as Django has them, not their SQL.

A condition on one column holds for some of its values; the items that pass are those of their sets together. Whatever
is not known to mean the same is refused, and told by a statement. Conditions that are unknown in SQL do not hold here,
which is the same wherever nothing is negated: told are ``IS NOT TRUE``, and negations of what is never unknown.
"""

import operator
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from django.db.models import Value
from django.db.models.expressions import Col, Func
from django.db.models.lookups import Lookup
from django.db.models.sql.where import NothingNode, WhereNode
from pyroaring import BitMap

from determinations.statistics.columns.counted import COLUMNS
from determinations.statistics.columns.dialect import NotInColumns
from determinations.statistics.columns.found.query import matching
from determinations.statistics.columns.found.reading import FoundInFile
from determinations.statistics.columns.found.table import SECTIONS, SECTIONS_FUNCTION, WORDS, WORDS_FUNCTION
from determinations.statistics.columns.layout import ARRAYS, ITEMS
from determinations.statistics.columns.sets.places import BitValue, Order, in_all

_DATE = "decision_date"
_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge,
}  # fmt: skip
_NUMBERS = re.compile(r"\{(?:\d+(?:,\d+)*)?\}")


_NAMES = frozenset(column.name for column in COLUMNS)


class NotToldBySets(NotInColumns):
    """The sets of a version do not tell which items pass some conditions, whatever else becomes of its sets."""


class Facts(Protocol):
    """What conditions ask of the facts of a version: see ``PlacedFacts``."""

    @property
    def everything(self) -> BitMap: ...

    @property
    def orders(self) -> Sequence[Order]: ...

    def having(self, column: str, values: Sequence[BitValue]) -> BitMap: ...

    def values(self, column: str) -> Collection[BitValue]: ...

    def found_by(self, kind: str, value: str) -> BitMap: ...


def passing(where: WhereNode, facts: Facts) -> BitMap:
    """The places of the items that pass. Raises NotToldBySets."""
    try:
        return _of_node(where, facts) & facts.everything
    except NotInColumns as refusal:
        raise NotToldBySets(str(refusal)) from refusal


def check_told(where: WhereNode, found: FoundInFile) -> None:
    """Raise NotToldBySets for conditions that the sets of no file tell, or not those of ``found``; reads no set."""
    passing(where, _NoFacts(found))


@dataclass(frozen=True)
class _NoFacts:
    """The facts of a file without items."""

    found: FoundInFile
    everything: BitMap = field(default_factory=BitMap)
    orders: Sequence[Order] = (Order((), ()),)

    def having(self, column: str, values: Sequence[BitValue]) -> BitMap:
        self.values(column)
        return BitMap()

    def values(self, column: str) -> Collection[BitValue]:
        if column not in _NAMES:
            raise NotInColumns(f"compares {column}")
        return ()

    def found_by(self, kind: str, value: str) -> BitMap:
        self.found.check(kind, value)
        return BitMap()


def _of_node(node: object, facts: Facts) -> BitMap:
    if isinstance(node, NothingNode):
        return BitMap()
    if isinstance(node, WhereNode):
        if node.connector not in ("AND", "OR") or (node.negated and not _never_unknown(node)):
            raise NotInColumns("negates conditions that may be unknown, or has others")
        parts = [_of_node(child, facts) for child in node.children]
        if not parts:
            return facts.everything
        told = in_all(parts) if node.connector == "AND" else BitMap.union(*parts)
        return facts.everything - told if node.negated else told
    if isinstance(node, Lookup):
        return _of_lookup(node, facts)
    raise NotInColumns(f"has a {type(node).__name__}")


def _never_unknown(node: WhereNode) -> bool:
    """Whether all conditions are on columns that are never null."""
    return all(
        _never_unknown(child)
        if isinstance(child, WhereNode)
        else isinstance(child, Lookup) and isinstance(child.lhs, Col) and not child.lhs.target.null
        for child in node.children
    )


def _of_lookup(lookup: "Lookup[object]", facts: Facts) -> BitMap:
    name, wanted = str(lookup.lookup_name), lookup.rhs
    if isinstance(lookup.lhs, Func) and name == "exact" and wanted is True:
        return _of_function(lookup.lhs, facts)
    column = _column(lookup.lhs)
    if column == _DATE:
        return _of_days(name, wanted, facts)
    if column in ARRAYS:
        return _of_array(column, name, wanted, facts)
    if name == "isnull":
        return _having(facts, column, lambda value: (value is None) == wanted)
    if name == "in" and isinstance(wanted, Iterable) and all(isinstance(one, str | int) for one in wanted):
        some = set(wanted)
        return _having(facts, column, lambda value: value is not None and value in some)
    if name == "exact" and isinstance(wanted, str | int):
        return _having(facts, column, lambda value: value is not None and value == wanted)
    compared = _COMPARED.get(name)
    if compared is None or not isinstance(wanted, int):  # texts are in an order of the database's own
        raise NotInColumns(f"compares by {name}")
    return _having(facts, column, lambda value: isinstance(value, int) and compared(value, wanted))


def _of_function(function: Func, facts: Facts) -> BitMap:
    """``column = ANY('{1,2}')``, conditions that do not hold, words, or names of sections."""
    joined = getattr(function, "arg_joiner", "")
    if joined == " @@ ":
        return _of_words(function, facts)
    if joined == " && ":
        return _of_sections(function, facts)
    if function.template == "(%(expressions)s) IS NOT TRUE":
        return facts.everything - _of_node(function.get_source_expressions()[0], facts)
    if joined != " = ANY(":
        raise NotInColumns(f"has a {type(function).__name__}")
    left, right = function.get_source_expressions()
    written = right.value if isinstance(right, Value) else None
    if not isinstance(written, str) or not _NUMBERS.fullmatch(written):
        raise NotInColumns("compares with an array of another kind")
    numbers = {int(number) for number in written[1:-1].split(",") if number}
    return _having(facts, _column(left), lambda value: value in numbers)


def _of_words(function: Func, facts: Facts) -> BitMap:
    """``determinations_item_words(item_id) @@ ('...')::tsquery``."""
    words, query = function.get_source_expressions()
    text = query.get_source_expressions()[0] if isinstance(query, Func) else None
    plain = isinstance(query, Func) and query.template == "(%(expressions)s)::tsquery"
    if not plain or not isinstance(text, Value) or not isinstance(text.value, str):
        raise NotInColumns("has a query of another kind")
    _of_item(words, WORDS_FUNCTION)
    return matching(text.value, lambda lexeme: facts.found_by(WORDS, lexeme), facts.everything)


def _of_sections(function: Func, facts: Facts) -> BitMap:
    """``determinations_item_sections(item_id, 'reviewer') && ARRAY['...']``."""
    sections, names = function.get_source_expressions()
    (side,) = _of_item(sections, SECTIONS_FUNCTION)
    wanted = names.value if isinstance(names, Value) else None
    if not isinstance(side, Value) or side.value not in SECTIONS or not isinstance(wanted, list):
        raise NotInColumns("compares other sections")
    return BitMap.union(BitMap(), *(facts.found_by(SECTIONS[side.value], str(name)) for name in wanted))


def _of_item(expression: object, function: str | None) -> Sequence[object]:
    """What a function of the item is given besides it."""
    if not isinstance(expression, Func) or expression.function != function:
        raise NotInColumns(f"has a {type(expression).__name__}")
    item, *others = expression.get_source_expressions()
    if _column(item) != ITEMS.key:
        raise NotInColumns("has a function of another column")
    return others


def _of_array(column: str, name: str, wanted: object, facts: Facts) -> BitMap:
    elements = _elements(wanted)
    if name == "overlap":
        return facts.having(column, elements)
    if name == "contains" and elements:
        return in_all([facts.having(column, [element]) for element in elements])
    if name == "exact" and not elements:
        return facts.everything - facts.having(column, list(facts.values(column)))
    raise NotInColumns(f"compares an array by {name}")


def _elements(wanted: object) -> list[BitValue]:
    if isinstance(wanted, Func):
        sources = wanted.get_source_expressions()
        wanted = [source.value if isinstance(source, Value) else source for source in sources]
    if not isinstance(wanted, list) or not all(isinstance(one, str | int) for one in wanted):
        raise NotInColumns("compares with an array of another kind")
    return wanted


def _having(facts: Facts, column: str, holds: Callable[[BitValue], bool]) -> BitMap:
    return facts.having(column, [value for value in facts.values(column) if holds(value)])


def _column(expression: object) -> str:
    """The column of the items' table that an expression is."""
    if not isinstance(expression, Col) or expression.alias != ITEMS.name:
        raise NotInColumns("has another expression")
    return str(expression.target.column)


def _of_days(name: str, wanted: object, facts: Facts) -> BitMap:
    """Items of a stretch of days, which are neighbors."""
    places = BitMap()
    for order in facts.orders:
        first, end = _stretch(name, wanted, order.days)
        ends = [*order.firsts, order.undated]
        if name == "isnull" and wanted:
            places.add_range(order.undated, order.end)
        elif first < end:
            places.add_range(ends[first], ends[end])
    return places


def _stretch(name: str, wanted: object, days: Sequence[date]) -> tuple[int, int]:
    """The first of the days that are meant, and the first after these."""
    if name == "isnull":
        return 0, len(days)
    if type(wanted) is not date:
        raise NotInColumns("compares with another kind of date")
    before, through = bisect_left(days, wanted), bisect_right(days, wanted)
    stretches = {
        "exact": (before, through), "lt": (0, before), "lte": (0, through), "gt": (through, len(days)),
        "gte": (before, len(days)),
    }  # fmt: skip
    if name not in stretches:
        raise NotInColumns(f"compares days by {name}")
    return stretches[name]
