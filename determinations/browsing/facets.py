"""Facets: how many rows of a list have each value of each dimension, with all filters except the dimension's own.

The column engine counts all items, and all cases. Otherwise up to 1,000 rows of each base are counted, and the page
says so: the newest, or some if the newest are not near the top of the list. Dimensions that are not filtered share one
base, so that one statement reads the list once for them and once for each filtered dimension.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet
from django.http import QueryDict

from determinations.browsing.column_cases import cases_by_column, rows_by_texts
from determinations.browsing.counted_cases import CountedCases, shown, values_of, whole
from determinations.browsing.list_place import Place
from determinations.browsing.lists import NEWEST, ListKind
from determinations.filters import ListFilters
from determinations.filters.kinds import KINDS, Stored
from determinations.filters.options import MOST_COUNTED
from determinations.models import ItemFact
from determinations.models.dimensions import Dimension, Kind
from determinations.paging.filtered import NEAR, ListQuery, Nearest, keys_near, rows_of, tables_of
from determinations.paging.stretches import STRETCH, Candidates, StretchLimits
from determinations.statistics.answer_cache import Rows
from determinations.statistics.columns.selected import SelectedItems
from determinations.statistics.columns.sets.places import BitValue
from determinations.statistics.interface import TABLE, Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from determinations.wording.labels import Labels


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows are read to count facets."""

    #: Rows that are counted at most, per base.
    counted: int = 1_000
    #: If more rows match, those near the top of the list are counted, provided there are ``enough``.
    many: int = 2_000
    enough: int = 200
    #: Rows at the top of the list, filters aside, that are checked for matches.
    near: int = NEAR
    #: Rows that are read where they have to be read to tell whether they match.
    stretch: StretchLimits = STRETCH


LIMITS = Limits()

_COUNT_ALL = (
    "SELECT '{table}' AS facet, NULL::jsonb AS value, count(*) AS number FROM {table} "
    "UNION ALL SELECT '{table}.all', NULL, number FROM {table}_number"
)
_FREQUENT = """
SELECT value, count(*) AS items FROM (SELECT {table}.{column} AS value {rows}) AS told
GROUP BY value ORDER BY items DESC, value LIMIT {most}"""
_COUNT = "SELECT '{table}.{column}', to_jsonb({column}), number FROM (SELECT {column}, count(*) AS number FROM {table} GROUP BY 1) AS counted"  # noqa: E501 - one statement


@dataclass(frozen=True)
class FacetCounts:
    """How many rows have each value of each dimension; ``capped``: only ``cap`` rows of some were counted."""

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    capped: bool = False
    cap: int = 0


def count_facets(kind: ListKind, filterset: ListFilters, query: QueryDict, limits: Limits = LIMITS) -> FacetCounts:
    """Count every dimension of a list under the filters of ``query``: one statement, if not by column."""
    counted = [
        d
        for d in filterset.dimensions
        if KINDS[d.kind].is_offered(d, filterset.lookups.labels)
        and KINDS[d.kind].counted
        and d.column(of_items=kind.of_items)
    ]
    queries = {"base": kind.list_query(filterset, query, order=NEWEST)}
    places: dict[str, tuple[str, str]] = {}
    left_out_of: dict[str, Collection[str]] = {"base": ()}
    for dimension in counted:
        table, left_out = "base", KINDS[dimension.kind].left_out(dimension)
        if any(query.get(parameter) for parameter in left_out):
            table = f"but_{dimension.name}"
            queries[table] = kind.list_query(filterset, query, order=NEWEST, without=left_out)
            left_out_of[table] = left_out
        places[dimension.name] = table, dimension.column(of_items=kind.of_items)
    by_column = (
        _items_by_column(filterset, query, counted)
        if kind.of_items
        else _cases_by_column(
            filterset,
            queries,
            {name: (table, left_out_of[table]) for name, (table, _column) in places.items()},
            counted,
        )
    )
    if by_column is not None:
        return FacetCounts(by_column)
    samples = {} if kind.of_items or not filterset.dimension_of else _samples(filterset, queries, left_out_of, limits)
    samples |= _of_stretches(queries, limits)
    statement, parameters = _statement(queries, list(dict.fromkeys(places.values())), limits, samples)
    rows: dict[str, list[tuple[Stored, int]]] = defaultdict(list)
    for place, value, number in rows_of(statement, parameters, of_words=queries["base"].of_words):
        rows[place].append((value if value is None else json.loads(value), number))
    labels = filterset.lookups.labels
    counts = {
        dimension.name: _by_value(dimension, column, rows[f"{table}.{column}"], labels)
        for dimension, (table, column) in zip(counted, places.values(), strict=True)
    }
    counted_rows = {name: rows[name][0][1] for name in queries}
    capped = any(rows[f"{name}.all"][0][1] > min(number, limits.many) for name, number in counted_rows.items())
    return FacetCounts(counts, capped, max(counted_rows.values()))


