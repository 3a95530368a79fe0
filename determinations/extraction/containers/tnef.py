"""The files in a ``winmail.dat``, which Exchange sends in place of attachments to other mail programs.

The format is a list of attributes, as [MS-OXTNEF] describes.
"""

import struct
from collections.abc import Iterator

from determinations.extraction.containers.names import may_be_letter, one_name
from determinations.extraction.containers.results import TEXT_NAME, Collection

#: After the signature and a key come the attributes: level, number, length; then the content and a checksum.
_START, _ATTRIBUTE, _CHECKSUM = 6, struct.Struct("<BLL"), 2
_BODY, _ATTACHMENT_BEGINS, _ATTACHMENT_NAME, _ATTACHMENT_DATA = 0x2800C, 0x69002, 0x18010, 0x6800F


def collect_from_tnef(data: bytes, collection: Collection) -> None:
    """Take the attachments, and the message's own text if that may be the letter.

    Raises ``ValueError`` where the file is damaged, after what precedes it was taken, and ``Full``.
    """
    name, number, text = "", 0, ""
    for attribute, content in _attributes(data):
        if attribute == _ATTACHMENT_BEGINS:
            name, number = "", number + 1
        elif attribute == _ATTACHMENT_NAME:
            name = _text(content)
        elif attribute == _ATTACHMENT_DATA:
            collection.add((one_name(name, f"attachment {number}"),), content)
        elif attribute == _BODY:
            text = _text(content)
    if may_be_letter(text, has_files=number > 0):
        collection.add((TEXT_NAME,), text.encode(errors="replace"))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = _START
    while at < len(data):
        if at + _ATTRIBUTE.size > len(data):
            raise ValueError("The list of attributes is cut short.")
        _level, attribute, length = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        if at + length > len(data):
            raise ValueError("An attribute is cut short.")
        yield attribute, data[at : at + length]
        at += length + _CHECKSUM


def _text(content: bytes) -> str:
    return content.split(b"\0", 1)[0].decode("cp1252", errors="replace")
