"""Remembers that the column file of a folder could not be written: the next try waits longer after each failure."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from redis.exceptions import RedisError

from determinations.models.clock import database_now

log = logging.getLogger(__name__)

_LONGEST = timedelta(minutes=60)
_REMEMBERED_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Failure:
    """The last try that failed, the number of failures in a row, and the error's class."""

    failed_at: datetime
    number: int
    error: str

    @property
    def of_memory(self) -> bool:
        """Whether memory ran out."""
        return self.error in {"OutOfMemoryException", "MemoryError"}

    @property
    def tried_again_at(self) -> datetime:
        """When workers try again: after one, two, four minutes and so on."""
        return self.failed_at + min(_LONGEST, timedelta(minutes=2 ** min(self.number - 1, 6)))

    @property
    def waits(self) -> bool:
        """Whether it is too early to try again."""
        return database_now() < self.tried_again_at


def last_failure(folder: str) -> Failure | None:
    """The failure since which no file was written; None also if the shared cache is away."""
    try:
        kept = cache.get(_key(folder))
    except RedisError:
        return None
    return Failure(datetime.fromisoformat(kept["at"]), kept["number"], kept["error"]) if kept else None


def note_failure(folder: str, error: Exception) -> None:
    """Remember that a try failed now."""
    before = last_failure(folder)
    number = before.number + 1 if before else 1
    kept = {"at": database_now().isoformat(), "number": number, "error": type(error).__name__}
    try:
        cache.set(_key(folder), kept, timeout=_REMEMBERED_SECONDS)
    except RedisError as fault:
        log.warning("The shared cache is unavailable (%s).", type(fault).__name__)


def forget_failures(folder: str) -> None:
    """A file was written."""
    try:
        cache.delete(_key(folder))
    except RedisError as fault:
        log.warning("The shared cache is unavailable (%s).", type(fault).__name__)


def _key(folder: str) -> str:
    return f"column-file-failed:{folder}"
