"""The files in a message that Outlook saved (.msg), and in the messages that it forwards.

The format is a compound file whose storages and streams are named by property, as [MS-OXMSG] describes.
"""

import io
import struct
from collections.abc import Iterator

import olefile

from determinations.extraction.containers.names import is_small_picture, may_be_letter, one_name
from determinations.extraction.containers.results import MOST_LEVELS, TEXT_NAME, Collection, ContainerRefused
from determinations.extraction.formatted import html_to_text

_PROPERTIES = "__properties_version1.0"
_ATTACHMENT = "__attach_version1.0_#"
#: Property numbers of [MS-OXPROPS].
_SUBJECT, _BODY, _HTML_BODY = 0x0037, 0x1000, 0x1013
_DATA, _SHORT_NAME, _METHOD, _LONG_NAME, _SHOWN_NAME, _CONTENT_ID = 0x3701, 0x3704, 0x3705, 0x3707, 0x3001, 0x3712
_CODE_PAGE = 0x3FFD
#: Bytes before the entries of a property stream.
_HEADER_OF_MESSAGE, _HEADER_OF_FORWARDED, _HEADER_OF_ATTACHMENT = 32, 24, 8
_ENTRY = struct.Struct("<HHLLL")
#: Ways in which an attachment is stored.
_IN_FILE, _IS_MESSAGE, _IS_OBJECT = 1, 5, 6


def collect_from_outlook(data: bytes, collection: Collection) -> None:
    """Take the message's attachments, and its own text if that may be the letter.

    Raises ``ContainerRefused`` if the compound file is not a message, and ``Full``.
    """
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        if file.exists("EncryptedPackage"):
            raise ContainerRefused("password_needed", "The document is password-protected.")
        if not file.exists(_PROPERTIES):
            raise ContainerRefused("document", "A Word or other Office document in the format used before 2007.")
        _Storage(file, (), _HEADER_OF_MESSAGE, "cp1252").collect((), collection)


class _Storage:
    """One message: the file's own, or one that it forwards."""

    def __init__(self, file: olefile.OleFileIO, place: tuple[str, ...], header: int, code_page: str) -> None:
        self._file, self._place, self._code_page = file, place, code_page
        if number := self._numbers(place, header).get(_CODE_PAGE):
            self._code_page = {65001: "utf-8", 20127: "ascii", 28591: "latin-1"}.get(number, f"cp{number}")

    def collect(self, path: tuple[str, ...], collection: Collection) -> None:
        before = len(collection.files)
        for number, place in enumerate(self._attachments(), start=1):
            self._collect_attachment(place, number, path, collection)
        text = self._text(self._place, _BODY) or html_to_text(self._html())
        if may_be_letter(text, has_files=len(collection.files) > before):
            collection.add((*path, TEXT_NAME), text.encode(errors="replace"))

    def _collect_attachment(
        self, place: tuple[str, ...], number: int, path: tuple[str, ...], collection: Collection
    ) -> None:
        method = self._numbers(place, _HEADER_OF_ATTACHMENT).get(_METHOD, _IN_FILE)
        names = (self._text(place, tag) for tag in (_LONG_NAME, _SHORT_NAME, _SHOWN_NAME))
        name = one_name(next(filter(None, names), ""), f"attachment {number}")
        inside = (*place, f"__substg1.0_{_DATA:04X}000D")
        if method == _IS_MESSAGE or self._file.exists([*inside, _PROPERTIES]):
            self._collect_forwarded(inside, path, number, collection)
        elif method in (_IN_FILE, _IS_OBJECT) and (data := self._stream(place, _DATA, 0x0102)) is not None:
            if not (self._text(place, _CONTENT_ID) and is_small_picture(data)):
                collection.add((*path, name), data)
        else:
            collection.refuse(
                (*path, name),
                "not_enclosed",
                "The message only links to this file, or embeds it from another program.",
            )

    def _collect_forwarded(
        self, place: tuple[str, ...], path: tuple[str, ...], number: int, collection: Collection
    ) -> None:
        message = _Storage(self._file, place, _HEADER_OF_FORWARDED, self._code_page)
        name = one_name(message._text(place, _SUBJECT), f"message {number}")[:120] + ".msg"
        if len(path) + 1 >= MOST_LEVELS:
            collection.refuse((*path, name), "archive_in_archive", f"Messages are opened {MOST_LEVELS} deep.")
            return
        message.collect((*path, name), collection)

    def _attachments(self) -> Iterator[tuple[str, ...]]:
        depth = len(self._place)
        places = {
            tuple(path[: depth + 1])
            for path in self._file.listdir(streams=True, storages=True)
            if tuple(path[:depth]) == self._place and len(path) > depth and path[depth].startswith(_ATTACHMENT)
        }
        yield from sorted(places)

    def _numbers(self, place: tuple[str, ...], header: int) -> dict[int, int]:
        """The whole numbers among the properties of a message or attachment."""
        stream = [*place, _PROPERTIES]
        if not self._file.exists(stream):
            return {}
        data = self._file.openstream(stream).read()[header:]
        whole = data[: len(data) // _ENTRY.size * _ENTRY.size]
        return {number: value for kind, number, _, value, _ in _ENTRY.iter_unpack(whole) if kind == 3}

    def _stream(self, place: tuple[str, ...], number: int, kind: int) -> bytes | None:
        stream = [*place, f"__substg1.0_{number:04X}{kind:04X}"]
        if not self._file.exists(stream) or self._file.get_type(stream) != olefile.STGTY_STREAM:
            return None
        data: bytes = self._file.openstream(stream).read()
        return data

    def _text(self, place: tuple[str, ...], number: int) -> str:
        if (wide := self._stream(place, number, 0x001F)) is not None:
            return wide.decode("utf-16-le", errors="replace").rstrip("\0")
        narrow = self._stream(place, number, 0x001E) or b""
        try:
            return narrow.decode(self._code_page).rstrip("\0")
        except (LookupError, UnicodeDecodeError):
            return narrow.decode("cp1252", errors="replace").rstrip("\0")

    def _html(self) -> bytes:
        return self._stream(self._place, _HTML_BODY, 0x0102) or self._text(self._place, _HTML_BODY).encode()
