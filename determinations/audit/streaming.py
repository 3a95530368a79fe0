"""Sends the events of the trail on, in the order of the chain: to a file that rotates, or to a syslog server.

How far it came is kept in the database, so nothing is lost while the other side is away. A file gets each event once:
after a crash its last line tells where to continue. A syslog server may get the last events twice, told apart by
their position.
"""

import contextlib
import logging
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings

from determinations.audit.formats import as_cef, as_cef_message, as_json, as_syslog
from determinations.models import AuditEvent, AuditLink, AuditState
from imrsite.env import AuditStream

log = logging.getLogger(__name__)

#: Events sent between two notes of how far it came.
BATCH = 500
#: Seconds that one turn may take, and that a server may take to accept a batch.
_SECONDS = 20.0
_PATIENCE = 10.0
_READ_AT_ONCE = 16_384
#: The last lines of a file are within so many bytes.
_TAIL = 256 * 1024
_POSITION = re.compile(r'\bposition"?[:=]"(\d+)"|\bcn1=(\d+) cn1Label=position\b')
_HASH = re.compile(r'\bhash"?[:=]"([0-9a-f]{64})"|\bcs1=([0-9a-f]{64}) cs1Label=hash\b')

_FORMATS: Mapping[str, Callable[[AuditEvent, AuditLink], str]] = {
    "json": as_json,
    "rfc5424": as_syslog,
    "cef": as_cef_message,
}


def send_new(*, now: Callable[[], datetime]) -> int:
    """Send what is chained and was not sent; returns how many events. A fault is kept with the state, not raised."""
    target: AuditStream | None = settings.AUDIT_STREAM
    if target is None:
        return 0
    state, _ = AuditState.objects.get_or_create(pk=1)
    sent, until = 0, time.monotonic() + _SECONDS
    try:
        reached = max(state.streamed_to, _reached_in_file(target))
        while time.monotonic() < until:
            links = list(AuditLink.objects.filter(position__gt=reached).order_by("position")[:BATCH])
            if not links:
                break
            _send(target, _lines(target, links))
            reached, sent = links[-1].position, sent + len(links)
            AuditState.objects.filter(pk=1).update(streamed_to=reached, streamed_at=now(), stream_fault="")
    except OSError as fault:
        words = f"{target} cannot be reached: {fault.strerror or type(fault).__name__}."
        if words != state.stream_fault:
            log.error("The audit trail is not sent on: %s", words)
        AuditState.objects.filter(pk=1).update(stream_fault=words)
        return sent
    if state.stream_fault or reached > state.streamed_to:
        AuditState.objects.filter(pk=1).update(streamed_to=reached, stream_fault="")
    return sent


def _lines(target: AuditStream, links: Sequence[AuditLink]) -> list[str]:
    events = AuditEvent.objects.in_bulk([link.event_id for link in links])
    write = as_cef if target.form == "cef" and target.kind == "file" else _FORMATS[target.form]
    return [write(events[link.event_id], link) for link in links if link.event_id in events]


def _send(target: AuditStream, lines: Sequence[str]) -> None:
    if target.path and target.kind == "file":
        _append(Path(target.path), lines)
    elif target.path:
        _to_socket(target.path, lines)
    else:
        _to_server(target, lines)


def _append(path: Path, lines: Sequence[str]) -> None:
    """Append to the file, which another program may have moved away since. Rotate it first if it is large."""
    _rotate(path)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "wb") as file:
        file.write("".join(f"{line}\n" for line in lines).encode())
        file.flush()
        os.fsync(file.fileno())


def _rotate(path: Path) -> None:
    """Give a large file its last position as a name, and delete the oldest if there is a limit to their number."""
    if not path.exists() or path.stat().st_size < settings.AUDIT_STREAM_BYTES:
        return
    last = _last_event(path)
    path.rename(path.with_name(f"{path.name}.{last[0] if last else 0:012}"))
    if settings.AUDIT_STREAM_FILES:
        for old in sorted(path.parent.glob(f"{path.name}.{'[0-9]' * 12}"))[: -settings.AUDIT_STREAM_FILES]:
            old.unlink()


def _reached_in_file(target: AuditStream) -> int:
    """The position of the file's last whole line, if it is of this chain; cuts off a line that was not finished."""
    if target.kind != "file":
        return 0
    last = _last_event(Path(target.path))
    if last is None:
        return 0
    position, digest = last
    is_ours = AuditLink.objects.filter(position=position, hash=bytes.fromhex(digest)).exists()
    return position if is_ours else 0


def _last_event(path: Path) -> tuple[int, str] | None:
    """Position and hash of the last whole line; what follows it is cut off."""
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return None
    with file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        whole = tail[: tail.rfind(b"\n") + 1]
        if len(whole) < len(tail):
            file.truncate(size - len(tail) + len(whole))
    last = whole.decode(errors="replace").splitlines()[-1:]
    position, digest = (pattern.search(last[0]) for pattern in (_POSITION, _HASH)) if last else (None, None)
    if position is None or digest is None:
        return None
    return int(position[1] or position[2]), digest[1] or digest[2]


def _to_socket(path: str, lines: Sequence[str]) -> None:
    """To the local syslog, one datagram per event."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(_PATIENCE)
        sender.connect(path)
        for line in lines:
            sender.send(line.encode())


def _to_server(target: AuditStream, lines: Sequence[str]) -> None:
    """To a server, each message after its length (RFC 6587, RFC 5425).

    The batch counts as sent once the server has read to its end and closes the connection.
    """
    frames = b"".join(b"%d %s" % (len(message), message) for message in (line.encode() for line in lines))
    with contextlib.ExitStack() as opened:
        sender = opened.enter_context(socket.create_connection((target.host, target.port), timeout=_PATIENCE))
        if target.kind == "tls":
            _by_tls(target, sender, frames)
            return
        sender.sendall(frames)
        sender.shutdown(socket.SHUT_WR)
        while sender.recv(4096):
            pass


def _by_tls(target: AuditStream, sender: socket.socket, frames: bytes) -> None:
    """Send the frames, and wait until the server closes in turn (RFC 5425, 4.4): only then has it read everything.

    A server that refuses our certificate says so as late as after the frames. That alert must be read as data would
    be: read while closing, the library takes it for a proper end.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = _trusted(target).wrap_bio(incoming, outgoing, server_hostname=target.host)

    def until_done(step: Callable[[], bytes | None]) -> bytes | None:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                sender.sendall(outgoing.read())
                if received := sender.recv(_READ_AT_ONCE):
                    incoming.write(received)
                else:
                    incoming.write_eof()
            finally:
                sender.sendall(outgoing.read())

    def read_what_came() -> None:
        with contextlib.suppress(ssl.SSLWantReadError):
            while secure.read(_READ_AT_ONCE):
                pass

    until_done(secure.do_handshake)
    secure.write(frames)
    read_what_came()
    with contextlib.suppress(ssl.SSLWantReadError):
        secure.unwrap()
    with contextlib.suppress(ssl.SSLZeroReturnError):
        while until_done(lambda: secure.read(_READ_AT_ONCE)):
            pass


def _trusted(target: AuditStream) -> ssl.SSLContext:
    """TLS to a server whose certificate is that of its name; with a certificate of ours if there is one."""
    context = ssl.create_default_context(cafile=target.authority or None)
    if target.certificate:
        context.load_cert_chain(target.certificate)
    return context
