"""Whether a worker is running; pages show a notice if not."""

from enum import Enum

from django.core.cache import cache
from redis.exceptions import RedisError

_KEY = "worker-seen"
_STARTS_WITHIN = 60  # seconds, on a busy machine
_SEEN_FOR = 15  # seconds; a worker sends a heartbeat every two seconds


class WorkerState(Enum):
    """The state of the worker, as shown on pages."""

    RUNS = "runs"
    STARTS = "starts"
    AWAY = "away"


def worker_state() -> WorkerState:
    """Whether a worker was seen recently or is starting; ``AWAY`` also if the broker is unavailable."""
    try:
        return WorkerState(cache.get(_KEY, "away"))
    except (RedisError, ValueError):
        return WorkerState.AWAY


def worker_is_running() -> bool:
    """Whether a worker was seen recently; False also if the broker is unavailable."""
    return worker_state() is WorkerState.RUNS


def expect_worker() -> None:
    """Record that a worker is starting and will send a heartbeat within seconds."""
    try:
        cache.set(_KEY, WorkerState.STARTS.value, timeout=_STARTS_WITHIN)
    except RedisError:
        return


def note_worker() -> None:
    """Record a worker heartbeat; ignore an unavailable broker."""
    try:
        cache.set(_KEY, WorkerState.RUNS.value, timeout=_SEEN_FOR)
    except RedisError:
        return


def forget_worker() -> None:
    """Record that the worker shut down normally."""
    try:
        cache.delete(_KEY)
    except RedisError:
        return
