"""Detects the kind of a file from its content; file names and browsers' media types are not trusted."""

import codecs
import re
from enum import StrEnum

#: How many bytes at the start of a file determine its kind.
HEAD = 4096


class Kind(StrEnum):
    """The kinds of files; ``value`` is the media type."""

    PDF = "application/pdf"
    TEXT = "text/plain"
    ZIP = "application/zip"
    WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    OFFICE = "application/vnd.openxmlformats-officedocument"
    OLD_OFFICE = "application/x-ole-storage"
    OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
    OPEN_TEXT = "application/vnd.oasis.opendocument.text"
    RTF = "application/rtf"
    HTML = "text/html"
    MAIL = "message/rfc822"
    WINMAIL = "application/ms-tnef"
    TIFF = "image/tiff"
    PNG = "image/png"
    JPEG = "image/jpeg"
    IMAGE = "image/*"
    EMPTY = "application/x-empty"
    OTHER = "application/octet-stream"


#: Documents whose text is read without formatting.
FORMATTED_KINDS = frozenset({Kind.WORD, Kind.OPEN_TEXT, Kind.RTF, Kind.HTML})
#: Pictures of pages, as scanners and fax servers store them.
PICTURE_KINDS = frozenset({Kind.TIFF, Kind.PNG, Kind.JPEG})
#: Kinds that letters come in; archives and messages hold these.
LETTER_KINDS = frozenset({Kind.PDF, Kind.TEXT}) | FORMATTED_KINDS | PICTURE_KINDS
#: Unsupported documents that may contain letters; users can export them.
DOCUMENT_KINDS = frozenset({Kind.OFFICE, Kind.OLD_OFFICE, Kind.OPEN_DOCUMENT})
DOCUMENT_NAMES = (".doc", ".docx", ".docm", ".dotx", ".odt", ".rtf", ".pages", ".wpd")

_IMAGES = (
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"GIF8", Kind.IMAGE),
)
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
#: What an OpenDocument declares at its start.
_OPEN_DOCUMENT = re.compile(rb"mimetypeapplication/vnd\.oasis\.opendocument\.?([a-z-]*)")
_OPEN_TEXTS = (b"text", b"text-template")
#: Control characters absent from text files; tab, line ends, form feed, ^Z (end of a DOS file) and escape may occur.
#: Comments are skipped without backtracking (atomic groups): a file with many could otherwise take hours.
_HTML = re.compile(
    rb"\s*+(?><\?xml[^>]*+>\s*+)?(?><!--.*?-->\s*+)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
#: Lines that only a mail program writes at the top of a message: a letter's own "From:" and "Date:" do not count.
_MAIL_HEADER = re.compile(
    rb"^(Message-ID|MIME-Version|Received|Return-Path|Delivered-To|Content-Type)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_MAIL_LINE = re.compile(rb"(From \S.*|[!-9;-~]+[ \t]*:.*|[ \t].*)")
#: All bytes but control characters that text does not have.
_OF_TEXT = bytes(byte for byte in range(256) if (byte >= 32 and byte != 0x7F) or byte in b"\t\n\r\f\v\b\x1a\x1b")


def kind_of(head: bytes) -> Kind:
    """The kind of a file that starts with ``head`` (its first ``HEAD`` bytes, or all of a shorter file)."""
    if not head:
        return Kind.EMPTY
    if head.startswith(_ARCHIVES):
        if declared := _OPEN_DOCUMENT.search(head[:200]):
            return Kind.OPEN_TEXT if declared[1] in _OPEN_TEXTS else Kind.OPEN_DOCUMENT
        office = b"[Content_Types].xml" in head or b"word/" in head
        return Kind.WORD if office else Kind.ZIP
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return Kind.OLD_OFFICE
    if head.startswith(b"\x78\x9f\x3e\x22"):
        return Kind.WINMAIL
    if _is_mail(head):
        return Kind.MAIL
    if b"%PDF-" in head[:1024]:  # may follow other bytes; archives and messages can also contain it
        return Kind.PDF
    if head.startswith(b"{\\rtf"):
        return Kind.RTF
    for mark, picture in _IMAGES:
        if head.startswith(mark):
            return picture
    if (encoding := text_encoding(head)) is None:
        return Kind.OTHER
    is_html = _HTML.match(head.decode(encoding, errors="replace").removeprefix("\ufeff").encode())
    return Kind.HTML if is_html else Kind.TEXT


def _is_mail(head: bytes) -> bool:
    """Whether every line before the first empty one is a message header, and one was written by a mail program."""
    block, end, _ = head.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = block.split(b"\n")
    complete = lines if end or len(head) < HEAD else lines[:-1]  # the last line may be cut
    return bool(_MAIL_HEADER.search(block)) and all(map(_MAIL_LINE.fullmatch, complete))


def text_encoding(head: bytes) -> str | None:
    """The encoding of text that starts with ``head``; None if it is not text.

    Byte order marks decide first, then the positions of zero bytes (UTF-16), then valid UTF-8; all other text is
    Windows-1252, which is common in letters and assigns a meaning to every byte.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return encoding
    if wide := _unmarked_utf16(head):
        return wide
    if head.translate(None, delete=_OF_TEXT):
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _unmarked_utf16(head: bytes) -> str | None:
    """Western text in UTF-16 has a zero in nearly every second byte and none in the others."""
    even, odd = head[0::2], head[1::2]
    if not odd:
        return None
    if odd.count(0) > 0.8 * len(odd) and 0 not in even:
        return "utf-16-le"
    if even.count(0) > 0.8 * len(even) and 0 not in odd:
        return "utf-16-be"
    return None
