"""What an account may see: the letters of some offices only, or cases without medical narrative only.

A scope is entered on the database connection, and from then on the names of tables mean views that hold the visible
rows and columns (``visible_rows``). So every query is limited, also one written without thought of scopes:
lists, counts, search, statistics, files. An account without a limit reads the tables themselves, at no cost.

Code that must know all letters says so with ``all_letters``: writers (a letter's copies may be in other offices),
duplicate detection, the audit trail. Workers and commands see all letters unless they enter a scope.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

from imrsite.connections import on_session

P = ParamSpec("P")
T = TypeVar("T")

#: The schemas of views, by whether offices are limited and narrative is masked.
LIMITED, MASKED, LIMITED_AND_MASKED = "imrsite_limited", "imrsite_masked", "imrsite_limited_masked"
#: The settings of the connection that the views read: office sets that have one of the offices, and the offices.
SETS, OFFICES = "imrsite.office_sets", "imrsite.offices"

_ENTER = f"""
SELECT set_config('{OFFICES}', %(offices)s, false),
    set_config('{SETS}', COALESCE(
        (SELECT array_agg(id)::text FROM determinations_officeset WHERE office_ids && %(offices)s::smallint[]), '{{}}'
    ), false),
    set_config('search_path', %(schema)s::regnamespace || ', ' || current_setting('search_path'), false)
"""  # noqa: S608 - constants
_LEAVE = "SET search_path TO DEFAULT"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a query may see. ``offices``: letters of these offices; None for all letters, also those of no office."""

    offices: tuple[int, ...] | None = None
    masked: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden."""
        return self.offices is None and not self.masked

    @property
    def key(self) -> str:
        """A word for this scope in the keys of kept answers; empty for everything."""
        offices = "" if self.offices is None else f"offices {','.join(map(str, self.offices)) or 'none'}"
        return " ".join(filter(None, [offices, "masked" if self.masked else ""]))

    @property
    def schema(self) -> str:
        """The schema whose views take the place of the tables; empty for none."""
        if self.offices is None:
            return MASKED if self.masked else ""
        return LIMITED_AND_MASKED if self.masked else LIMITED

    def includes(self, other: "Scope") -> bool:
        """Whether everything that is visible in the other scope is visible in this one."""
        if self.masked and not other.masked:
            return False
        if self.offices is None:
            return True
        return other.offices is not None and set(other.offices) <= set(self.offices)


EVERYTHING = Scope()


def current_scope() -> Scope:
    """The scope in which queries run now."""
    scope: Scope = getattr(connection, "imrsite_scope", EVERYTHING)
    return scope


@contextmanager
def within(scope: Scope) -> Iterator[None]:
    """Run queries in this scope, then in the previous one again. A scope is a setting of the session."""
    if scope == current_scope():
        yield
        return
    with on_session():
        before = current_scope()
        _switch(connection, before, scope)
        try:
            yield
        finally:
            _switch_back(connection, scope, before)


def all_letters(work: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function that must see all letters, whoever calls it. It checks what its caller may do."""

    @wraps(work)
    def seeing_all(*args: P.args, **kwargs: P.kwargs) -> T:
        with within(EVERYTHING):
            return work(*args, **kwargs)

    return seeing_all


def _enter(database: BaseDatabaseWrapper, scope: Scope) -> None:
    """Enter a scope from everything, in one statement. Fails if its views do not exist."""
    if scope.is_everything:
        return
    # A scope that only masks reads no office sets.
    offices = f"{{{','.join(map(str, scope.offices or ()))}}}"
    with database.cursor() as cursor:
        cursor.execute(_ENTER, {"offices": offices, "schema": scope.schema})


def _switch(database: BaseDatabaseWrapper, before: Scope, scope: Scope) -> None:
    _note(database, scope)
    if database.connection is None:
        return  # the scope is entered when the connection is made
    if not before.is_everything:
        with database.cursor() as cursor:
            cursor.execute(_LEAVE)
    _enter(database, scope)


def _switch_back(database: BaseDatabaseWrapper, scope: Scope, before: Scope) -> None:
    """The same at the end. A failed transaction takes no statements; what it set is undone when it is rolled back."""
    if database.connection is not None and _has_failed(database):
        _note(database, before)
        return
    try:
        _switch(database, scope, before)
    except DatabaseError:
        database.close()  # it is gone, or of no use; the next one enters the scope


def _note(database: BaseDatabaseWrapper, scope: Scope) -> None:
    database.imrsite_scope = scope  # type: ignore[attr-defined] # our own note
    # The rows of a view have no primary key that a statement could be grouped by.
    database.features.allows_group_by_selected_pks = scope.is_everything


def _has_failed(database: BaseDatabaseWrapper) -> bool:
    status = database.connection.info.transaction_status
    return bool(database.in_atomic_block and status == TransactionStatus.INERROR)


def _enter_again(connection: BaseDatabaseWrapper, **details: object) -> None:
    """A connection that is made within a scope, in place of one that was lost, enters it."""
    _enter(connection, getattr(connection, "imrsite_scope", EVERYTHING))


connection_created.connect(_enter_again, dispatch_uid="enter the scope again")
