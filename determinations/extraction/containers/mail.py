"""The files in an e-mail message (RFC 5322), and in the messages that it forwards."""

import base64
import binascii
import contextlib
import mimetypes
import re
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser

from determinations.extraction.containers.names import is_small_picture, may_be_letter, one_name
from determinations.extraction.containers.results import LIMITS, MOST_LEVELS, TEXT_NAME, Collection
from determinations.extraction.formatted import html_to_text

#: Parts that are not attachments: signatures, delivery notices, references.
_NOT_FILES = frozenset(
    {
        "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
        "message/delivery-status", "message/disposition-notification", "message/external-body", "text/rfc822-headers",
    }
)  # fmt: skip
#: The line before each message of a mailbox file.
_MAILBOX = re.compile(rb"^From \S+ .*\d\d:\d\d.*\r?\n", re.MULTILINE)
_SAMPLE = b"""\
Subject: =?utf-8?q?s?= =?utf-8?b?cw==?=
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

s
--b
Content-Type: application/pdf; name*=utf-8''s
Content-Transfer-Encoding: base64

cw==
--b--
"""
_TEXTS = ("text/plain", "text/html")


def collect_from_mail(data: bytes, collection: Collection) -> None:
    """Take the attachments of a message, or of each in a mailbox, and its own text if that may be the letter.

    Raises ``Full``.
    """
    messages = _MAILBOX.split(data)[1:] if data.startswith(b"From ") else [data]
    for number, content in enumerate(messages, start=1):
        message = BytesParser().parsebytes(content)
        _collect(message, (_name_of(message, number),) if len(messages) > 1 else (), collection)


def warm_up() -> None:
    """Load what is loaded on first use: no file can be opened and no encoding found afterwards."""
    mimetypes.init()
    collect_from_mail(_SAMPLE, Collection(LIMITS))


def _collect(message: Message, path: tuple[str, ...], collection: Collection) -> None:
    before = len(collection.files)
    texts: dict[str, list[str]] = {kind: [] for kind in _TEXTS}
    for number, part in enumerate(_parts(message), start=1):
        if (forwarded := _forwarded(part)) is not None:
            _collect_forwarded(forwarded, (*path, _name_of(forwarded, number)), collection)
            continue
        kind = part.get_content_type()
        name = _decoded(part.get_filename() or "")
        attached = part.get_content_disposition() == "attachment"
        if kind in _NOT_FILES:
            continue
        if kind in _TEXTS and not name and not attached:
            texts[kind].append(_text_of(part))
            continue
        content = _content(part)
        shown = part["Content-ID"] is not None or part.get_content_disposition() == "inline"
        if shown and is_small_picture(content):
            continue
        ending = mimetypes.guess_extension(kind) or ""
        collection.add((*path, one_name(name, f"attachment {number}{ending}")), content)
    text = "\n\n".join(texts["text/plain"]) or "\n\n".join(map(html_to_text, texts["text/html"]))
    if may_be_letter(text, has_files=len(collection.files) > before):
        collection.add((*path, TEXT_NAME), text.encode(errors="replace"))


def _collect_forwarded(message: Message, path: tuple[str, ...], collection: Collection) -> None:
    if len(path) >= MOST_LEVELS:
        collection.refuse(path, "archive_in_archive", f"Messages are opened {MOST_LEVELS} deep.")
        return
    _collect(message, path, collection)


def _parts(message: Message) -> Iterator[Message]:
    """The parts with content, without descending into forwarded messages."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part)
    else:
        yield message


def _forwarded(part: Message) -> Message | None:
    if part.get_content_type() != "message/rfc822":
        return None
    payload = part.get_payload()
    if not isinstance(payload, list) or not isinstance(payload[0], Message):
        return None
    inside = payload[0]
    if part.get("Content-Transfer-Encoding", "").strip().lower() == "base64":  # not allowed, but some programs do it
        with contextlib.suppress(binascii.Error, ValueError):
            return BytesParser().parsebytes(base64.b64decode(str(inside.get_payload())))
    return inside


def _name_of(message: Message, number: int) -> str:
    return one_name(_decoded(str(message.get("Subject", ""))), f"message {number}")[:120] + ".eml"


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text_of(part: Message) -> str:
    charset = part.get_content_charset() or "utf-8"
    content = _content(part)
    try:
        return content.decode(charset)
    except (LookupError, UnicodeDecodeError, OSError):
        return content.decode("cp1252", errors="replace")


def _decoded(header: str) -> str:
    """A name or subject with its encoded words decoded."""
    try:
        pieces: Sequence[tuple[bytes | str, str | None]] = decode_header(header)
    except (HeaderParseError, binascii.Error, ValueError):
        return header
    return "".join(_piece(piece, charset) for piece, charset in pieces)


def _piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    try:
        return piece.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError, OSError):
        return piece.decode("cp1252", errors="replace")
