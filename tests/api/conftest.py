"""Tokens of the usual people, and a client that sends one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from determinations.api.tokens import make_token
from determinations.models import ApiToken, TokenScope
from tests.browsing.conftest import _collection_ids, collection
from tests.duties.conftest import store

__all__ = ["_collection_ids", "collection", "store"]

Caller = Callable[..., "Bearer"]


class Bearer(Client):
    """A client that sends an access token, and JSON unless it is told otherwise."""

    def __init__(self, text: str, token: ApiToken) -> None:
        super().__init__(headers={"authorization": f"Bearer {text}"}, raise_request_exception=False)
        self.text, self.token = text, token

    def write(self, method: str, path: str, body: Any, **headers: str) -> Any:
        """Send a body as JSON; ``Idempotency_Key="a"`` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.generic(method, path, json.dumps(body), "application/json", headers=named)


@pytest.fixture
def bearer(db: None) -> Caller:
    """Makes clients with a token of a user, with all scopes unless some are named."""

    def make(user: User, *scopes: str) -> Bearer:
        token, text = make_token(user, "test", scopes or TokenScope.values, days=30, by=user, now=timezone.now())
        return Bearer(text, token)

    return make
