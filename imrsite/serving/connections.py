"""Connections of the web server: no request reaches a thread before all of it has arrived within its limits.

Waitress reads heads and bodies in one loop, large bodies into temporary files. This module adds limits to it: a body's
size by the head (``body_limits``), the time that a head and a body may take, and how many connections may wait.
"""

import ipaddress
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import WSGITask
from waitress.utilities import Error

from imrsite.serving.body_limits import (
    API_PATH,
    Allowance,
    Ticket,
    allowance_of_token,
    bearer_token,
    cookie_in,
    limits_in_words,
    most_bytes,
)

#: Bytes of a request's head, with its address.
HEAD_BYTES = 64 * 1024
#: A body has one second more for this many bytes.
SLOWEST_BYTES_A_SECOND = 16 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take, in seconds, and how many may wait in one process.

    ``head`` and ``body`` (of a form) are the times within which all of it has to arrive; ``silent`` is the longest
    pause within a body. A connection without a request is closed after ``unused``, and one whose client takes nothing
    of its response after ``unread``. The rest of a refused body is received and discarded for up to ``linger``, so
    that its sender gets to read the response. With ``connections`` open, the next one replaces one that waits.
    """

    head: float = 15
    body: float = 60
    silent: float = 30
    unused: float = 15
    unread: float = 60
    linger: float = 5
    connections: int = 1_000


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HTML = "text/html; charset=utf-8"


class Refusal(Error):
    """A response to a request whose head or body exceeds a limit: a page, or JSON where a script asks for it."""

    def __init__(self, status: HTTPStatus, template: str, *, kind: str = _HTML) -> None:
        self.code, self.reason = status.value, status.phrase
        self.template, self.kind = template, kind
        super().__init__(status.phrase)

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """The status line, headers and body."""
        headers = [
            ("Content-Type", self.kind), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY),
        ]  # fmt: skip
        return f"{self.code} {self.reason}", headers, _page(self.template)


@cache
def _page(template: str) -> bytes:
    return render_to_string(template, limits_in_words()).encode()


class Request(HTTPRequestParser):
    """One request as it arrives. It is refused as soon as its head says that its body is too large."""

    most: int | None = None
    refused = False

    def received(self, data: bytes) -> int:
        """Take these bytes; returns how many of them belong to this request."""
        try:
            consumed: int = super().received(data)
        except ValueError:  # of a number with thousands of digits, or an address that is none
            self._refuse(Refusal(HTTPStatus.BAD_REQUEST, "unreadable.html"))
            return len(data)
        if self.header_bytes_received >= HEAD_BYTES:
            self._refuse(Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "431.html"))
        elif self.body_rcv is not None:
            self._check_length()
        return len(data) if self.refused else consumed

    def _check_length(self) -> None:
        """Refuse the body as soon as it is known to be too large. One without a length is counted as it arrives."""
        if self.most is None:
            self.most = most_bytes(self.path, self._allowance())
        if max(self.content_length, self.body_bytes_received) > self.most:
            self._refuse(self._too_large())

    def _allowance(self) -> Allowance | None:
        if token := bearer_token(self.headers.get("AUTHORIZATION", "")):
            return allowance_of_token(token) if self.path.startswith(API_PATH) else None
        ticket = Ticket.read(cookie_in(self.headers.get("COOKIE", "")))
        return ticket.allows(time.time()) if ticket else None

    def _too_large(self) -> Refusal:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if self.path.startswith(API_PATH):
            return Refusal(status, "api/413.json", kind="application/problem+json")
        as_json = self.headers.get("ACCEPT") == "application/json"
        return Refusal(status, "413.json" if as_json else "413.html", kind="application/json" if as_json else _HTML)

    def _refuse(self, refusal: Refusal) -> None:
        self.error, self.expect_continue = refusal, False
        self.completed = self.headers_finished = self.refused = self.connection_close = True


class Task(WSGITask):
    """A request in a thread. Headers that only a proxy may set are dropped if they come from anyone else."""

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environment."""
        environ: dict[str, Any] = super().get_environment()
        if not self.channel.server.trusts(self.channel.addr[0]):
            for name in [name for name in environ if name.startswith("HTTP_X_FORWARDED_")]:
                del environ[name]
        return environ


