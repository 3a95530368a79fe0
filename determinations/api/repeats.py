"""Writes that may be repeated: a request with a key that was answered before gets the same answer again.

The answer is stored in the transaction of the write itself. Of requests with one key at the same time, the first
writes; the others wait for it at the unique constraint and then get its answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from determinations.models import ApiToken, KeptAnswer

#: For how long answers are kept.
KEPT = timedelta(days=7)
LONGEST_KEY = 200


class OtherRequest(Exception):
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status and the body of an answer; ``repeated`` if it was given before."""

    status: int
    body: dict[str, object]
    repeated: bool = False


def once(token: ApiToken, key: str, request: bytes, write: Callable[[], Answer], *, now: datetime) -> Answer:
    """Do ``write`` once for this key; its answer, or the one that it gave before.

    ``request`` is everything that makes the request what it is. An exception undoes the write, and nothing is kept, so
    the key can be used again. Raises :class:`OtherRequest` if the key belongs to another request.
    """
    digest = hashlib.sha256(request).hexdigest()
    with transaction.atomic():
        placed = KeptAnswer(token=token, key=key, request_sha256=digest, at=now, status=0, body={})
        KeptAnswer.objects.bulk_create([placed], ignore_conflicts=True)
        kept = KeptAnswer.objects.select_for_update().get(token=token, key=key)
        if kept.request_sha256 != digest:
            raise OtherRequest
        if kept.status:
            return Answer(kept.status, kept.body, repeated=True)
        answer = write()
        kept.status, kept.body = answer.status, answer.body
        kept.save(update_fields=["status", "body"])
    return answer


def delete_old(now: datetime) -> None:
    """Delete answers that were kept long enough."""
    KeptAnswer.objects.filter(at__lt=now - KEPT).delete()