def _items_by_column(
    filterset: ListFilters, query: QueryDict, dimensions: Collection[Dimension]
) -> dict[str, dict[str, int]] | None:
    """All items by the values of each dimension, in one snapshot; None if the column engine cannot count them.

    Of a field of the office, which may have as many values as there are letters, the most frequent values only.
    """
    columns: dict[tuple[str, ...], list[str]] = defaultdict(list)
    places = {}
    office_fields = any(dimension.kind is Kind.OFFICE_FIELD for dimension in dimensions)
    for dimension in dimensions:
        left_out = tuple(name for name in KINDS[dimension.kind].left_out(dimension) if query.get(name))
        places[dimension.name] = left_out, dimension.column(of_items=True)
        columns[left_out] += [dimension.column(of_items=True)] if dimension.kind is not Kind.OFFICE_FIELD else []
    with one_snapshot() as engine:
        selections = {}
        for left_out in columns:
            rows = cast("QuerySet[ItemFact]", filterset.without(left_out))
            selections[left_out] = Selection(rows, whole_letters=False)
        if not all(engine.lists_by_column(selection) for selection in selections.values()):
            return None
        selected = {left_out: engine.items_by_column(selection) for left_out, selection in selections.items()}
        for left_out, selection in selections.items():
            by_bits = selected[left_out]
            grouped = [column for column in dict.fromkeys(columns[left_out]) if not (by_bits and by_bits.has(column))]
            if not engine.groups_by_column(selection) and (grouped or office_fields):
                return None
            engine.precompute(selection, [(column,) for column in grouped])
        numbers = {}
        for dimension in dimensions:
            left_out, column = places[dimension.name]
            by_bits = selected[left_out]
            if by_bits and by_bits.has(column):
                numbers[dimension.name] = _items_by_bits(dimension, by_bits, filterset.lookups.labels)
                continue
            frequent = _frequent(engine, selections[left_out], column) if dimension.kind is Kind.OFFICE_FIELD else None
            if frequent is not None:
                stored = [(cast(Stored, raw), int(str(items))) for raw, items in frequent]
            else:
                groups = engine.count_items(selections[left_out], [column])
                stored = [(list(raw) if isinstance(raw, tuple) else raw, items) for (raw,), items, *_ in groups]
            numbers[dimension.name] = _by_value(dimension, column, stored, filterset.lookups.labels)
    return numbers


def _items_by_bits(dimension: Dimension, selected: SelectedItems, labels: Labels) -> dict[str, int]:
    """The selected items by the values of a dimension."""
    column = dimension.item_column
    together: dict[tuple[str, ...], list[BitValue]] = defaultdict(list)  # all ages of a band, of which an item has one
    for stored in selected.values(column):
        together[tuple(values_of(dimension, column, whole(dimension, stored), labels))].append(stored)
    numbers: dict[str, int] = defaultdict(int)
    each = selected.count_each(column)
    for values, several in together.items():
        if each is not None:
            number = sum(each.get(stored, 0) for stored in several)
        else:
            number = selected.count(column, several, of_cases=False) if values else 0
        for value in values if number else ():
            numbers[value] += number
    return shown(dimension, dict(numbers))


def _frequent(engine: SqlEngine, selection: Selection, column: str) -> Rows | None:
    """The most frequent values of a column with their items; None if the column engine cannot count them."""
    sql, parameters = selection.rows
    statement = _FREQUENT.format(table=TABLE, column=column, rows=sql, most=MOST_COUNTED)
    return engine.kept_by_column(statement, tuple(parameters), shared=selection.is_everything)


def _cases_by_column(
    filterset: ListFilters,
    queries: Mapping[str, ListQuery],
    tables: Mapping[str, tuple[str, Collection[str]]],
    dimensions: Collection[Dimension],
) -> dict[str, dict[str, int]] | None:
    """All cases by the values of each dimension, in one snapshot; None if the column engine cannot count them.

    ``tables`` says of which query each dimension is counted, and which filters it leaves out.
    """
    numbers: dict[str, dict[str, int]] = {}
    labels = filterset.lookups.labels
    with one_snapshot() as engine:
        cases: dict[str, CountedCases] = {}
        for name, left_out in dict(tables.values()).items():
            told = filterset.as_items_and_words(without=left_out)
            rows = rows_by_texts(filterset, queries[name], without=left_out)
            by_column = told and cases_by_column(engine, NEWEST, rows, *told)
            counted = by_column and CountedCases.of(by_column, dimensions)
            if not counted:
                return None
            cases[name] = counted
        for dimension in dimensions:
            counts = cases[tables[dimension.name][0]].by_value(dimension, labels)
            if counts is None:
                return None
            numbers[dimension.name] = counts
    return numbers


@dataclass(frozen=True, slots=True)
class _Sample:
    """The cases that are counted for a table, and how many match: one above ``many`` for more."""

    keys: list[int]
    number: int