class Connection(HTTPChannel):
    """A connection of one client."""

    parser_class = Request
    task_class = Task
    server: "Listener"
    began_at = 0.0  # when the first byte of the current request arrived
    _began: Request | None = None
    _refused = False
    _lingers_until: float | None = None

    def received(self, data: bytes) -> bool:
        """Take these bytes, and note when a request begins."""
        taken: bool = super().received(data)
        self._refused = self._refused or any(request.refused for request in self.requests)
        if self.request is not self._began:
            self._began, self.began_at = self.request, time.time()
        return taken

    def is_waiting(self) -> bool:
        """Whether the server waits for this client, with nothing left to do or send."""
        return not self.requests and not self.total_outbufs_len

    def is_overdue(self, now: float) -> bool:
        """Whether the client takes longer than allowed for what it does now."""
        if self._lingers_until is not None:
            return now > self._lingers_until
        patience, silent = self.server.patience, now - self.last_activity
        if self.total_outbufs_len:
            return silent > patience.unread
        if self.requests:
            return False
        if self.request is None:
            return silent > patience.unused
        took = now - self.began_at
        if not self.request.headers_finished:
            return took > patience.head
        return silent > patience.silent or took > patience.body + self.request.content_length / SLOWEST_BYTES_A_SECOND

    def readable(self) -> bool:
        """Whether to read from the connection."""
        return self._lingers_until is not None or bool(super().readable())

    def writable(self) -> bool:
        """Whether there is something to send or to close."""
        return self.will_close if self._lingers_until is not None else bool(super().writable())

    def handle_read(self) -> None:
        """Read what has arrived. After a refusal it is discarded."""
        if self._lingers_until is None:
            super().handle_read()
            return
        try:
            self.recv(self.adj.recv_bytes)  # closes the connection at its end
        except OSError:
            self.handle_close()

    def handle_close(self) -> None:
        """Close the connection; after a refusal its client may first read the response."""
        if self._refused and self._lingers_until is None and self.connected:
            self._lingers_until = time.time() + self.server.patience.linger
            self.will_close = self.close_when_flushed = False
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                super().handle_close()
            return
        super().handle_close()


class Listener:
    """What both listeners share: connections of ours, their deadlines, and a bound on how many wait."""

    channel_class = Connection
    accepting: bool
    active_channels: dict[int, Connection]
    proxies: Sequence[Network] = ()
    patience = Patience()

    def trusts(self, address: str) -> bool:
        """Whether the address is that of the proxy in front; a local socket always is."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return True
        return any(ip in network for network in self.proxies)

    def handle_accept(self) -> None:
        """Accept a connection; if there are too many, the one that waits longest is closed."""
        if len(self.active_channels) >= self.patience.connections:
            self._close_one()
        super().handle_accept()  # type: ignore[misc] # waitress has no types

    def maintenance(self, now: float) -> None:
        """Close the connections that take too long."""
        for connection in list(self.active_channels.values()):
            if connection.is_overdue(now):
                connection.will_close = True

    def _close_one(self) -> None:
        """Of the address with the most waiting connections, close the oldest."""
        waiting = [each for each in self.active_channels.values() if each.is_waiting() and not each.will_close]
        if waiting:
            count = Counter(connection.addr[0] for connection in waiting)
            longest = min(waiting, key=lambda connection: (-count[connection.addr[0]], connection.last_activity))
            longest.will_close = True


class TcpListener(Listener, TcpWSGIServer):
    """Listens on a TCP port."""


class SocketListener(Listener, UnixWSGIServer):
    """Listens on a local socket."""
