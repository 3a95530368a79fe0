"""How much waits, and since when: counted once a minute by ``watch`` or a worker, read by pages and metrics.

Counting all letters reads an index of the whole table, which no web request may wait for.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Count
from redis.exceptions import RedisError

from determinations.models import Installation, Letter, LetterState, UnopenedFile
from determinations.models.letters import OPEN_STATES
from imrsite.backing import broker_client
from imrsite.celery import BULK, INTERACTIVE, PICTURES, SCANS

QUEUES = (INTERACTIVE, PICTURES, BULK, SCANS)
_KEY = "operations-figures"
#: Seconds for which figures are kept; their age is shown.
_KEPT_FOR = 24 * 3600


@dataclass(frozen=True, slots=True)
class Figures:
    """``letters``: how many by state. ``oldest_waiting``: when the open letter or unopened file that came first was
    received."""

    counted_at: datetime
    letters: dict[str, int]
    oldest_waiting: datetime | None
    swept_at: datetime | None

    @property
    def waiting(self) -> int:
        """Letters that wait or are being read."""
        return sum(self.letters.get(state, 0) for state in OPEN_STATES)


def count_figures(now: datetime) -> Figures:
    """Count, and keep the result for pages and metrics."""
    counted = Letter.objects.order_by().values_list("state").annotate(Count("pk"))
    oldest = [
        Letter.objects.filter(state=state).order_by("pk").values_list("received_at", flat=True).first()
        for state in OPEN_STATES
    ]
    oldest.append(UnopenedFile.objects.order_by("pk").values_list("file__received_at", flat=True).first())
    figures = Figures(
        counted_at=now,
        letters={str(state): 0 for state in LetterState.values} | dict(counted),
        oldest_waiting=min((at for at in oldest if at is not None), default=None),
        swept_at=Installation.objects.values_list("swept_at", flat=True).first(),
    )
    cache.set(_KEY, asdict(figures), timeout=_KEPT_FOR)
    return figures


def figures_kept() -> Figures | None:
    """The figures as last counted; None if they never were, or the cache is unavailable."""
    try:
        kept = cache.get(_KEY)
    except RedisError:
        return None
    return Figures(**kept) if kept else None


def messages_waiting() -> dict[str, int]:
    """How many messages each queue holds; empty if the broker is unavailable."""
    server = broker_client(seconds=1)
    try:
        with server.pipeline(transaction=False) as pipeline:
            for queue in QUEUES:
                pipeline.llen(queue)
            return dict(zip(QUEUES, pipeline.execute(), strict=True))
    except RedisError:
        return {}
    finally:
        server.close()
