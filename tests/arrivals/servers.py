"""Real servers that letters arrive at, on this machine: a mail server and an SFTP server."""

import asyncio
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
from imapclient import IMAPClient

from imrsite.local.processes import spawn
from tests.audit.test_tls import write_certificate

USER, PASSWORD = "synthetic", "a synthetic password"
_PATIENCE = 60.0


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def _running(command: list[str], log: Path, is_up: Callable[[], bool]) -> Iterator[None]:
    """A server process; killed at the end."""
    process = spawn(command, log=log, dies_by="KILL", cwd=log.parent)
    give_up_at = time.monotonic() + _PATIENCE
    try:
        while not is_up():
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < give_up_at, log.read_text()[-3000:]
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


# IMAP


@dataclass(frozen=True)
class MailServer:
    """A mail server (pymap), its certificate, and a client of a user who puts messages there."""

    port: int
    certificate: Path
    client: IMAPClient


@contextmanager
def mail_server(folder: Path) -> Iterator[MailServer]:
    """A mail server with STARTTLS."""
    certificate, port = write_certificate(folder / "mail.pem", "127.0.0.1"), free_port()
    command = [
        str(Path(sys.executable).parent / "pymap"), "--host", "127.0.0.1", "--port", str(port),
        "--cert", str(certificate), "--key", str(certificate), "--no-service", "admin", "dict", "--demo-data",
        "--demo-user", USER,
        "--demo-password", PASSWORD,
    ]  # fmt: skip

    def is_up() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    with _running(command, folder / "mail.log", is_up):
        client = IMAPClient("127.0.0.1", port=port, ssl=False)
        client.starttls(ssl.create_default_context(cafile=str(certificate)))
        client.login(USER, PASSWORD)
        try:
            yield MailServer(port, certificate, client)
        finally:
            client.shutdown()


# SFTP


@dataclass
class SftpServer:
    """An SFTP server (asyncssh) that shows a folder. ``host_key`` is its key as ``ssh-keyscan`` prints it."""

    port: int
    folder: Path
    host_key: str
    user_key: str


class _Accounts(asyncssh.SSHServer):
    """One user, by password or key."""

    def __init__(self, user_key: asyncssh.SSHKey, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._key, self._connections = user_key.convert_to_public(), connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._key


@contextmanager
def sftp_server(folder: Path, port: int = 0) -> Iterator[SftpServer]:
    """An SFTP server in a thread of its own, with new keys."""
    folder.mkdir(exist_ok=True)
    host_key, user_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    connections: list[asyncssh.SSHServerConnection] = []
    loop = asyncio.new_event_loop()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", port, server_host_keys=[host_key], server_factory=lambda: _Accounts(user_key, connections),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(folder)),
        )  # fmt: skip

    async def end(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        for connection in connections:
            connection.abort()
            await connection.wait_closed()
        await acceptor.wait_closed()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(_PATIENCE)
    try:
        public = host_key.export_public_key().decode().strip()
        yield SftpServer(acceptor.get_port(), folder, public, user_key.export_private_key().decode())
    finally:
        asyncio.run_coroutine_threadsafe(end(acceptor), loop).result(_PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
