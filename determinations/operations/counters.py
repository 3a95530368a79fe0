"""Counts of what workers did, kept in the cache's server so that any web process can report them.

They count only if metrics are read at all. A lost count is no fault: monitoring expects counters to start again.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import Now
from redis.exceptions import RedisError

from determinations.models import Letter
from determinations.models.letters import OPEN_STATES
from determinations.reading.worker_list import client

_KEY = "imrsite-counters"
#: Upper limits of the histogram of seconds per letter.
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_SUM = "seconds"


@contextmanager
def counting_letters(ids: Sequence[int]) -> Iterator[None]:
    """Count the letters that are read meanwhile, by the state in which they ended, and the seconds per letter."""
    if not settings.COUNTS_METRICS:
        yield
        return
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    ended = _ended(ids, seconds)
    if letters := sum(ended.values()):
        try:
            _add(ended, letters, seconds)
        except RedisError:
            return


def _ended(ids: Sequence[int], seconds: float) -> dict[str, int]:
    """How many of these letters ended within the last seconds, by state."""
    recent = Letter.objects.filter(pk__in=ids, finished_at__gte=Now() - timedelta(seconds=seconds + 0.1))
    return dict(recent.exclude(state__in=OPEN_STATES).order_by().values_list("state").annotate(Count("pk")))


def _add(ended: dict[str, int], letters: int, seconds: float) -> None:
    each = seconds / letters
    bucket = next((limit for limit in SECONDS if each <= limit), None)
    with client().pipeline(transaction=False) as pipeline:
        for state, count in ended.items():
            pipeline.hincrby(_KEY, f"state {state}", count)
        pipeline.hincrby(_KEY, f"bucket {bucket or '+Inf'}", letters)
        pipeline.hincrbyfloat(_KEY, _SUM, round(seconds, 4))
        pipeline.execute()


def letters_counted() -> tuple[dict[str, int], list[tuple[str, float]], float]:
    """Letters by state; the histogram as cumulative buckets; the sum of seconds. Raises ``RedisError``."""
    stored = {key.decode(): float(value) for key, value in cast(dict[bytes, bytes], client().hgetall(_KEY)).items()}
    states = {key.removeprefix("state "): int(value) for key, value in stored.items() if key.startswith("state ")}
    buckets, total = [], 0.0
    for limit in [*map(str, SECONDS), "+Inf"]:
        total += stored.get(f"bucket {limit}", 0.0)
        buckets.append((limit, total))
    return states, buckets, stored.get(_SUM, 0.0)
