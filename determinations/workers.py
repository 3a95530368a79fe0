"""Whether a worker is there to do what is queued: pages say so when none is."""

from django.core.cache import cache
from redis.exceptions import RedisError

_KEY = "worker-seen"
_SEEN_FOR = 15  # seconds; a worker says every two seconds that it is there


def worker_is_running() -> bool:
    """True when a worker was seen in the last seconds; False too when the broker itself is away."""
    try:
        return cache.get(_KEY) is not None
    except RedisError:
        return False


def note_worker() -> None:
    """A worker is there. A broker that is away is the worker's own concern, not this note's."""
    try:
        cache.set(_KEY, 1, timeout=_SEEN_FOR)
    except RedisError:
        return


def forget_worker() -> None:
    """The worker has ended in good order."""
    try:
        cache.delete(_KEY)
    except RedisError:
        return
