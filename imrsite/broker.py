"""Connections of workers and the scheduler to the broker: tried again every few seconds, for as long as it takes."""

from typing import Any, Self

from celery.app.amqp import AMQP
from kombu import Connection

#: Seconds between two tries: at first, by how much they grow, and at most. Celery's own grow to half a minute, and it
#: gives up after 100 tries, so that work stood still for that long after the broker was back.
FIRST, STEP, LONGEST = 1, 1, 4


class PersistentConnection(Connection):
    """Waits for a broker that is away."""

    def ensure_connection(self, *arguments: Any, **options: Any) -> Self:
        """Connect as Celery asks, with our pauses, and as often as it takes unless no retry is wanted (0)."""
        options |= dict(zip(("errback", "max_retries"), arguments, strict=False))
        options["max_retries"] = 0 if options.get("max_retries") == 0 else None
        pauses = {"interval_start": FIRST, "interval_step": STEP, "interval_max": LONGEST}
        super().ensure_connection(**(pauses | options))
        return self


class PersistentAMQP(AMQP):
    """Gives the app these connections."""

    Connection = PersistentConnection
