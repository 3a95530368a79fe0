"""Which hosts run what, as their processes report themselves: web servers, the scheduler, ``watch``, and workers.

Reports are in the cache server, with its clock: those of hosts differ. A process that ends normally takes its report
back. One that is silent has crashed, or its host is cut off; it is listed for an hour.
"""

import atexit
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from django.conf import settings
from redis.exceptions import RedisError

from determinations.reading.worker_list import RunningWorker, client, program_versions

log = logging.getLogger(__name__)

WEB_SERVER, SCHEDULER, WATCH = "web server", "scheduler", "watch"
_KEY = "imrsite-hosts"
_EVERY = 10.0
#: Without a report for so long, in seconds, a process counts as silent.
SILENT_AFTER = 30.0
_LISTED_FOR = 3600.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the product on one host. ``silent``: how long nothing has been heard; None while it reports."""

    host: str
    name: str
    version: str
    seen_at: datetime
    silent: timedelta | None


def report(name: str) -> None:
    """Report that this part runs here; an unavailable cache is ignored."""
    try:
        client().hset(_KEY, f"{settings.HOST_NAME}\n{name}", f"{_server_time()}\n{program_versions()[0]}")
    except RedisError:
        return


def forget(name: str) -> None:
    """Take the report back: the part ends normally."""
    try:
        client().hdel(_KEY, f"{settings.HOST_NAME}\n{name}")
    except RedisError:
        return


def keep_reporting(name: str, stop: threading.Event | None = None) -> threading.Thread:
    """Report this part in a thread of its own, until ``stop`` is set or the process ends."""
    stop = stop or threading.Event()

    def reporting() -> None:
        report(name)
        while not stop.wait(_EVERY):
            report(name)

    thread = threading.Thread(target=reporting, name="reports this host", daemon=True)
    thread.start()
    return thread


def report_until_exit(name: str) -> None:
    """Report this process, and take the report back when it ends normally."""
    keep_reporting(name)
    atexit.register(forget, name)


def parts(workers: list[RunningWorker]) -> list[Part]:
    """All parts that were heard of lately, by host; of workers those that are given. Raises ``RedisError``."""
    stored = cast(dict[bytes, bytes], client().hgetall(_KEY))
    now = _server_time()
    found, old = [], []
    for key, value in stored.items():
        host, name = key.decode().split("\n")
        seen, version = value.decode().split("\n")
        silence = now - float(seen)
        if silence > _LISTED_FOR:
            old.append(key)
            continue
        silent = timedelta(seconds=round(silence)) if silence > SILENT_AFTER else None
        found.append(Part(host, name, version, datetime.fromtimestamp(float(seen), UTC), silent))
    if old:
        client().hdel(_KEY, *old)
    for worker in workers:
        name, _, host = worker.name.partition("@")
        seen_at = datetime.fromtimestamp(worker.seen_at, UTC)
        found.append(Part(host or name, f"worker {name}", worker.version, seen_at, None))
    return sorted(found, key=lambda part: (part.host, part.name))


def _server_time() -> float:
    seconds, micros = client().time()
    return seconds + micros / 1_000_000
