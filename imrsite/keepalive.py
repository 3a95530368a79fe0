"""Connections whose other side has vanished are noticed within a quarter of a minute, on both sides.

A host that loses power or its network closes no connection. Without this, a worker waits for an answer for hours, and
PostgreSQL keeps the advisory locks of a worker that no longer exists.
"""

import socket
from urllib.parse import urlsplit

#: Seconds of silence until the first probe, seconds between probes, and probes that may go unanswered.
IDLE, BETWEEN, UNANSWERED = 5, 3, 3
#: Milliseconds that sent data may stay unacknowledged.
_UNACKNOWLEDGED = 15_000
#: What PostgreSQL sets for its own side of our connections; it ignores these on Unix sockets.
_OF_SERVER = {
    "tcp_keepalives_idle": str(IDLE),
    "tcp_keepalives_interval": str(BETWEEN),
    "tcp_keepalives_count": str(UNANSWERED),
    "tcp_user_timeout": str(_UNACKNOWLEDGED),
    # A statement whose client is gone is stopped, and its locks are freed.
    "client_connection_check_interval": "5s",
    # A worker that was suspended in the middle of a transaction holds up nobody for longer.
    "idle_in_transaction_session_timeout": "120s",
}


def for_database(options: dict[str, str]) -> dict[str, str]:
    """libpq's options with keepalives of both sides; what the address itself says wins."""
    server = " ".join(f"-c {name}={value}" for name, value in _OF_SERVER.items())
    return {**for_pooler(options), "options": f"{server} {options.get('options', '')}".strip()}


def for_pooler(options: dict[str, str]) -> dict[str, str]:
    """The same for connections to a pooler, which refuses settings of a session: its own configuration has them."""
    return {
        "keepalives": "1",
        "keepalives_idle": str(IDLE),
        "keepalives_interval": str(BETWEEN),
        "keepalives_count": str(UNANSWERED),
        "tcp_user_timeout": str(_UNACKNOWLEDGED),
        "connect_timeout": "10",
        **options,
    }


def for_redis(url: str) -> dict[str, object]:
    """Options of a Redis client for this address: probes for TCP, and a question before an idle connection is used."""
    health: dict[str, object] = {"health_check_interval": IDLE}
    if urlsplit(url).scheme == "unix":
        return health
    probes = {
        socket.TCP_KEEPIDLE: IDLE, socket.TCP_KEEPINTVL: BETWEEN, socket.TCP_KEEPCNT: UNANSWERED,
        socket.TCP_USER_TIMEOUT: _UNACKNOWLEDGED,
    }  # fmt: skip
    return {**health, "socket_keepalive": True, "socket_keepalive_options": probes}
