"""What tests of tasks share: letters that are sent to workers, and what of them waits in the broker."""

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from determinations.intake.receiving import receive_files
from determinations.models import Letter
from tests.fixtures.services import broker_client
from tests.fixtures.worker import Worker
from tests.letters_made import THERAPY, letter_text


def bring(*marks: str, lane: str = "interactive", first: int = 1) -> list[int]:
    """Upload one letter per mark, which appears in its item line; returns the IDs in order."""
    texts = [letter_text(number, item=f"{THERAPY} ({mark})") for number, mark in enumerate(marks, first)]
    files = [ContentFile(text.encode(), name="letter") for text in texts]
    upload = receive_files(by=None, files=files, lane=lane)
    return list(upload.files.order_by("id").values_list("letter_id", flat=True))


def messages(queue: str) -> list[list[int]]:
    """The IDs in the messages of a queue, oldest message first."""
    raw_messages = broker_client().lrange(queue, 0, -1)
    bodies = [base64.b64decode(json.loads(message)["body"]) for message in reversed(raw_messages)]
    return [json.loads(body)[0][0] for body in bodies]


def states(ids: list[int]) -> list[str]:
    state_of = dict(Letter.objects.filter(pk__in=ids).values_list("pk", "state"))
    return [state_of[pk] for pk in ids]


def wait_until(true: Callable[[], bool], worker: Worker | None = None, within: float = 60) -> None:
    give_up_at = time.monotonic() + within
    while not true():
        if time.monotonic() > give_up_at:
            pytest.fail(
                "the condition was not met in time" + (f":\n{worker.log.read_text()[-3000:]}" if worker else "")
            )
        time.sleep(0.05)


def later(passed: timedelta) -> None:
    """Move all timestamps this far into the past."""
    moved = passed + timedelta(seconds=1)
    for letter in Letter.objects.all():
        letter.queued_at = letter.queued_at and letter.queued_at - moved
        letter.started_at = letter.started_at and letter.started_at - moved
        letter.save()
