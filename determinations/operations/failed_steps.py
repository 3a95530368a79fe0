"""Which steps of tasks that run again and again fail, for the status page: kept in the cache until they succeed."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

#: The tasks that consist of steps.
SWEEP, TIDY, AUDIT, WEBHOOKS, VIEWS = "sweep", "tidy", "audit trail", "webhooks", "watched views"
_TASKS = (SWEEP, TIDY, AUDIT, WEBHOOKS, VIEWS)
#: Seconds. Each task runs every minute while there is work for it: one that ran no more has nothing left that fails.
_KEPT = 15 * 60


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step that fails: the class of its exception, never its message, and the first time."""

    name: str
    fault: str
    since: datetime


def failed_steps() -> list[FailedStep]:
    """The steps that failed when their task ran last."""
    kept = cache.get_many([_key(task) for task in _TASKS])
    return [
        FailedStep(name, fault, datetime.fromtimestamp(since, UTC))
        for task in _TASKS
        for name, fault, since in kept.get(_key(task), ())
    ]


def note_failed(task: str, faults: Collection[tuple[str, str]], *, now: datetime) -> None:
    """Keep which steps of a task failed just now, with the classes of their exceptions.

    Without the cache, nothing is kept and the log says so: the task goes on.
    """
    try:
        _keep(task, faults, now)
    except RedisError as fault:
        log.warning("Failed steps cannot be kept (%s).", type(fault).__name__)


def _keep(task: str, faults: Collection[tuple[str, str]], now: datetime) -> None:
    earlier = cache.get(_key(task), ())
    since = {name: began for name, _fault, began in earlier}
    if faults:
        kept = [(name, fault, since.get(name, now.timestamp())) for name, fault in faults]
        cache.set(_key(task), kept, timeout=_KEPT)
    elif earlier:
        cache.delete(_key(task))


def _key(task: str) -> str:
    return f"failed-steps-{task.replace(' ', '-')}"
