"""Which connection a thread's statements use: the ordinary one, a direct one past a pooler, or that of a read replica.

Code says ``connection``, and models use ``default``, everywhere. Within a block of this module that name means another
connection of the same thread. So a whole page moves, with its permissions, offices and masks, and none of its code
has to know.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
T = TypeVar("T")

REPLICA, DIRECT = "replica", "direct"


def is_configured(alias: str) -> bool:
    """Whether the settings name such a database."""
    return alias in connections.settings


@contextmanager
def on_replica() -> Iterator[None]:
    """Read from the replica within the block. The caller enters the scope of its user there."""
    replica, current = connections[REPLICA], connections[DEFAULT_DB_ALIAS]
    if current is not replica:
        replica.imrsite_primary = current  # type: ignore[attr-defined] # our own note
    with _instead(replica):
        yield


@contextmanager
def on_primary() -> Iterator[None]:
    """Within ``on_replica``: statements of the block, such as the record of what was shown, go to the primary."""
    current = connections[DEFAULT_DB_ALIAS]
    if current.alias != REPLICA:
        yield
        return
    with _instead(current.imrsite_primary):  # type: ignore[attr-defined] # noted by on_replica
        yield


@contextmanager
def on_session() -> Iterator[None]:
    """Use a connection that keeps its session from one transaction to the next: for settings and locks of a session.

    A pooler in transaction mode gives every transaction whichever session is free. Without a pooler, and within a
    transaction, the connection is such a one already.
    """
    if not is_pooled() or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        yield
        return
    with _instead(connections[DIRECT]):
        yield


def in_session(work: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function whose statements need one session."""

    @wraps(work)
    def working(*args: P.args, **kwargs: P.kwargs) -> T:
        with on_session():
            return work(*args, **kwargs)

    return working


def is_pooled() -> bool:
    """Whether statements now go through the pooler."""
    return is_configured(DIRECT) and connections[DEFAULT_DB_ALIAS].alias == DEFAULT_DB_ALIAS


@contextmanager
def _instead(other: BaseDatabaseWrapper) -> Iterator[None]:
    before = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = other
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = before
