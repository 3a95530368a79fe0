"""Signing in by the form, a mail server, and the lists' collection for exports."""

import re
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from django.test import Client
from django.urls import reverse

from determinations import tasks
from tests.browsing.conftest import _collection_ids, collection

__all__ = ["_collection_ids", "collection"]


def sign_in(client: Client, username: str, password: str, **details: Any) -> Any:
    return client.post(reverse("login"), {"username": username, "password": password}, **details)


class Postbox(MessageHandler):
    """Keeps what a mail server receives."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.messages.append(message_from_bytes(message.as_bytes()))


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    """A real mail server on this machine."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings.EMAIL_HOST, settings.EMAIL_PORT = free.getsockname()
    postbox = Postbox()
    server = Controller(postbox, hostname=settings.EMAIL_HOST, port=settings.EMAIL_PORT)
    server.start()
    yield postbox
    server.stop()


def link_in(message: Message) -> str:
    found = re.search(r"http://testserver(/\S+)", str(message.get_payload()))
    assert found
    return found[1]


@pytest.fixture
def mail_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run what is queued for the worker here, with the same arguments."""
    monkeypatch.setattr(tasks.send_password_links, "delay", tasks.send_password_links)
