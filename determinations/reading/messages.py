"""What the broker still holds: a letter that waits, and that no message names, has lost its message."""

import base64
import json
import logging
from collections import defaultdict
from collections.abc import Collection

from celery import current_app
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from determinations.models.letters import Lane

log = logging.getLogger(__name__)


def queued_ids() -> dict[str, set[int]] | None:
    """The IDs in the messages of all queues, by the task's name; None if the broker is unavailable.

    A message that a worker has taken is not included: either its work has begun, or it may be sent again.
    """
    try:
        with current_app.connection_for_read() as connection:
            client = connection.default_channel.client  # type: ignore[attr-defined] # the channel of Redis has it
            messages = [raw for lane in Lane.values for raw in client.lrange(lane, 0, -1)]
    except (OperationalError, RedisError, OSError) as fault:
        log.error("The broker is unavailable (%s).", type(fault).__name__)
        return None
    ids: dict[str, set[int]] = defaultdict(set)
    for raw in messages:
        message = json.loads(raw)
        arguments = json.loads(base64.b64decode(message["body"]))[0]
        if arguments:
            ids[message["headers"]["task"]] |= _ids_in(arguments[0])
    return ids


def _ids_in(argument: Collection[int] | int) -> set[int]:
    return {argument} if isinstance(argument, int) else set(argument)
