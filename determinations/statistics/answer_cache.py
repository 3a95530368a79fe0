"""Caches the answers to statistical queries.

The key of an answer includes the version of the data it was counted from (see ``FactChange``). Every change of what
statistics read, in any process, gives a new version, so a cached answer is never stale. Cached answers are never
updated in place.

Each process has its own cache. Answers about all items, which the first pages show, are also shared through Redis;
workers precompute those after a change (``statistics.precompute``).
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from determinations.access.scope import current_scope

log = logging.getLogger(__name__)

Rows = list[tuple[Any, ...]]
#: Version of the data, SQL, parameters.
Question = tuple[str, str, str]
#: Seconds an answer stays in the shared cache.
_SHARED_FOR = 24 * 60 * 60


class AnswerCache:
    """The most recently used answers, by question."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.shares = True
        self.answers: OrderedDict[Question, Rows] = OrderedDict()
        self.lock = Lock()

    def find(self, question: Question, *, shared: bool = False) -> Rows | None:
        """The answer if it is cached, with ``shared`` also by another process."""
        with self.lock:
            if question in self.answers:
                self.answers.move_to_end(question)
                return self.answers[question]
        answer = _from_cache(question) if shared and self.shares else None
        if answer is not None:
            self.put(question, answer)
        return answer

    def get(self, question: Question, count: Callable[[], Rows], *, shared: bool = False) -> Rows:
        """The answer; counted if it is not cached, with ``shared`` by any process."""
        answer = self.find(question, shared=shared)
        if answer is None:
            answer = count()
            self.put(question, answer, shared=shared)
        return answer

    def put(self, question: Question, answer: Rows, *, shared: bool = False) -> None:
        """Cache an answer."""
        with self.lock:
            self.answers[question] = answer
            while len(self.answers) > self.limit:
                self.answers.popitem(last=False)
        if shared and self.shares:
            _into_cache(question, answer)


cached_answers = AnswerCache(limit=400)


def clear_cached_answers() -> None:
    """Empty this process's cache. Only benchmarks need this."""
    cached_answers.answers.clear()


@contextmanager
def without_sharing_answers() -> Iterator[None]:
    """Within the block this process shares no answers with others. Only benchmarks need this."""
    shared, cached_answers.shares = cached_answers.shares, False
    try:
        yield
    finally:
        cached_answers.shares = shared


def forget_shared_answers() -> int:
    """Delete the answers that processes share, such as after a case was erased; returns how many. Kept answers of
    older data are never shown again, but would stay in the cache for a day."""
    names = cache.make_key("statistics:*")
    found = 0
    try:
        with redis.Redis.from_url(str(settings.CACHES["default"]["LOCATION"])) as connection_of_cache:
            for name in connection_of_cache.scan_iter(match=names, count=1_000):
                found += connection_of_cache.delete(name)
    except RedisError as error:
        log.error("Kept answers cannot be deleted (%s); they expire within a day.", type(error).__name__)
    return found


def _key(question: Question) -> str:
    return f"statistics:{hashlib.sha256(repr(question).encode()).hexdigest()}"


def _from_cache(question: Question) -> Rows | None:
    try:
        rows = cache.get(_key(question))
    except RedisError:
        return None
    return None if rows is None else [_tuple(row) for row in rows]


def _tuple(values: Sequence[object]) -> tuple[object, ...]:
    """The cache gives lists for tuples, also for those within rows."""
    return tuple(_tuple(value) if isinstance(value, list) else value for value in values)


def _into_cache(question: Question, answer: Rows) -> None:
    try:
        cache.set(_key(question), answer, timeout=_SHARED_FOR)
    except RedisError as error:
        log.warning("The shared cache is unavailable (%s); the answer is cached in this process only.", error)


def data_version() -> str:
    """The version of the data that this transaction sees. Every change gives a version that never occurred before.

    It names the scope too, since users of one office see other data than those of another.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(mark) FROM determinations_factchange")
        (marks,) = cursor.fetchone()
    return f"{connection.settings_dict['NAME']} {marks} {current_scope().key}".rstrip()
