"""Keeps the column file of a folder current: the only writer there.

A file is complete and on disk before the database names it. In the same transaction the log of changes loses what no
file needs any longer. A keeper that is killed at any moment leaves the previous file in use.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
from django.db import connection, transaction

from determinations.models import ColumnFile
from determinations.models.locks import holding_alone
from determinations.statistics.columns import files
from determinations.statistics.columns.digest import layout_digest
from determinations.statistics.columns.failures import forget_failures, last_failure, note_failure
from determinations.statistics.columns.horizon import DATABASE, EDITIONS, is_stale
from determinations.statistics.columns.opened import MOST_CHANGED, is_damaged
from determinations.statistics.columns.writing import Changes, Written, read_changes, write_all, write_merged

log = logging.getLogger(__name__)

#: Changed items that are merged into a new file at once; fewer wait.
_MANY_CHANGED = 2_000
#: So long a change waits to be merged; in a large file longer, see below. Facts of an erased case are in it meanwhile.
MERGED_AFTER = timedelta(minutes=2)
#: A large file is written less often: a keeper that did nothing else would take a processor from all others.
_ITEMS_PER_SECOND = 20_000
#: A folder that no keeper looked at for this long is given up, so that the log does not grow for it.
_GIVEN_UP_AFTER = timedelta(days=1)

_LAYOUT = f"%(layout)s || ' ' || {EDITIONS}"
_REGISTER = f"""
INSERT INTO determinations_columnfile AS file
    (folder, name, horizon, database, layout, items, size, looked_at)
VALUES (%(folder)s, '', pg_current_snapshot()::text, {DATABASE}, {_LAYOUT}, 0, 0, now())
ON CONFLICT (folder) DO UPDATE SET looked_at = now()
RETURNING name, layout, layout = {_LAYOUT}, items, database = {DATABASE}, size, written_at, now()
"""  # noqa: S608 - a constant
_START_AGAIN = f"""
UPDATE determinations_columnfile
SET name = '', horizon = pg_current_snapshot()::text, database = {DATABASE}, layout = {_LAYOUT}
WHERE folder = %(folder)s
"""  # noqa: S608 - a constant
_NAME = """
UPDATE determinations_columnfile
SET name = %(name)s, horizon = %(horizon)s, layout = %(layout)s, items = %(items)s, size = %(size)s,
    written_at = now(), looked_at = now()
WHERE folder = %(folder)s
"""
_LOOKED = "UPDATE determinations_columnfile SET looked_at = now() WHERE folder = %(folder)s"
_GIVE_UP = "DELETE FROM determinations_columnfile WHERE looked_at < now() - make_interval(secs => %s)"
_FORGET = """
DELETE FROM determinations_factlog AS log WHERE NOT EXISTS (
    SELECT FROM determinations_columnfile AS file
    WHERE NOT pg_visible_in_snapshot(log.transaction::text::xid8, file.horizon::pg_snapshot)
)
"""


@dataclass(frozen=True)
class _Row:
    """The row of the folder when the keeper looked."""

    name: str
    layout: str
    fits: bool
    items: int
    is_of_this_database: bool
    size: int
    written_at: datetime | None
    now: datetime

    @property
    def is_readable(self) -> bool:
        """Whether there is a file that is whole, as far as known, and of this program and database."""
        return (
            self.name != ""
            and self.is_of_this_database
            and self.fits
            and files.size_of(self.name) == self.size
            and not is_damaged(self.name)
        )

    @property
    def waited(self) -> timedelta:
        """Since the file was written."""
        return self.now - self.written_at if self.written_at else timedelta.max

    @property
    def is_too_early(self) -> bool:
        """Whether no changes are merged now, however many: the larger the file, the longer they wait."""
        return self.waited < timedelta(seconds=self.items / _ITEMS_PER_SECOND)

    def is_time_for(self, changes: Changes) -> bool:
        """Whether so many changes are merged now."""
        enough = changes.number >= _MANY_CHANGED or (changes.number > 0 and self.waited >= MERGED_AFTER)
        return enough and not self.is_too_early


def keep_columns(*, at_once: bool = False, anew: bool = False) -> Written | None:
    """Write a file if there is none, if it cannot be read, or if enough changed; returns it.

    ``at_once``: also for a single change; ``anew``: from PostgreSQL alone, whatever there is. Nothing is done while
    another process writes in this folder.
    """
    folder = files.folder_id()
    with holding_alone(f"column files of {folder}") as alone:
        if not alone:
            return None
        row = _register(folder)
        files.delete_others(row.name)
        if row.is_readable and not (anew or at_once) and row.is_too_early and not is_stale(folder):
            return None
        changes = read_changes(folder) if row.is_readable and not anew else None
        if changes is not None and changes.layout != row.layout:
            changes.engine.close()
            changes = None
        if changes is not None and not (row.is_time_for(changes) or (at_once and changes.number)):
            changes.engine.close()
            return None
        written = _merged(changes, row.name) if changes is not None else None
        if written is None:
            if changes is None and not (anew and row.is_readable):
                _execute(_START_AGAIN, folder=folder, layout=layout_digest())
            written = write_all()
        with transaction.atomic():
            _execute(
                _NAME, folder=folder, name=written.name, horizon=written.horizon, layout=written.layout,
                items=written.items, size=files.size_of(written.name),
            )  # fmt: skip
            forget_changes()
        files.delete_others(written.name)
        forget_failures(folder)
        return written


def keep_quietly() -> None:
    """Keep the file current; what prevents it is logged, and on the status page. PostgreSQL counts meanwhile.

    After a failure nothing is tried for a while, longer each time.
    """
    folder = files.known_folder_id()
    failure = last_failure(folder)
    if failure is not None and failure.waits:
        _execute(_LOOKED, folder=folder)
        return
    try:
        keep_columns()
    except (OSError, duckdb.Error, MemoryError) as fault:
        note_failure(files.known_folder_id(), fault)
        log.error("The column file cannot be written (%s).", type(fault).__name__)


def give_up() -> None:
    """Stop keeping this folder: its files can be deleted, and the log keeps nothing for them."""
    ColumnFile.objects.filter(folder=files.known_folder_id()).delete()


def forget_changes() -> None:
    """Delete from the log of changes what no column file needs, and files that nobody keeps."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_GIVE_UP, [_GIVEN_UP_AFTER.total_seconds()])
        cursor.execute(_FORGET)


def _register(folder: str) -> _Row:
    """Note that the folder is kept. From here on the log keeps what its file does not show."""
    with connection.cursor() as cursor:
        cursor.execute(_REGISTER, {"folder": folder, "layout": layout_digest()})
        return _Row(*cursor.fetchone())


def _merged(changes: Changes, before: str) -> Written | None:
    """The file with its changes; None if all is to be written anew. Until then readers have the file ``before``.

    Raises the error if memory runs out while the file still answers: to write all takes no less.
    """
    try:
        return write_merged(changes, before)
    except (duckdb.OutOfMemoryException, MemoryError):
        if changes.number <= MOST_CHANGED:
            raise
        log.error("Memory ran out while %s changes were merged; the column file is written anew.", changes.number)
        return None
    except duckdb.Error as error:
        log.error("The column file cannot be read (%s); it is written anew.", type(error).__name__)
        return None
    finally:
        changes.engine.close()  # before another one has memory


def _execute(sql: str, **parameters: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
