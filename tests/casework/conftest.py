"""Synthetic letters of today with an overturned and an upheld item."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from determinations.models import Letter
from tests.browsing.conftest import store_texts
from tests.duties.conftest import letter_text

ITEMS = {"Twelve physical therapy sessions": "Overturned", "One synthetic knee brace": "Upheld"}

#: Stores a letter of a case number with these items, as the worker does; returns its ID.
Store = Callable[..., int]


@pytest.fixture
def store(db: None) -> Store:
    def store(number: int, items: dict[str, str] = ITEMS, text: str = "") -> int:
        (pk,) = store_texts([text or letter_text(number, items, timezone.localdate())])
        Letter.objects.filter(pk=pk).update(received_at=timezone.now())
        return pk

    return store


def told(client: Client, address: str = "/notifications/") -> list[str]:
    return [row.said for row in client.get(address).context["rows"]]


@pytest.fixture
def now() -> datetime:
    return timezone.now()
