"""Whether a worker is there to do what is queued: pages say so when none is."""

from enum import Enum

from django.core.cache import cache
from redis.exceptions import RedisError

_KEY = "worker-seen"
_STARTS_WITHIN = 60  # seconds, on a busy machine
_SEEN_FOR = 15  # seconds; a worker says every two seconds that it is there


class WorkerState(Enum):
    """What pages know of the worker."""

    RUNS = "runs"
    STARTS = "starts"
    AWAY = "away"


def worker_state() -> WorkerState:
    """Whether a worker was seen in the last seconds, or is on its way; away, too, when the broker itself is."""
    try:
        return WorkerState(cache.get(_KEY, "away"))
    except (RedisError, ValueError):
        return WorkerState.AWAY


def worker_is_running() -> bool:
    """True when a worker was seen in the last seconds; False too when the broker itself is away."""
    return worker_state() is WorkerState.RUNS


def expect_worker() -> None:
    """A worker has been started and will say in some seconds that it is there."""
    try:
        cache.set(_KEY, WorkerState.STARTS.value, timeout=_STARTS_WITHIN)
    except RedisError:
        return


def note_worker() -> None:
    """A worker is there. A broker that is away is the worker's own concern, not this note's."""
    try:
        cache.set(_KEY, WorkerState.RUNS.value, timeout=_SEEN_FOR)
    except RedisError:
        return


def forget_worker() -> None:
    """The worker has ended in good order."""
    try:
        cache.delete(_KEY)
    except RedisError:
        return
