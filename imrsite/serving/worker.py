"""A gunicorn worker that serves through waitress: clients that are slow occupy no thread."""

import ipaddress
import logging
import os
import socket
import time
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from imrsite.limits import files_of_one_upload, set_limits_of_web

# Gunicorn loads this class before the application, and the next import loads the settings.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")
set_limits_of_web()

from imrsite.serving.connections import (  # noqa: E402 - after what is set above
    HEAD_BYTES,
    Listener,
    Network,
    Patience,
    SocketListener,
    TcpListener,
)
from imrsite.serving.garbage import collect_young, is_due  # noqa: E402 - after what is set above

#: Seconds between two looks at what else there is to do: the signal to stop, overdue connections.
_LOOK = 0.5
#: A response larger than this, in bytes, waits in its thread until its client has taken some of it.
_MOST_UNSENT = 128 * 1024 * 1024


class BufferedWorker(Worker):
    """Reads requests in one loop, and runs complete ones in ``threads`` threads."""

    patience = Patience()

    def run(self) -> None:
        """Serve until told to stop, then finish what is running."""
        for name in ("waitress", "waitress.queue"):
            logging.getLogger(name).setLevel(logging.ERROR)
        files_of_one_upload(self.patience.connections)  # raises the limit of open files
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(self.cfg.threads)
        channels: dict[int, Any] = {}
        listeners = [self._listener(own.sock, dispatcher, channels) for own in self.sockets]
        while self.alive and self.ppid == os.getppid():
            self._turn(channels)
            if is_due() and _is_idle(dispatcher, listeners):
                collect_young()
        for listener in listeners:
            listener.accepting = False
            wasyncore.dispatcher.close(listener)  # its socket alone: running requests still wake the loop through it
        self._finish(listeners, channels)
        dispatcher.shutdown(timeout=1)

    def _listener(self, own: socket.socket, dispatcher: ThreadedTaskDispatcher, channels: dict[int, Any]) -> Listener:
        adjustments = Adjustments(
            sockets=[own], threads=self.cfg.threads, ident=None, asyncore_use_poll=True, cleanup_interval=1,
            max_request_header_size=HEAD_BYTES, connection_limit=2 * self.patience.connections, recv_bytes=65_536,
            outbuf_high_watermark=_MOST_UNSENT, log_socket_errors=False, clear_untrusted_proxy_headers=False,
            max_request_body_size=1 << 62,
        )  # fmt: skip
        listens = SocketListener if own.family == socket.AF_UNIX else TcpListener
        listener = listens(
            self.wsgi, channels, True, own, dispatcher=dispatcher, adj=adjustments, bind_socket=False,
            sockinfo=(own.family, own.type, own.proto, own.getsockname()),
        )  # fmt: skip
        listener.patience = self.patience
        listener.proxies = _networks(self.cfg.forwarded_allow_ips)
        return listener

    def _turn(self, channels: dict[int, Any]) -> None:
        self.notify()
        wasyncore.loop(timeout=_LOOK, use_poll=True, map=channels, count=1)

    def _finish(self, listeners: list[Listener], channels: dict[int, Any]) -> None:
        """Let running requests end and their responses be sent, for as long as gunicorn allows."""
        until = time.monotonic() + self.cfg.graceful_timeout
        while time.monotonic() < until and any(
            not connection.is_waiting() for listener in listeners for connection in listener.active_channels.values()
        ):
            self._turn(channels)


def _is_idle(dispatcher: ThreadedTaskDispatcher, listeners: list[Listener]) -> bool:
    """Whether no request runs or waits, and every response is sent."""
    return (
        not dispatcher.active_count
        and not dispatcher.queue
        and all(connection.is_waiting() for listener in listeners for connection in listener.active_channels.values())
    )


def _networks(addresses: list[str]) -> list[Network]:
    """The addresses of proxies as networks; ``*`` is any."""
    names = ["0.0.0.0/0", "::/0"] if "*" in addresses else addresses
    return [ipaddress.ip_network(name, strict=False) for name in names]
