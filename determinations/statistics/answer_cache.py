"""Answers that were counted, kept for whoever asks the same again.

They are kept under the name of the state of the data that they were counted from (see ``FactChange``): whatever
changes what statistics read, also in another process, gives another name, so an answer that is kept is never an old
one. Nothing is ever added up in what is kept.

Each process keeps its own; answers about all items, which the first pages show, are shared in the cache too. Workers
count those after a change, so that nobody waits for them (``statistics.precompute``).
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

Rows = list[tuple[Any, ...]]
#: State of the data, SQL, parameters.
Question = tuple[str, str, str]
#: Seconds that an answer stays in the cache.
_SHARED_FOR = 24 * 60 * 60


class KeptAnswers:
    """The latest answers, by question and state of the data."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.shares = True
        self.answers: OrderedDict[Question, Rows] = OrderedDict()
        self.lock = Lock()

    def has(self, question: Question, *, shared: bool = False) -> bool:
        """Whether the answer is kept; ``shared``: by any process."""
        with self.lock:
            if question in self.answers:
                return True
        answer = _from_cache(question) if shared and self.shares else None
        if answer is not None:
            self.put(question, answer)
        return answer is not None

    def get(self, question: Question, count: Callable[[], Rows], *, shared: bool = False) -> Rows:
        """The answer, counted if nobody has; ``shared``: if no process has."""
        with self.lock:
            if question in self.answers:
                self.answers.move_to_end(question)
                return self.answers[question]
        answer = _from_cache(question) if shared and self.shares else None
        if answer is not None:
            self.put(question, answer)
            return answer
        answer = count()
        self.put(question, answer, shared=shared)
        return answer

    def put(self, question: Question, answer: Rows, *, shared: bool = False) -> None:
        """Keep an answer."""
        with self.lock:
            self.answers[question] = answer
            while len(self.answers) > self.most:
                self.answers.popitem(last=False)
        if shared and self.shares:
            _into_cache(question, answer)


kept_answers = KeptAnswers(most=400)


def forget_answers() -> None:
    """Have this process count the next question anew: for benchmarks, nothing else needs it."""
    kept_answers.answers.clear()
    kept_answers.shares = False


def _key(question: Question) -> str:
    return f"statistics:{hashlib.sha256(repr(question).encode()).hexdigest()}"


def _from_cache(question: Question) -> Rows | None:
    try:
        return cache.get(_key(question))  # type: ignore[no-any-return]
    except RedisError:
        return None


def _into_cache(question: Question, answer: Rows) -> None:
    try:
        cache.set(_key(question), answer, timeout=_SHARED_FOR)
    except RedisError as fault:
        log.warning("The cache is away (%s): an answer is kept in this process alone.", fault)


def state_of_data() -> str:
    """The name of the state of the data that this transaction sees: another one after every change, never twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(mark) FROM determinations_factchange")
        (marks,) = cursor.fetchone()
    return f"{connection.settings_dict['NAME']} {marks}"
