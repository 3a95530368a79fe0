"""Whether a worker is running; pages show a notice if not."""

import time
from dataclasses import dataclass
from enum import Enum

from django.core.cache import cache
from redis.exceptions import RedisError

_KEY = "worker-seen"
_STARTS_WITHIN = 60  # seconds, on a busy machine
_SWEPT_KEY = "swept"
_SWEPT_FOR = 60  # seconds; sweeps run six times a minute
_SWEEP_LATE_AFTER = 120  # seconds of this worker without a sweep
_SEEN_FOR = 15  # seconds; a worker sends a heartbeat every two seconds


@dataclass(slots=True)
class _Sweeps:
    """When this process last knew of a sweep: at first, its start."""

    seen_at: float


_sweeps = _Sweeps(time.monotonic())


class WorkerState(Enum):
    """The state of the worker, as shown on pages."""

    RUNS = "runs"
    STARTS = "starts"
    LATE = "late"  # it runs, and nothing requeues stale work
    AWAY = "away"


def worker_state() -> WorkerState:
    """Whether a worker was seen recently or is starting; ``AWAY`` also if the broker is unavailable."""
    try:
        return WorkerState(cache.get(_KEY, "away"))
    except (RedisError, ValueError):
        return WorkerState.AWAY


def worker_is_running() -> bool:
    """Whether a worker was seen recently; False also if the broker is unavailable."""
    return worker_state() in (WorkerState.RUNS, WorkerState.LATE)


def expect_worker() -> None:
    """Record that a worker is starting and will send a heartbeat within seconds."""
    try:
        cache.set(_KEY, WorkerState.STARTS.value, timeout=_STARTS_WITHIN)
    except RedisError:
        return


def note_worker() -> None:
    """Record a worker heartbeat, and whether sweeps arrive; ignore an unavailable broker."""
    try:
        if cache.get(_SWEPT_KEY) is not None:
            _sweeps.seen_at = time.monotonic()
        state = WorkerState.LATE if time.monotonic() - _sweeps.seen_at > _SWEEP_LATE_AFTER else WorkerState.RUNS
        cache.set(_KEY, state.value, timeout=_SEEN_FOR)
    except RedisError:
        return


def note_sweep() -> None:
    """Record that stale work was requeued."""
    try:
        cache.set(_SWEPT_KEY, "yes", timeout=_SWEPT_FOR)
    except RedisError:
        return


def swept_lately() -> bool:
    """Whether a sweep finished within the last minute; False also if the broker is unavailable."""
    try:
        return cache.get(_SWEPT_KEY) is not None
    except RedisError:
        return False


def forget_worker() -> None:
    """Record that the worker shut down normally."""
    try:
        cache.delete(_KEY)
    except RedisError:
        return