def _samples(
    filterset: ListFilters,
    queries: Mapping[str, ListQuery],
    left_out: Mapping[str, Collection[str]],
    limits: Limits,
) -> dict[str, _Sample]:
    """The cases that are counted for tables of which the column engine can name them."""
    samples: dict[str, _Sample] = {}
    with one_snapshot() as engine:
        for name, listed in queries.items():
            told = filterset.as_items_and_words(without=left_out[name])
            if told is None or told[1]:  # words of different items tell a case, which no sample of items does
                continue
            cases = cases_by_column(engine, NEWEST, listed.rows, told[0])
            if cases is None or cases.items.is_everything:
                continue
            base = samples.get("base")  # if very many match with all filters, so they do without some
            if base and base.number > limits.many and (keys := _keys_near_top(listed, limits)):
                samples[name] = _Sample(keys, base.number)
                continue
            some = cases.some(limits.many, limits.counted, Place(listed, None, forward=True))
            if some is None or not (some.all_of_them or some.number > limits.many):
                continue
            keys = [key for _value, key in some.cases]
            if some.all_of_them:
                samples[name] = _Sample(keys, some.number)
            else:
                samples[name] = _Sample(_keys_near_top(listed, limits) or keys, some.number)
    return samples


def _of_stretches(queries: Mapping[str, ListQuery], limits: Limits) -> dict[str, _Sample]:
    """The newest matches of tables whose rows have to be read to tell which match, of many candidates the newest."""
    samples = {}
    for name, listed in queries.items():
        candidates = Candidates.too_many(listed, limits.stretch)
        if candidates is not None:
            stretch = candidates.stretch(None, forward=True, enough=limits.enough)
            more = stretch.end is not None or len(stretch.keys) > limits.counted
            keys = stretch.keys[: limits.counted]
            samples[name] = _Sample(keys, len(keys) + 1 if more else len(keys))
    return samples


def _keys_near_top(listed: ListQuery, limits: Limits) -> list[int]:
    """The newest matches that are counted if very many match; none if too few are near the top."""
    nearest = _nearest(listed, limits)
    keys = keys_near(nearest, listed.rows.order_by().values_list(NEWEST.column, NEWEST.key))
    return keys[: nearest.most] if len(keys) >= nearest.enough else []


def _nearest(listed: ListQuery, limits: Limits) -> Nearest:
    return Nearest.to(
        listed.everything, NEWEST, descending=True, enough=limits.enough, most=limits.counted, near=limits.near
    )


def _statement(
    queries: Mapping[str, ListQuery],
    places: Collection[tuple[str, str]],
    limits: Limits,
    samples: Mapping[str, _Sample],
) -> tuple[str, list[object]]:
    """The newest rows of each table as materialized CTEs, and a grouped count of each column.

    Arrays are counted as a whole: there are far fewer distinct ones than rows, and unnesting them here costs more.
    """
    parameters: list[object] = []
    expressions = []
    columns = ", ".join(dict.fromkeys(column for _table, column in places))
    for name, listed in queries.items():
        model = listed.everything.model._meta
        if name in samples:
            expressions.append(f"{name}_number AS (SELECT %s::bigint AS number)")
            newest, its_parameters = "%s::bigint[]", [samples[name].number, samples[name].keys]
        else:
            sql, its_parameters = _tables(listed, limits, name)
            expressions.append(sql)
            newest = f"ARRAY(SELECT key FROM {name}_matching ORDER BY value DESC NULLS LAST, key DESC LIMIT {limits.counted})"  # noqa: E501, S608 - constants
        expressions.append(
            f"{name} AS MATERIALIZED (SELECT {columns} FROM {model.db_table} WHERE {model.pk.column} = ANY({newest}))"  # noqa: S608 - constants
        )
        parameters += its_parameters
    counts = [_COUNT_ALL.format(table=table) for table in queries]
    counts += [_COUNT.format(table=table, column=column) for table, column in places]
    return f"WITH {', '.join(expressions)} {' UNION ALL '.join(counts)}", parameters


def _tables(listed: ListQuery, limits: Limits, name: str) -> tuple[str, list[object]]:
    many = listed.cap if listed.gathered > listed.cap else limits.many  # with words, more rows are gathered
    listed = replace(listed, gathered=min(listed.gathered, many))
    try:
        return tables_of(listed, _nearest(listed, limits), name=f"{name}_", some=True)
    except EmptyResultSet:  # a value that no row can have
        none = replace(listed, rows=listed.everything.filter(pk=0), by_texts=None)
        return tables_of(none, _nearest(listed, limits), name=f"{name}_", some=True)


def _by_value(dimension: Dimension, column: str, rows: Iterable[tuple[Stored, int]], labels: Labels) -> dict[str, int]:
    """How many rows have each value of a filter, from how many have each value of its column."""
    numbers: dict[str, int] = defaultdict(int)
    for stored, number in rows:
        for value in values_of(dimension, column, stored, labels):
            numbers[value] += number
    return dict(numbers)
