"""Values that the ORM composes a statement for once per process, for pages that every user opens all day.

To compose a statement takes several times as long as to count a few rows. Parts of statements are composed with
samples in the place of what changes, such as the user, and any of them are read together, in one statement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Generic, TypeAlias, TypeVar, cast

from django.db import connection
from django.db.models import Model, QuerySet

from determinations.paging.counts import COUNT_CAP, Count

T_co = TypeVar("T_co", covariant=True)
V = TypeVar("V", int, str, datetime)
Value: TypeAlias = int | str | datetime


@dataclass(frozen=True)
class Given(Generic[V]):
    """A value that is given each time, and the sample that stands for it in the statement that is composed."""

    name: str
    sample: V


ME = Given("me", 2_147_000_641)
MY_NAME = Given("my_name", "sample-of-a-user-name-0641")
NOW = Given("now", datetime(9641, 7, 6, 5, 4, 3, tzinfo=UTC))
SINCE = Given("since", datetime(9642, 7, 6, 5, 4, 3, tzinfo=UTC))
#: A letter, the letter that counts in its place, and the hash of its file.
LETTER = Given("letter", 2_147_000_643)
COUNTING = Given("counting", 2_147_000_644)
SHA256 = Given("sha256", "sample-of-a-hash-of-a-file-0645")
_GIVEN = (ME, MY_NAME, NOW, SINCE, LETTER, COUNTING, SHA256)


class Part(Generic[T_co]):
    """A value as part of a statement: a scalar subquery.

    ``compose`` gives it with its parameters, made of samples, when the part is first read; ``read`` makes the value of
    what the database answers.
    """

    def __init__(self, compose: Callable[[], tuple[str, Sequence[object]]], read: Callable[[object], T_co]) -> None:
        self._compose = compose
        self.read = read

    @property
    def sql(self) -> str:
        """The part of the statement."""
        return self._composed[0]

    def parameters(self, given: Mapping[str, Value]) -> list[object]:
        """What the part is executed with. Raises KeyError for a value that is missing."""
        return [given[value.name] if isinstance(value, Given) else value for value in self._composed[1]]

    @cached_property
    def _composed(self) -> tuple[str, Sequence[object]]:
        sql, parameters = self._compose()
        return sql, [next((given for given in _GIVEN if _is_sample(value, given)), value) for value in parameters]


def _is_sample(value: object, given: Given[int] | Given[str] | Given[datetime]) -> bool:
    return isinstance(value, type(given.sample)) and value == given.sample


def _scalar(rows: QuerySet[Model, object], form: str = "({})") -> tuple[str, Sequence[object]]:
    sql, parameters = rows.query.sql_with_params()
    return form.format(sql), parameters


def count_of(rows: Callable[[], QuerySet[Model]], cap: int = COUNT_CAP) -> Part[Count]:
    """How many rows there are; ``cap`` + 1 of them are read at most. ``rows`` makes them of samples."""
    return Part(
        lambda: _scalar(rows().order_by().values("pk")[: cap + 1], "(SELECT COUNT(*) FROM ({}) AS counted)"),
        lambda answer: _capped(int(str(answer)), cap),
    )


def _capped(number: int, cap: int) -> Count:
    return Count(min(number, cap), capped=number > cap)


def exists_of(rows: Callable[[], QuerySet[Model]]) -> Part[bool]:
    """Whether there is a row. ``rows`` makes them of samples."""
    return Part(lambda: _scalar(rows().order_by().values("pk")[:1], "EXISTS ({})"), bool)


def first_of(rows: Callable[[], QuerySet[Model, object]]) -> Part[object]:
    """The value of the first row, each of which has one; None for no row."""
    return Part(lambda: _scalar(rows()[:1]), lambda value: value)


def list_of(rows: Callable[[], QuerySet[Model, object]]) -> Part[list[object]]:
    """The value of each row."""
    return Part(lambda: _scalar(rows(), "ARRAY({})"), lambda values: list(cast("list[object]", values)))


def values_of(statement: str, parameters: Sequence[object]) -> tuple[object, ...]:
    """The row of a statement that has one."""
    with connection.cursor() as cursor:
        cursor.execute(statement, cast("list[Value]", parameters))
        row: tuple[object, ...] = cursor.fetchone()
    return row


def read_parts(parts: Mapping[str, Part[object]], given: Mapping[str, Value]) -> dict[str, object]:
    """The value of each part by its name, in one statement; none for no parts."""
    if not parts:
        return {}
    statement = f"SELECT {', '.join(part.sql for part in parts.values())}"
    answers = values_of(statement, [value for part in parts.values() for value in part.parameters(given)])
    return {name: part.read(answer) for (name, part), answer in zip(parts.items(), answers, strict=True)}
