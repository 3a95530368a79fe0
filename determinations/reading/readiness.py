"""Whether this process may claim letters, and why not: for workers, status pages and health checks.

A worker that is not ready claims nothing, says why (``StoppedWorker``), and goes on by itself once all is well.
"""

import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import DatabaseError
from django.db.models.functions import Now
from redis.exceptions import RedisError

from determinations.intake.store_health import Obstacle, key_obstacle, space_obstacle, store_obstacle
from determinations.models import Installation, StoppedWorker
from determinations.models.clock import database_now
from determinations.models.installation import ObstacleRecord
from determinations.reading import workers
from determinations.reading.breaker import breaker
from determinations.reading.schema import schema_obstacle

log = logging.getLogger(__name__)

#: A worker that waits checks again this often, in seconds.
CHECK_EVERY = 1.0
#: A stopped worker reports its reasons this often, in seconds, and its report counts for this long.
_REPORT_EVERY = 5.0
REPORT_COUNTS_FOR = timedelta(seconds=90)
#: The sweep runs six times a minute; one that did not run for this long is late.
SWEEP_LATE_AFTER = timedelta(minutes=2)
#: Obstacles with which nothing at all can be done in the database.
WITHOUT_DATABASE = frozenset({"schema_behind", "schema_ahead", "database"})
_STOPPED_KEY = "worker-stopped"
#: Of this process: when its reasons were last reported, or None.
_reported: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class SweepState:
    """When the sweep last finished (None: never), and whether it is late."""

    swept_at: datetime | None
    is_late: bool


def obstacles() -> list[Obstacle]:
    """Why this process must not claim letters; empty if it may."""
    try:
        if wrong_schema := schema_obstacle():
            return [wrong_schema]
        reasons = [store_obstacle(), key_obstacle(), space_obstacle(), breaker.obstacle()]
    except DatabaseError as fault:
        return [
            Obstacle(
                "database",
                f"The database cannot be used ({type(fault).__name__}).",
                "Check PostgreSQL and its log; reading then continues without a restart.",
            )
        ]
    return [reason for reason in reasons if reason]


def schema_is_ours() -> bool:
    """Whether the database has exactly the migrations of this process's code: enough for work without files."""
    return schema_obstacle() is None


def wait_until_ready(worker: str, *, seconds: float) -> bool:
    """Wait until this process may claim letters; False if it may not within ``seconds``. Reports the reasons."""
    give_up_at = time.monotonic() + seconds
    while reasons := obstacles():
        report(worker, reasons)
        if time.monotonic() + CHECK_EVERY > give_up_at:
            return False
        time.sleep(CHECK_EVERY)
    report(worker, [])
    return True


def report(worker: str, reasons: Sequence[Obstacle]) -> None:
    """Record why a worker reads no letters, or that it reads them."""
    last = _reported.get(worker)
    if not reasons and last is None:
        return
    if reasons and last is not None and time.monotonic() - last < _REPORT_EVERY:
        return
    if reasons:
        _reported[worker] = time.monotonic()
        log.error("%s reads no letters: %s", worker, " ".join(map(str, reasons)))
    else:
        _reported.pop(worker)
        log.warning("%s reads letters again.", worker)
    records: list[ObstacleRecord] = [
        {"code": reason.code, "what": reason.what, "remedy": reason.remedy} for reason in reasons
    ]
    try:
        if records:
            StoppedWorker.objects.update_or_create(
                pk=worker,
                defaults={"seen_at": Now(), "reasons": records},
                create_defaults={"since": Now(), "seen_at": Now(), "reasons": records},
            )
        else:
            StoppedWorker.objects.filter(pk=worker).delete()
    except DatabaseError as fault:
        log.error("The reason cannot be recorded (%s).", type(fault).__name__)
    try:
        cache.set(_STOPPED_KEY, records, timeout=REPORT_COUNTS_FOR.total_seconds())
    except RedisError:
        log.error("The reason cannot be shown on pages: the broker is unavailable.")


def forget_old_report(worker: str) -> None:
    """Delete a worker's report that none of its processes has repeated: another one made it, and all is well again."""
    silent_since = Now() - timedelta(seconds=3 * _REPORT_EVERY)
    deleted, _ = StoppedWorker.objects.filter(pk=worker, seen_at__lt=silent_since).delete()
    if deleted:
        with contextlib.suppress(RedisError):
            cache.delete(_STOPPED_KEY)


def stopped_reasons() -> list[ObstacleRecord]:
    """Why a worker reads no letters now, as it reported last; for the notice on pages. Empty if none reported."""
    try:
        reasons: list[ObstacleRecord] = cache.get(_STOPPED_KEY, [])
    except RedisError:
        return []
    return reasons


def stopped_workers() -> list[StoppedWorker]:
    """The workers that read no letters now, each with its reasons, by name."""
    return list(StoppedWorker.objects.filter(seen_at__gte=Now() - REPORT_COUNTS_FOR).order_by("name"))


def sweep_state() -> SweepState:
    """When stale work was last requeued, by the database's clock. A late sweep: the scheduler or the workers stand."""
    swept_at = Installation.objects.values_list("swept_at", flat=True).first()
    return SweepState(swept_at, swept_at is None or database_now() - swept_at > SWEEP_LATE_AFTER)


def note_sweep() -> None:
    """Record that a sweep finished. Without a row no letter was ever received."""
    Installation.objects.update(swept_at=Now())
    workers.note_sweep()
