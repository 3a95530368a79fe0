"""Facets: what the rows of a list have in each dimension, how often, with all filters but the dimension's own.

Of each dimension's base up to 1,000 rows are counted, and the page says so: the newest, or where those are not near
the top of the list, some. Dimensions without a filter of their own share one base, so that one statement reads the
list once for them and once for each filtered dimension.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.http import QueryDict

from determinations.browsing.lists import NEWEST, ListKind
from determinations.cases.item_marks import MARKED
from determinations.filters import LetterFilters
from determinations.paging.filtered import Asked, Nearest, tables_of
from determinations.wording.labels import AGE_BANDS, FAMILY_BITS

#: Rows of a base that are counted at most.
_COUNTED = 1_000
#: Where more rows match than so many, those near the top of the list are counted, if these are enough.
_MANY = 2_000
_ENOUGH = 200

#: The columns whose values are counted for each dimension, in the order of ``_RAIL``.
_OF_ITEMS: Mapping[str, str] = {
    "outcome": "outcome",
    "decision": "overturned",
    "subcategory": "category_id",
    "reviewer_family": "reviewer_families",
    "claims_family": "claims_families",
    "reviewer_authority": "reviewer_authority_ids",
    "claims_authority": "claims_authority_ids",
    "region": "body_region",
    "specialty": "specialties",
    "licensure": "licensure",
    "age": "age",
    "sex": "sex",
    "priority": "priority",
    "problem": "problem_codes",
    "state": "state",
    "corrected": "corrected",
    "partly_approved": "partly_approved",
    "same_guideline": "same_authority",
}
_OF_CASES: Mapping[str, str] = {
    **{name: _OF_ITEMS[name] for name in ("outcome", "specialty", "licensure", "age", "sex", "priority", "state")},
    **{name: _OF_ITEMS[name] for name in ("reviewer_authority", "claims_authority", "corrected")},
    "subcategory": "category_ids",
    "problem": "all_problem_codes",
    **{name: "said_of_items" for name in ("decision", "region", "reviewer_family", "claims_family")},
}

_COUNT_ALL = (
    "SELECT '{table}' AS facet, NULL::jsonb AS value, count(*) AS number FROM {table} "
    "UNION ALL SELECT '{table}.all', NULL, number FROM {table}_number"
)
_COUNT = "SELECT '{table}.{column}', to_jsonb({column}), number FROM (SELECT {column}, count(*) AS number FROM {table} GROUP BY 1) AS counted"  # noqa: E501


@dataclass(frozen=True)
class FacetCounts:
    """How many rows have each value of each dimension; ``capped``: of some only ``cap`` rows were counted."""

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    capped: bool = False
    cap: int = 0


def count_facets(kind: ListKind, filterset: LetterFilters, query: QueryDict) -> FacetCounts:
    """Count every dimension of a list under the filters of ``query``: one statement."""
    columns = _OF_ITEMS if kind.of_items else _OF_CASES
    tables = {"base": kind.asked(filterset, query, order=NEWEST)}
    table_of: dict[str, str] = {}
    for name in columns:
        own = {"category", "subcategory"} if name == "subcategory" else {name}
        table_of[name] = "base"
        if any(query.get(parameter) for parameter in own):
            table_of[name] = f"but_{name}"
            tables[f"but_{name}"] = kind.asked(filterset, query, order=NEWEST, but_for=own)
    statement, parameters = _statement(tables, table_of, columns)
    counted: dict[str, list[tuple[Any, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for place, value, number in cursor.fetchall():
            counted[place].append((value if value is None else json.loads(value), number))
    counts = {name: _by_value(name, counted[f"{table_of[name]}.{column}"]) for name, column in columns.items()}
    if columns is _OF_CASES:
        categories = counted[f"{table_of['subcategory']}.category_ids"]
        names = {category.id: category.name for category in filterset.lookups.labels.categories}
        counts["category"] = _add_up([({names.get(pk) for pk in ids}, number) for ids, number in categories])
    counted_rows = {name: counted[name][0][1] for name in tables}
    capped = any(counted[f"{name}.all"][0][1] > min(number, _MANY) for name, number in counted_rows.items())
    return FacetCounts(counts, capped, max(counted_rows.values()))


def _statement(
    tables: Mapping[str, Asked], table_of: Mapping[str, str], columns: Mapping[str, str]
) -> tuple[str, list[Any]]:
    """The newest rows of each table as materialised CTEs, and a grouped count of each column.

    Arrays are counted whole: there are far fewer different ones than rows, and taking them apart here costs more.
    """
    parameters: list[Any] = []
    expressions = []
    wanted = ", ".join(dict.fromkeys(columns.values()))
    for name, asked in tables.items():
        model = asked.everything.model._meta
        many = asked.cap if asked.gathered > asked.cap else _MANY  # of rows found by words more are gathered
        asked = replace(asked, gathered=min(asked.gathered, many))
        nearest = Nearest.to(asked.everything, NEWEST, descending=True, enough=_ENOUGH, most=_COUNTED)
        try:
            sql, its_parameters = tables_of(asked, nearest, name=f"{name}_", some=True)
        except EmptyResultSet:  # a value that no row can have
            none = replace(asked, rows=asked.everything.filter(pk=0))
            sql, its_parameters = tables_of(none, nearest, name=f"{name}_", some=True)
        newest = f"SELECT key FROM {name}_found ORDER BY value DESC NULLS LAST, key DESC LIMIT {_COUNTED}"  # noqa: S608 - constants
        expressions.append(sql)
        expressions.append(
            f"{name} AS MATERIALIZED (SELECT {wanted} FROM {model.db_table} "  # noqa: S608 - constants
            f"WHERE {model.pk.column} = ANY(ARRAY({newest})))"
        )
        parameters += its_parameters
    places = dict.fromkeys((table_of[name], column) for name, column in columns.items())
    counts = [_COUNT_ALL.format(table=table) for table in tables]
    counts += [_COUNT.format(table=table, column=column) for table, column in places]
    return f"WITH {', '.join(expressions)} {' UNION ALL '.join(counts)}", parameters


def _by_value(dimension: str, counted: Iterable[tuple[Any, int]]) -> dict[str, int]:
    """How many rows have each value of a filter, from how many have each value of its column."""
    return _add_up((_values(dimension, value), number) for value, number in counted)


def _add_up(counted: Iterable[tuple[Iterable[str | None], int]]) -> dict[str, int]:
    numbers: dict[str, int] = defaultdict(int)
    for values, number in counted:
        for value in values:
            if value is not None:
                numbers[value] += number
    return numbers


def _values(dimension: str, value: Any) -> Iterable[str | None]:
    """The filter's values that a column's value stands for."""
    if isinstance(value, list):
        if value and isinstance(value[0], int):
            return [str(each) for each in value]
        mark = f"{dimension}="
        marks = [each.removeprefix(mark) for each in value if each.startswith(mark)]
        return [each for each in marks if dimension != "region" or each != "unknown"] if dimension in MARKED else value
    if dimension == "decision":
        return ["unknown" if value is None else "overturned" if value else "upheld"]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if dimension == "age":
        bands = (band for band, _label, first, last in AGE_BANDS if value is not None and first <= value <= last)
        return [next(bands, "unknown")]
    if dimension.endswith("_family"):
        return [family for family, bit in FAMILY_BITS.items() if value & bit] or ["none"]
    if value == "":
        return [] if dimension == "region" else ["unknown"]
    return [str(value)]
