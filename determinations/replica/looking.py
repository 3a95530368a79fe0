"""Whether the replica may answer a user now, and how far it is behind.

Two statements: the primary says where its log is and how far the user has written, then the replica says how far it
has replayed. Its lag is the age of the last transaction that it replayed, by the primary's clock; nothing if it has
replayed everything. Workers write every few seconds, so that the age means something on a quiet evening too.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from django.conf import settings
from django.db import Error, connection, connections

from determinations.replica.own_writes import EVERYBODY
from imrsite.connections import REPLICA, is_configured, on_primary

log = logging.getLogger(__name__)

#: A replica that did not answer is left alone for so many seconds, so that not every page waits for it.
LEFT_ALONE = 10.0
#: A lag of more seconds than this is looked at again, after so many seconds.
_WORTH_A_SECOND_LOOK, _AN_INSTANT = 1, 0.02
#: The database that both have to be: numbers of transactions, files of columns and own writes mean nothing elsewhere.
_SAME = "(SELECT system_identifier FROM pg_control_system()) || '/' || current_database()"
_OF_PRIMARY = f"""
SELECT pg_current_wal_flush_lsn()::text, clock_timestamp(), {_SAME}, (
    SELECT max(position::pg_lsn)::text FROM determinations_ownwrite
    WHERE user_id = ANY(%s) AND position::pg_lsn <= pg_current_wal_insert_lsn()
)
"""  # noqa: S608 - a constant
_OF_REPLICA = f"""
SELECT pg_is_in_recovery(), {_SAME} = %(same)s,
    CASE WHEN pg_last_wal_replay_lsn() >= %(position)s::pg_lsn THEN 0
        ELSE greatest(0, extract(epoch FROM %(now)s - pg_last_xact_replay_timestamp())) END,
    COALESCE(pg_last_wal_replay_lsn() >= %(own)s::pg_lsn, %(own)s::text IS NULL)
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Look:
    """What was found. ``obstacle``: why the replica answers nobody now; empty if it does.

    ``lag`` is in seconds; None if it is not known. ``has_own``: it has replayed what the user wrote.
    """

    obstacle: str = ""
    lag: float | None = None
    has_own: bool = True

    @property
    def serves(self) -> bool:
        """Whether the user may read from it."""
        return not self.obstacle and self.has_own


class _LeftAlone:
    """Until when this process does not ask a replica that did not answer."""

    def __init__(self) -> None:
        self.until, self.lock = float("-inf"), Lock()

    def begin(self) -> None:
        with self.lock:
            self.until = time.monotonic() + LEFT_ALONE

    def end(self) -> None:
        """Ask again."""
        self.until = float("-inf")

    @property
    def now(self) -> bool:
        return time.monotonic() < self.until


left_alone = _LeftAlone()
_SILENT = Look("The read replica does not answer.")


def look(user_id: int) -> Look:
    """Ask both servers. Raises ``django.db.Error`` if the primary does not answer."""
    if not is_configured(REPLICA):
        return Look("There is no read replica.")
    if left_alone.now:
        return _SILENT
    with on_primary(), connection.cursor() as cursor:
        cursor.execute(_OF_PRIMARY, [[user_id, EVERYBODY]])
        row = cursor.fetchone()
    try:
        return _ask_replica(*row)
    except Error as fault:
        give_up(fault)
        return _SILENT


def give_up(fault: Exception) -> None:
    """Note that the replica failed, and leave it alone for a while."""
    log.warning("The read replica fails (%s); the primary answers.", type(fault).__name__)
    left_alone.begin()
    connections[REPLICA].close()


def _ask_replica(position: str, now: datetime, same: str, own: str | None) -> Look:
    known: dict[str, str | datetime | None] = {"same": same, "position": position, "now": now, "own": own}
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(_OF_REPLICA, known)
        stands_by, is_same, lag, has_own = cursor.fetchone()
        if lag is not None and lag > _WORTH_A_SECOND_LOOK:
            # After a quiet while, what was written an instant ago looks like a long lag until it has arrived.
            time.sleep(_AN_INSTANT)
            cursor.execute(_OF_REPLICA, known)
            stands_by, is_same, lag, has_own = cursor.fetchone()
    if not stands_by or not is_same:
        return Look("REPLICA_URL does not name a standby of this database.")
    if lag is None:  # it has started anew, and replayed no transaction yet
        return Look("The read replica has not said yet how far it is.")
    seconds = float(lag)
    if seconds > settings.REPLICA_MAX_LAG_SECONDS:
        return Look(f"The read replica is {seconds:,.0f} seconds behind.", seconds, has_own)
    return Look("", seconds, has_own)
