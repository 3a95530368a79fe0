"""How many requests a token may make: so many a minute, counted in the cache. Without a cache nothing is limited."""

import logging
import time
from dataclasses import dataclass

import redis
from django.conf import settings
from django.core.cache import cache

_WINDOW = 60
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of a token's requests until the window ends, in ``seconds``."""

    limit: int
    left: int
    seconds: int

    @property
    def is_spent(self) -> bool:
        """Whether the request exceeds the limit."""
        return self.left < 0

    def headers(self) -> dict[str, str]:
        """The headers that tell the client."""
        return {"RateLimit-Limit": f"{self.limit}", "RateLimit-Remaining": f"{max(0, self.left)}",
                "RateLimit-Reset": f"{self.seconds}"}  # fmt: skip


def count_request(token_id: int) -> Rate | None:
    """Count a request of the token; None if requests are not limited, or cannot be counted."""
    limit = settings.API_REQUESTS_PER_MINUTE
    if not limit:
        return None
    now = time.time()
    window = int(now // _WINDOW)
    key = f"api-requests:{token_id}:{window}"
    try:
        cache.add(key, 0, timeout=2 * _WINDOW)
        made = cache.incr(key)
    except (redis.RedisError, ValueError) as fault:  # the second: the key was evicted between the two
        log.warning("Requests of tokens are not counted: %s.", type(fault).__name__)
        return None
    return Rate(limit, limit - made, int((window + 1) * _WINDOW - now) + 1)
