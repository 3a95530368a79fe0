"""What tasks share: a memory guard, the wait of a worker that may not claim letters, and sending that may fail."""

import logging
import socket
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from celery import current_task
from kombu.exceptions import OperationalError

from determinations.models.letters import Lane
from determinations.reading import readiness
from determinations.reading.ingest import requeue

log = logging.getLogger(__name__)

P = ParamSpec("P")
#: Seconds that a worker which must not claim letters waits with a message before it leaves the letters to others.
WAITS_FOR_READINESS = 20.0
#: Seconds that one message may occupy a worker with reparsing or comparing.
SECONDS_PER_TURN = 20.0


def memory_may_run_out(work: Callable[P, None]) -> Callable[P, None]:
    """Decorate a task so that running out of memory ends it with a log line.

    Left to Celery under late acknowledgement, ``MemoryError`` would block this slot permanently. The rows record what
    is left to do, and the sweep requeues it.
    """

    @wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            work(*args, **kwargs)
        except MemoryError:
            log.error("Out of memory in %s.", work.__name__)

    return guarded


def when_ready(work: Callable[Concatenate[list[int], P], None]) -> Callable[Concatenate[list[int], P], None]:
    """Decorate a task that claims letters: a worker that must not claim any waits for a while, then leaves them."""

    @wraps(work)
    def guarded(ids: list[int], *args: P.args, **kwargs: P.kwargs) -> None:
        if readiness.wait_until_ready(worker_name(), seconds=WAITS_FOR_READINESS):
            work(ids, *args, **kwargs)
        else:
            requeue(ids)

    return guarded


def worker_name() -> str:
    """The name by which Celery knows this worker; that of the host in any other process."""
    return current_task.request.hostname if current_task and current_task.request.hostname else socket.gethostname()


def send_quietly(task: Any, *arguments: float, queue: str = Lane.BULK) -> None:
    """Send a task that the sweep sends anyway: a broker that is down is only logged."""
    try:
        task.apply_async(arguments, queue=queue, ignore_result=True)
    except OperationalError:
        log.warning("The broker is unavailable; the sweep will queue %s later.", task.name)
