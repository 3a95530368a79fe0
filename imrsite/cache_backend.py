"""Django's Redis cache with one client: Django makes one for every key it is asked for.

Making a client takes longer than asking for a value, and every page asks for several. Threads may share a client.

A command whose answer is lost runs once more, as ``CACHES`` says. Counting does not: it would count twice.
"""

from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


class _OneServer(RedisCacheClient):
    @cached_property
    def _kept(self) -> Redis:
        return super().get_client(write=True)

    def get_client(self, key: object = None, *, write: bool = False) -> Redis:
        """The client of the only server."""
        return self._kept


class _CountsOnce(_OneServer):
    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._without_repeats = _OneServer(servers, **{**options, "retry": Retry(NoBackoff(), 0)})

    def incr(self, key: "str | bytes | memoryview[int]", delta: int) -> int:
        """Add to a number. Raises ValueError if there is none, RedisError if it may or may not have been added.

        Whether there is one may be asked again, on a connection that the server closed since it was used.
        """
        if not self.get_client(key).exists(key):
            raise ValueError(f"Key '{key!r}' not found.")
        return int(self._without_repeats.get_client(key, write=True).incr(key, delta))


class KeptClientCache(RedisCache):
    """What ``CACHES`` names."""

    def __init__(self, server: str, params: dict[str, object]) -> None:
        super().__init__(server, params)
        self._class = _CountsOnce
