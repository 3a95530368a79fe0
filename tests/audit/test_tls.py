"""Events sent on by TLS: to a receiver of RFC 5425 with a certificate of its own, also one that asks for ours."""

import datetime
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone

from determinations.access.audit import record
from determinations.audit import streaming, upkeep
from determinations.models import AuditState
from imrsite.env import AuditStream

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def write_certificate(path: Path, address: str) -> Path:
    """A throwaway certificate with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), NOW - day, NOW + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*plain))
    return path


@dataclass(slots=True)
class Receiver:
    """A syslog server by TLS. Keeps each whole message."""

    context: ssl.SSLContext
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    messages: list[str] = field(default_factory=list)
    closes_early: bool = False

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.listener.getsockname()[1])

    def run(self) -> None:
        """Serve one connection after another until the socket is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(client, server_side=True) as secure:
                    self._read(secure)
            except OSError:  # a client that does not trust us, or that we do not trust
                client.close()

    def _read(self, secure: ssl.SSLSocket) -> None:
        if self.closes_early:
            secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            return
        with secure.makefile("rb") as frames:
            while length := b"".join(iter(lambda: frames.read(1).strip(), b"")):
                self.messages.append(frames.read(int(length)).decode())
        secure.unwrap()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A receiver whose certificate is ``server.pem``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(tmp_path / "server.pem", "127.0.0.1"))
    running = Receiver(context)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    yield running
    running.listener.shutdown(socket.SHUT_RDWR)
    running.listener.close()
    thread.join(timeout=5)


def send(settings: Any, receiver: Receiver, **options: str) -> tuple[int, str]:
    """How many events were sent, and the fault."""
    settings.AUDIT_STREAM = AuditStream("tls", host="127.0.0.1", port=receiver.port, **options)
    sent = streaming.send_new(now=timezone.now)
    return sent, AuditState.objects.get().stream_fault


def test_a_receiver_by_tls_gets_every_event_once_it_is_trusted(
    receiver: Receiver, settings: Any, tmp_path: Path
) -> None:
    for pk in range(3):
        record("case.viewed", by=None, at=NOW, letter_id=pk)
    upkeep.seal_all()
    sent, fault = send(settings, receiver)
    assert (sent, "certificate" in fault, receiver.messages) == (0, True, [])
    ours = str(tmp_path / "server.pem")
    receiver.closes_early = True
    sent, fault = send(settings, receiver, authority=ours)
    assert (sent, "cannot be reached" in fault, receiver.messages) == (0, True, [])
    receiver.closes_early = False
    assert send(settings, receiver, authority=ours) == (3, "")
    assert [re.findall(r'position="(\d+)"', message) for message in receiver.messages] == [["1"], ["2"], ["3"]]
    assert receiver.messages[0].startswith("<110>1 ")


def test_a_receiver_that_wants_our_certificate_loses_no_event_without_it(
    receiver: Receiver, settings: Any, tmp_path: Path
) -> None:
    ours = str(write_certificate(tmp_path / "ours.pem", "127.0.0.2"))
    receiver.context.verify_mode = ssl.CERT_REQUIRED
    receiver.context.load_verify_locations(ours)
    record("person.added", by=None, at=NOW, person="a=b|c\\")
    upkeep.seal_all()
    authority = str(tmp_path / "server.pem")
    sent, fault = send(settings, receiver, authority=authority)
    assert (sent, "cannot be reached" in fault, receiver.messages) == (0, True, [])
    assert send(settings, receiver, authority=authority, certificate=ours, form="cef") == (1, "")
    (message,) = receiver.messages
    assert re.match(
        r"<110>1 \S+ \S+ imrsite - person.added - CEF:0\|imrsite\|imrsite\|1\|person.added\|system ", message
    )
    assert re.search(r"\|3\|rt=\d+ outcome=success externalId=\d+ imrsitePerson=a\\=b\|c\\\\ cn1=1 ", message)
    assert re.search(r"cs1=[0-9a-f]{64} cs1Label=hash$", message)


def test_a_file_of_cef_continues_after_a_crash_where_its_last_line_says(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "audit.cef"
    settings.AUDIT_STREAM = AuditStream("file", path=str(file), form="cef")
    for _ in range(2):
        record("signin.failed", by=None, at=NOW, known_name=False)
        upkeep.seal_all()
        streaming.send_new(now=timezone.now)
        AuditState.objects.update(streamed_to=0)
    lines = file.read_text().splitlines()
    assert [line[:60] for line in lines] == ["CEF:0|imrsite|imrsite|1|signin.failed|system failed to sign "] * 2
    assert [line.partition(" cn1=")[2][0] for line in lines] == ["1", "2"]
