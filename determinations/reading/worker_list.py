"""The workers that run now, as each reports itself: its queues and the versions of its program."""

import json
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import cache
from typing import cast

import redis
from django.conf import settings
from redis.exceptions import RedisError

from determinations.parsing import PARSER_VERSION
from determinations.reading.schema import known_migrations

_KEY = "imrsite-workers"
#: A worker reports itself every two seconds; one that is silent for this long, in seconds, has ended.
_SEEN_FOR = 20.0
#: Workers that are kept in the list, at most.
_MOST = 200


@dataclass(frozen=True, slots=True)
class RunningWorker:
    """A worker as it reports itself. ``seen_at`` is in seconds since 1970, by the worker's clock."""

    name: str
    queues: tuple[str, ...]
    version: str
    parser_version: str
    newest_migration: str
    started_at: float
    seen_at: float

    @property
    def has_this_program(self) -> bool:
        """Whether it runs the same program as this process."""
        return (self.version, self.parser_version, self.newest_migration) == program_versions()


_started_at = time.time()


def program_versions() -> tuple[str, str, str]:
    """The versions of this process's program: of the whole, of its parser, and its newest migration."""
    ours = [name for app, name in known_migrations()[0] if app == "determinations"]
    return settings.PROGRAM_VERSION, PARSER_VERSION, max(ours)


def report_worker(name: str, queues: Collection[str]) -> None:
    """Report this worker; an unavailable broker is ignored."""
    version, parser_version, newest = program_versions()
    worker = RunningWorker(name, tuple(sorted(queues)), version, parser_version, newest, _started_at, time.time())
    try:
        client().hset(_KEY, name, json.dumps(asdict(worker)))
    except RedisError:
        return


def forget_worker(name: str) -> None:
    """Remove a worker that shut down normally."""
    try:
        client().hdel(_KEY, name)
    except RedisError:
        return


def running_workers() -> list[RunningWorker]:
    """The workers that reported themselves lately, by name. Raises ``RedisError`` if the broker is unavailable."""
    stored = cast(dict[bytes, bytes], client().hgetall(_KEY))
    workers = [_read(value) for value in list(stored.values())[:_MOST]]
    recent = time.time() - _SEEN_FOR
    if ended := [worker.name for worker in workers if worker.seen_at < recent - 3600]:
        client().hdel(_KEY, *ended)
    return sorted((worker for worker in workers if worker.seen_at >= recent), key=lambda worker: worker.name)


def _read(value: bytes) -> RunningWorker:
    fields = json.loads(value)
    return RunningWorker(**{**fields, "queues": tuple(fields["queues"])})


@cache
def client() -> redis.Redis:
    """The server of the cache; this process's own connections, with short time limits."""
    return redis.Redis.from_url(
        str(settings.CACHES["default"]["LOCATION"]), socket_timeout=2, socket_connect_timeout=2
    )
