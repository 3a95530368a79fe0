"""Whether the column file of this host answers statistics, in words."""

from datetime import timedelta

from django.conf import settings

from determinations.models import ColumnFile
from determinations.models.clock import database_now
from determinations.operations.findings import Finding, Level
from determinations.statistics.columns.failures import Failure, last_failure
from determinations.statistics.columns.files import known_folder_id, size_of
from determinations.statistics.columns.horizon import changed_items, read_state
from determinations.statistics.columns.opened import MOST_CHANGED, is_damaged

#: A keeper looks every ten seconds, but may be busy for minutes.
_LATE = timedelta(minutes=10)
_POSTGRESQL = "PostgreSQL counts: exact as ever, but slower in large collections."
_WORKER = "Check that a worker and the scheduler run on this host, or run manage.py build_columns there."
_MEMORY = "Memory ran out: raise COLUMN_MEMORY_MB, to twice as much at first (imrsite/deploy/columns.md)."


def column_file() -> Finding:
    """Whether there is a current column file that can be read."""
    if not settings.COLUMN_ENGINE:
        return Finding(Level.OK, "The column engine is off (COLUMN_ENGINE); PostgreSQL counts.")
    folder = known_folder_id()
    failure = last_failure(folder)
    if failure is not None:
        return _failed(failure)
    file = ColumnFile.objects.filter(folder=folder).first()
    state = read_state(folder)
    if file is None or state is None:
        return Finding(Level.WARNING, f"No column file was written yet. {_POSTGRESQL}", _WORKER)
    if not (state.is_of_this_database and state.fits):
        return _stands_aside("is of another database or program, or of other dates of editions")
    if size_of(file.name) < 0:
        return _stands_aside("is missing")
    if size_of(file.name) != file.size or is_damaged(file.name):
        return _stands_aside("is damaged")
    changed = changed_items(folder, most=MOST_CHANGED)
    if changed is None:
        return _stands_aside("is stale: too much changed since it was written")
    if database_now() - file.looked_at > _LATE:
        return Finding(
            Level.WARNING,
            f"Nothing has looked at the column file since {file.looked_at:%Y-%m-%d %H:%M} UTC. Statistics are exact, "
            f"and become slower with every change.",
            _WORKER,
        )
    return Finding(Level.OK, f"The column file has {file.items:,} items; {len(changed):,} changed since.")


def _failed(failure: Failure) -> Finding:
    remedy = _MEMORY if failure.of_memory else "Check the room on the disk of COLUMNS_DIR, and who may write there."
    return Finding(
        Level.WARNING,
        f"The column file could not be written at {failure.failed_at:%Y-%m-%d %H:%M} UTC ({failure.error}, "
        f"{failure.number} in a row). Until one can be, PostgreSQL counts more and more: exact as ever, but slower.",
        f"{remedy} Workers try again at {failure.tried_again_at:%H:%M} UTC, manage.py build_columns tries at once.",
    )


def _stands_aside(what: str) -> Finding:
    return Finding(Level.WARNING, f"The column file {what}. {_POSTGRESQL}", f"A worker writes another. {_WORKER}")
