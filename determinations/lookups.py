"""What filters have to look up before they can say what they find: numbers for keys, rows for words.

PostgreSQL plans a query by what it knows of the values in it. A value that a subquery is to find is not known, and its
guess may be a thousand times wrong; so keys become numbers first, and words that occur in few rows become those rows.
One ``Lookups`` serves one request: whatever filters the same words looks them up once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Model, QuerySet, TextField, Value

from determinations.labels import Labels, read_labels
from determinations.paging import COUNT_CAP
from determinations.search import QueryWords

#: More rows than these are not gathered: who looks for them walks a list, and soon has a page.
MOST = COUNT_CAP
#: Rows in which a phrase may be looked for, or sections named in citations.
MOST_UNPACKED = 3_000


class IsOneOf(Func):
    """``column = ANY(array)``: can be looked up in an index, and its length tells how many rows to expect."""

    arg_joiner = " = ANY("
    output_field = BooleanField()


@dataclass(frozen=True, slots=True)
class Found:
    """Rows by number, as PostgreSQL writes an array: ten thousand numbers travel faster as one word.

    Not ``complete``: there are more of them; none at all where they were not looked for.
    """

    ids: str = "{}"
    number: int = 0
    complete: bool = False


def has_number(column: str, ids: Iterable[int] | Found, *, small: bool = False) -> IsOneOf:
    """The condition that the column holds one of these numbers; ``small`` for columns of small integers."""
    written = ids.ids if isinstance(ids, Found) else _written(ids)
    kind = "smallint" if small else "bigint"
    return IsOneOf(F(column), Value(written, output_field=TextField()), template=f"(%(expressions)s::{kind}[]))")


def _written(ids: Iterable[int]) -> str:
    return f"{{{','.join(map(str, ids))}}}"


@dataclass
class Lookups:
    """What one request has looked up."""

    _found: dict[Any, Found] = field(default_factory=dict)

    @cached_property
    def labels(self) -> Labels:
        """Names and numbers of categories and authorities."""
        return read_labels()

    @property
    def much_found(self) -> bool:
        """Whether something was looked up that so many rows have that each has to be asked."""
        return any(not found.complete for found in self._found.values())

    def authority_ids(self, keys: Iterable[str]) -> list[int]:
        """The numbers of authorities given by key; unknown ones have none."""
        wanted = set(keys)
        return [authority.id for authority in self.labels.authorities if authority.key in wanted]

    def category_ids(self, whole: Iterable[str], below: Iterable[str]) -> list[int]:
        """The numbers of categories, and of subcategories given as ``name/subcategory``.

        A category with subcategories chosen means only those.
        """
        keys = set(below)
        names = {name for name in whole if not any(key.startswith(f"{name}/") for key in keys)}
        return [category.id for category in self.labels.categories if category.name in names or category.key in keys]

    def with_words(self, rows: str, words: QueryWords) -> Found:
        """The ``cases`` or ``items`` in which the words occur, older versions of cases too."""
        key = (rows, words.text)
        if key not in self._found:
            sql, parameters = words.sql()
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT ids::text, cardinality(ids) FROM determinations_{rows}_with_words({sql}, %s, %s) AS ids",  # noqa: S608 - a constant
                    [*parameters, MOST, MOST_UNPACKED],
                )
                ids, number = cursor.fetchone()
            self._found[key] = Found() if ids is None else Found(ids, number, complete=number <= MOST)
        return self._found[key]

    def among(self, key: Any, rows: QuerySet[Model], column: str) -> Found:
        """The numbers in a column of ``rows``, each once; complete if the rows are few."""
        if key not in self._found:
            ids = list(rows.order_by().values_list(column, flat=True)[: MOST_UNPACKED + 1])
            self._found[key] = Found(_written(dict.fromkeys(ids)), len(ids), complete=len(ids) <= MOST_UNPACKED)
        return self._found[key]
