"""Does a piece of reading on the replica if it may serve the user, and on the primary otherwise."""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, InterfaceError
from psycopg.errors import QueryCanceled

from determinations.access.scope import current_scope, within
from determinations.replica.looking import give_up, look
from imrsite.connections import on_replica

T = TypeVar("T")
log = logging.getLogger(__name__)


def read(user_id: int, work: Callable[[], T]) -> T:
    """The result of reading that can be done twice: a replica may cancel it at any moment, and then it is done again
    on the primary."""
    if not look(user_id).serves:
        return work()
    try:
        return read_there(work)
    except (DatabaseError, InterfaceError) as fault:
        if isinstance(fault.__cause__, QueryCanceled):
            raise
        note_failure(fault)
        return work()


def read_there(work: Callable[[], T]) -> T:
    """The result of reading on the replica, within the current scope."""
    scope = current_scope()
    with on_replica(), within(scope):
        return work()


def note_failure(fault: Exception) -> None:
    """A replica that cancels a statement for its replay is sound; one that is gone is left alone for a while."""
    if getattr(fault.__cause__, "sqlstate", None) is None or isinstance(fault, InterfaceError):
        give_up(fault)
    else:
        log.warning("The read replica stopped a statement (%s); the primary answers.", type(fault.__cause__).__name__)
