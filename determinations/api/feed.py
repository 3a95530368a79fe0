"""The change feed: which cases changed since a place in the log, exact while others write.

Each row of the log names the transaction that wrote it. A transaction that began early may commit late, so a highest
ID or time would pass over its rows. Instead, rows are read in the order of transactions, and only those of
transactions older than all that still run: no row can appear before them any more.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from determinations.access.scope import EVERYTHING, within
from determinations.models import Case, ChangeKind

#: Rows of the log that one call looks at, and rows that one step of ``compact`` settles.
MOST_CHANGES, STEP = 1_000, 10_000
#: The oldest transaction of this database that may still write; the snapshot's own is of all databases of the server.
#: One that ends between snapshot and look at the locks counts as running, which delays and loses nothing.
_HORIZON = """(SELECT least(
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_current_xact_id_if_assigned()::text::bigint,
    (
        SELECT min(running::text::bigint) FROM pg_snapshot_xip(pg_current_snapshot()) AS running
        WHERE running::xid NOT IN (
            SELECT own.transactionid FROM pg_locks AS own JOIN pg_stat_activity AS session USING (pid)
            WHERE own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock' AND own.granted
                AND session.datid <> (SELECT oid FROM pg_database WHERE datname = current_database())
        )
    )
))"""
#: A database that was restored elsewhere, or anew, counts its transactions differently.
_IDENTITY = """
SELECT system_identifier::text || ':' || (SELECT oid::text FROM pg_database WHERE datname = current_database())
FROM pg_control_system()
"""
_READ = f"""
WITH horizon (xid) AS MATERIALIZED (SELECT {_HORIZON})
SELECT horizon.xid, changed.letter_id, changed.xid, changed.id, changed.of_work
FROM horizon LEFT JOIN LATERAL (
    SELECT * FROM determinations_changedcase AS entry
    WHERE (entry.xid, entry.id) > (%s, %s) AND entry.xid < horizon.xid ORDER BY entry.xid, entry.id LIMIT %s
) AS changed ON true
ORDER BY changed.xid, changed.id
"""  # noqa: S608 - constants
#: Rows of transactions that this database has not reached were restored from another one.
_RENUMBER = """
UPDATE determinations_changedcase SET xid = pg_current_xact_id()::text::bigint
WHERE xid > pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
_COMPACT = f"""
WITH newer AS MATERIALIZED (
    SELECT id, letter_id, xid, office_set_id, of_work FROM determinations_changedcase
    WHERE NOT is_newest AND xid < {_HORIZON} ORDER BY id LIMIT %s
), older AS (
    DELETE FROM determinations_changedcase AS entry USING newer
    WHERE entry.letter_id = newer.letter_id AND entry.office_set_id IS NOT DISTINCT FROM newer.office_set_id
        AND entry.of_work = newer.of_work AND (entry.xid, entry.id) < (newer.xid, newer.id)
    RETURNING entry.id
)
UPDATE determinations_changedcase AS entry SET is_newest = true FROM newer
WHERE entry.id = newer.id AND entry.id NOT IN (SELECT id FROM older)
"""  # noqa: S608 - constants


_GONE = frozenset({ChangeKind.GONE})


class CursorUnknown(Exception):
    """The cursor is not one of this feed: it is damaged, or from before the database was restored."""


@dataclass(frozen=True, slots=True)
class Change:
    """A case that changed, and what of it. Gone: it was removed, or the user no longer sees it."""

    case_id: int
    version: str
    kinds: frozenset[ChangeKind]

    @property
    def gone(self) -> bool:
        """Whether the user does not see it now."""
        return ChangeKind.GONE in self.kinds


@dataclass(frozen=True, slots=True)
class Changes:
    """Cases that changed, each once, and the cursor after them; ``more``: there are further changes already."""

    changes: Sequence[Change]
    cursor: str
    more: bool


def current_cursor() -> str:
    """The cursor after all changes that are complete now: whoever mirrors all cases takes it first."""
    with connection.cursor() as database:
        database.execute(f"SELECT {_HORIZON}")
        return _encode(database.fetchone()[0], 0)


def read_changes(since: str, limit: int = MOST_CHANGES) -> Changes:
    """Changes after a cursor, of cases in the current scope; up to ``limit`` rows of the log. Three queries.

    A case whose change is read again was changed again, or in a way that another row tells: reading it twice does no
    harm. Raises :class:`CursorUnknown`.
    """
    xid, key = _decode(since)
    with connection.cursor() as database:
        database.execute(_READ, [xid, key, limit])
        rows = database.fetchall()
    horizon = rows[0][0]
    newest: dict[int, str] = {}
    kinds: dict[int, set[ChangeKind]] = defaultdict(set)
    for _horizon, letter_id, at, pk, of_work in rows:
        if letter_id is not None:
            newest[letter_id] = f"{at}.{pk}"
            kinds[letter_id].add(ChangeKind.WORK if of_work else ChangeKind.CASE)
    seen = set(Case.objects.filter(pk__in=newest).values_list("pk", flat=True))
    changes = [
        Change(letter_id, version, frozenset(kinds[letter_id]) if letter_id in seen else _GONE)
        for letter_id, version in newest.items()
    ]
    last = rows[-1]
    is_full = last[1] is not None and len(rows) == limit
    after = (last[2], last[3]) if is_full else max((horizon, 0), (xid, key))
    return Changes(changes, _encode(*after), is_full)


def compact() -> None:
    """Delete rows of the log that a newer one of the same case replaces."""
    with within(EVERYTHING), transaction.atomic(), connection.cursor() as database:
        database.execute(_RENUMBER)
        database.execute(_COMPACT, [STEP])


def _identity() -> str:
    with connection.cursor() as database:
        database.execute(_IDENTITY)
        return hashlib.sha256(database.fetchone()[0].encode()).hexdigest()[:8]


def _encode(xid: int, key: int) -> str:
    return f"{_identity()}-{xid}-{key}"


def _decode(cursor: str) -> tuple[int, int]:
    identity, _, place = cursor.partition("-")
    xid, _, key = place.partition("-")
    is_number = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (xid, key))
    if not is_number or identity != _identity():
        raise CursorUnknown
    return int(xid), int(key)
