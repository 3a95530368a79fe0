"""Synthetic messages and portfolios for tests: e-mail, what Outlook saves, and PDFs that carry files."""

import io
import struct
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from pypdf import PdfReader, PdfWriter

from tests.extraction.files import pdf

#: A compound file's contents: streams, and storages with contents of their own.
Tree = Mapping[str, "bytes | Tree"]

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def mail(
    files: Mapping[str, bytes],
    *,
    text: str = "See the attached letters.",
    subject: str = "Letters",
    forwards: bytes = b"",
) -> bytes:
    """A message with attachments, and perhaps another message that it forwards."""
    message = EmailMessage()
    message["From"], message["To"] = "sender@example.org", "office@example.org"
    message["Subject"], message["Message-ID"] = subject, "<1@example.org>"
    message.set_content(text)
    for name, data in files.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    if forwards:
        message.add_attachment(message_from_bytes(forwards, policy=default))
    return message.as_bytes()


def portfolio(files: Mapping[str, bytes], *, cover: str = "A synthetic note about the attached letters") -> bytes:
    """A PDF that carries files."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(cover))))
    for name, data in files.items():
        writer.add_attachment(name, data)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def winmail(files: Mapping[str, bytes], *, text: str = "See the attached letters.") -> bytes:
    """A message as Exchange sends it to other mail programs."""

    def attribute(number: int, content: bytes) -> bytes:
        return struct.pack("<BLL", 1 + (number != 0x2800C), number, len(content)) + content + b"\0\0"

    written = b"\x78\x9f\x3e\x22\1\0" + attribute(0x2800C, text.encode() + b"\0")
    for name, data in files.items():
        written += attribute(0x69002, bytes(14)) + attribute(0x18010, name.encode() + b"\0")
        written += attribute(0x6800F, data)
    return written


def outlook(
    files: Mapping[str, "bytes | Tree"], *, text: str = "See the attached letters.", subject: str = "Letters"
) -> bytes:
    """A message as Outlook saves it; a file that is a tree is a message that it forwards."""
    return compound_file(outlook_tree(files, text=text, subject=subject, header=32))


def outlook_tree(
    files: Mapping[str, "bytes | Tree"], *, text: str = "Forwarded.", subject: str = "Forwarded", header: int = 24
) -> Tree:
    """The storages and streams of a message."""
    tree: dict[str, bytes | Tree] = {
        "__properties_version1.0": bytes(header) + struct.pack("<HHLLL", 3, 0x3FFD, 6, 1252, 0),
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__substg1.0_1000001F": text.encode("utf-16-le"),
    }
    for number, (name, content) in enumerate(files.items()):
        is_message = not isinstance(content, bytes)
        attachment: dict[str, bytes | Tree] = {
            "__properties_version1.0": bytes(8) + struct.pack("<HHLLL", 3, 0x3705, 6, 5 if is_message else 1, 0),
            "__substg1.0_3707001F": name.encode("utf-16-le"),
            f"__substg1.0_3701{'000D' if is_message else '0102'}": content,
        }
        tree[f"__attach_version1.0_#{number:08X}"] = attachment
    return tree


def compound_file(tree: Tree) -> bytes:
    """A compound file ([MS-CFB], version 3) of these storages and streams."""
    return _CompoundFile(tree).data()


class _CompoundFile:
    def __init__(self, tree: Tree) -> None:
        self.sectors: list[bytes] = []
        self.fat: list[int] = []
        self.mini = bytearray()
        self.mini_fat: list[int] = []
        self.entries: list[bytes] = [b""]
        child = self._add(tree)
        start, size = self._store(bytes(self.mini)), len(self.mini)
        self.entries[0] = _entry("Root Entry", 5, start, size, child=child)

    def _add(self, tree: Tree) -> int:
        """Entries of a storage's contents, as a balanced tree of siblings; the number of its root."""
        names = sorted(tree, key=lambda name: (len(name), name.upper()))
        first = len(self.entries)
        self.entries += [b""] * len(names)

        def root(start: int, end: int) -> int:
            return first + (start + end) // 2 if start < end else _NONE

        def place(start: int, end: int) -> None:
            if start >= end:
                return
            at = (start + end) // 2
            siblings = (root(start, at), root(at + 1, end))
            content = tree[names[at]]
            if isinstance(content, bytes):
                begin = self._store_small(content) if len(content) < _CUTOFF else self._store(content)
                self.entries[first + at] = _entry(names[at], 2, begin, len(content), siblings)
            else:
                self.entries[first + at] = _entry(names[at], 1, siblings=siblings, child=self._add(content))
            place(start, at)
            place(at + 1, end)

        place(0, len(names))
        return root(0, len(names))

    def _store(self, data: bytes) -> int:
        first = len(self.sectors)
        pieces = [data[at : at + _SECTOR].ljust(_SECTOR, b"\0") for at in range(0, len(data), _SECTOR)]
        self.sectors += pieces
        self.fat += [*range(first + 1, first + len(pieces)), _END] if pieces else []
        return first if pieces else _END

    def _store_small(self, data: bytes) -> int:
        first = len(self.mini_fat)
        count = -(-len(data) // _MINI)
        self.mini += data.ljust(count * _MINI, b"\0")
        self.mini_fat += [*range(first + 1, first + count), _END] if count else []
        return first if count else _END

    def data(self) -> bytes:
        """The complete file."""
        mini_fat = self._store(_numbers(self.mini_fat))
        mini_sectors = len(_numbers(self.mini_fat)) // _SECTOR
        while len(self.entries) % 4:
            self.entries.append(_entry("", 0))
        directory = self._store(b"".join(self.entries))
        per_sector = _SECTOR // 4
        count = next(n for n in range(1, 110) if (len(self.fat) + n) <= n * per_sector)
        fat = len(self.sectors)
        self.fat += [_FAT] * count
        self.sectors += [_numbers(self.fat)[at : at + _SECTOR] for at in range(0, count * _SECTOR, _SECTOR)]
        header = struct.pack(
            "<8s16sHHHHH6sLLLLLLLLLL",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6), 0, count, directory, 0,
            _CUTOFF, mini_fat, mini_sectors, _END, 0, fat,
        )  # fmt: skip
        others = [fat + at if at < count else _FREE for at in range(1, 109)]
        return header + struct.pack("<108L", *others) + b"".join(self.sectors)


def _numbers(fat: list[int]) -> bytes:
    per_sector = _SECTOR // 4
    whole = fat + [_FREE] * (-len(fat) % per_sector)
    return struct.pack(f"<{len(whole)}L", *whole)


def _entry(
    name: str, kind: int, start: int = 0, size: int = 0, siblings: tuple[int, int] = (_NONE, _NONE), child: int = _NONE
) -> bytes:
    wide = name.encode("utf-16-le")
    length = len(wide) + 2 if name else 0
    return struct.pack("<64sHBBLLL16sLQQLQ", wide, length, kind, 1, *siblings, child, bytes(16), 0, 0, 0, start, size)
