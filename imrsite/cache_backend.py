"""Django's Redis cache with one client: Django makes one for every key it is asked for.

Making a client takes longer than asking for a value, and every page asks for several. Threads may share a client.
"""

from functools import cached_property

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis


class _OneServer(RedisCacheClient):
    @cached_property
    def _kept(self) -> Redis:
        return super().get_client(write=True)

    def get_client(self, key: object = None, *, write: bool = False) -> Redis:
        """The client of the only server."""
        return self._kept


class KeptClientCache(RedisCache):
    """What ``CACHES`` names."""

    def __init__(self, server: str, params: dict[str, object]) -> None:
        super().__init__(server, params)
        self._class = _OneServer
