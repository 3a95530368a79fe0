"""Statements on the fact rows as the column engine understands them: the same statements, in its dialect.

Filters and statistics are written once, for PostgreSQL. What differs is replaced here, each construct by one that
gives the same rows; a statement with anything that is not known to mean the same is refused.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache

from determinations.statistics.columns.cited import CITED
from determinations.statistics.columns.layout import ARRAYS, FACTS, ITEMS, KEY, REFERENCE

#: A value of a row of an answer, and of a statement's parameters.
Value = object


class NotInColumns(Exception):
    """The statement asks for something that the column engine does not have."""


_COLUMN = r'(?:"?\w+"?\.)?"?\w+"?'
_ARRAY = r"(?P<{0}_open>\()?ARRAY\[(?P<{0}>(?:%s|, |::\w+)+)\](?({0}_open)\))(?:::\w+(?:\(\d+\))?\[\])?"
_CONSTRUCTS = re.compile(
    "|".join(
        (
            rf"(?P<any>{_COLUMN}) = ANY\(%s::(?:smallint|bigint)\[\]\)",  # age = ANY('{{30,31}}'::smallint[])
            rf"%s = ANY\((?P<element>{_COLUMN})\)",
            rf"(?P<all_in>{_COLUMN}) @> {_ARRAY.format('all_of')}",  # licensure @> ARRAY['California']::varchar[]
            rf"(?P<some_in>{_COLUMN}) && {_ARRAY.format('some_of')}",
            rf"(?P<same>{_COLUMN}) = %s(?P<same_type>::\w+(?:\(\d+\))?\[\])",  # grounds = '{}'::varchar(40)[]
            rf"width_bucket\((?P<bucket>{_COLUMN}), %s::date\[\]\)",
            r'(?P<elements>unnest\("\w+"\))',  # unnest("problem_codes") AS code
            r"(?P<exists> LIMIT 1\))",  # of EXISTS (SELECT ... LIMIT 1)
            r"(?P<empty>'\{\}')",
            rf'(?P<key>(?<!")\b(?:{"|".join(sorted(ARRAYS))})\b(?!"))',
            r"(?P<parameter>%s)",
        )
    )
)
#: The types of the elements of items' arrays, by column.
_ELEMENTS = {column.name: column.element for column in ITEMS.columns if column.element}
#: Between the elements in the text of an array. As a text of its own it would be found after one that ends with it.
_SEPARATOR = ","
_NUMBERS = re.compile(r"\{(?:\d+(?:,\d+)*)?\}")
_TABLES = {CITED, *(table.name for table in (*FACTS, *REFERENCE))}
_TABLE = re.compile(r"\b(?:determinations|auth|django)_\w+")
#: What is left once the known constructs are replaced must have none of these.
_UNKNOWN = re.compile(
    r"@@|@>|<@|&&|%|~|\b(?:ANY|ARRAY|LIKE|ILIKE|width_bucket|unnest|LIMIT(?! \d+(?: |$)))\b", re.IGNORECASE
)


def translate(sql: str, parameters: Sequence[Value]) -> tuple[str, list[Value]]:
    """The statement in the engine's dialect. Raises :class:`NotInColumns`."""
    if foreign := set(_TABLE.findall(sql)) - _TABLES:
        raise NotInColumns(f"reads {', '.join(sorted(foreign))}")
    given = iter(parameters)
    kept: list[Value] = []
    translated = _CONSTRUCTS.sub(lambda match: _replaced(match, given, kept), sql)
    if unknown := _UNKNOWN.search(_CONSTRUCTS.sub("", sql)):
        raise NotInColumns(f"has {unknown.group()}")
    return translated, kept


def translates(sql: str, parameters: Sequence[Value]) -> bool:
    """Whether the engine can answer the statement."""
    try:
        translate(sql, parameters)
    except NotInColumns:
        return False
    return True


