"""Django's Redis cache with one client for each pool of connections: Django makes one for every key it is asked for.

Making a client takes longer than asking for a value, and every page asks for several. Threads may share a client.
"""

from functools import cache

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class _KeptClients(RedisCacheClient):
    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._client = cache(self._client)  # it is called with a pool and nothing else


class KeptClientsCache(RedisCache):
    """What ``CACHES`` names."""

    def __init__(self, server: str, params: dict[str, object]) -> None:
        super().__init__(server, params)
        self._class = _KeptClients