def _replaced(match: "re.Match[str]", given: Iterator[Value], kept: list[Value]) -> str:
    part = match.groupdict()
    if part["any"]:
        return _is_one_of(part["any"], next(given))
    if part["element"]:
        return _contains(part["element"], given, kept)
    if part["all_in"]:
        number = part["all_of"].count("%s")
        return f"({' AND '.join(_contains(part['all_in'], given, kept) for _ in range(number))})"
    if part["some_in"]:
        number = part["some_of"].count("%s")
        return f"({' OR '.join(_contains(part['some_in'], given, kept) for _ in range(number))})"
    if part["same"]:
        return _is_same(part["same"], part["same_type"], next(given), kept)
    if part["bucket"]:
        return _bucket(part["bucket"], next(given))
    if part["elements"]:
        return part["elements"]
    if part["key"]:
        return f"{part['key']}{KEY}"
    if part["exists"]:
        return ")"
    if part["empty"]:
        return "'[]'"
    kept.append(_plain(next(given)))
    return "?"


def _is_one_of(column: str, numbers: Value) -> str:
    if not isinstance(numbers, str) or not _NUMBERS.fullmatch(numbers):
        raise NotInColumns("compares with an array of another kind")
    return f"{column} IN ({numbers[1:-1]})" if len(numbers) > 2 else "false"


def _contains(column: str, given: Iterator[Value], kept: list[Value]) -> str:
    """Whether an array has the value. Of items its text is looked in, which is quicker by four to eight times: rows
    with the same array share one text, and the library looks once in each.

    A comma stands before each element then. In a text it is followed by a quotation mark only where an element begins
    (those in an element are escaped) or where one ends with a comma, and then by the separator alone.
    """
    value = _plain(next(given))
    element, text = _ELEMENTS.get(_name_of(column)), _key_of(column)
    if element == "VARCHAR" and isinstance(value, str) and value != _SEPARATOR:
        kept.append(f"{_SEPARATOR}{json.dumps(value, ensure_ascii=False)}")
        return f"contains('{_SEPARATOR}' || substr({text}, 2), ?)"
    if element == "SMALLINT" and type(value) is int:
        kept.append(f"{_SEPARATOR}{value}{_SEPARATOR}")
        return f"contains(replace(replace({text}, '[', ','), ']', ','), ?)"
    kept.append(value)
    return f"list_contains({column}, ?)"


def _is_same(column: str, array_type: str, value: Value, kept: list[Value]) -> str:
    """Whether an array is the same as the value. One without elements is found by its text, which is quicker."""
    if value == [] and _name_of(column) in _ELEMENTS:
        return f"{_key_of(column)} = '[]'"
    kept.append(_plain(value))
    return f"{column} = ?{array_type}"


def _name_of(column: str) -> str:
    """The name of a column without its table."""
    return column.rpartition(".")[2].strip('"')


def _key_of(column: str) -> str:
    """The name of the text of an array."""
    return f'{column[:-1]}{KEY}"' if column.endswith('"') else f"{column}{KEY}"


def _bucket(column: str, days: Value) -> str:
    """In how many of the days, which are sorted, the column's interval begins; null for no day."""
    if not isinstance(days, list) or not all(isinstance(day, date) for day in days):
        raise NotInColumns("counts in other intervals than days")
    cases = " ".join(f"WHEN {column} < DATE '{day}' THEN {number}" for number, day in enumerate(days))
    return f"CASE WHEN {column} IS NULL THEN NULL {cases} ELSE {len(days)} END"


def _plain(value: Value) -> Value:
    """A parameter without the class that only PostgreSQL's driver needs."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str.__str__(value)
    if type(value) is date:
        return value
    if isinstance(value, list):
        return [_plain(element) for element in value]
    raise NotInColumns(f"compares with a {type(value).__name__}")


@lru_cache(maxsize=20_000)
def decoded(text: str) -> tuple[Value, ...]:
    """The elements of an array that was grouped by its text."""
    return tuple(json.loads(text))
