"""Reads the files inside a ZIP one by one; each can be opened, or is refused with a reason.

Nothing is unpacked by name, so no path in an archive can reach a folder. The sizes declared
in an archive are not trusted: bytes are counted as they are read.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from determinations.extraction.clutter import is_clutter
from determinations.extraction.kinds import Kind

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: A directory of this size lists some 40,000 files; reading it takes under 100 MB.
_LARGEST_DIRECTORY = 4 * 1024 * 1024
#: Word documents list some dozens of files; this is a thousand.
_LONGEST_OF_DOCUMENT = 64 * 1024
_END, _END_SIZE = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\x06\x07", 20
_END64, _END64_SIZE = b"PK\x06\x06", 56
_PLAIN_COMPRESSION = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Limits for one archive."""

    members: int = 5_000
    member_bytes: int = 50 * 1024 * 1024
    total_bytes: int = 2 * 1024 * 1024 * 1024
    #: A letter compresses to a third of its size, plain text to a tenth, a ZIP bomb to a thousandth.
    ratio: int = 200


LIMITS = ArchiveLimits()


class ArchiveRefused(Exception):
    """The archive, or the rest of it, is not read. ``reason`` is a code of ``states.REFUSALS``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive; reading from ``open`` raises ``ArchiveRefused`` if it cannot be read."""

    name: str
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    most: int
    ratio: int

    def open(self) -> AbstractContextManager[IO[bytes]]:
        """The member's bytes as a stream."""
        return _opened(self)


def members(file: IO[bytes], limits: ArchiveLimits = LIMITS) -> Iterator[Member]:
    """The files of a ZIP in their order, without folders and clutter. Raises ``ArchiveRefused``."""
    with closing(_archive(file, limits)) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and not is_clutter(info.filename)]
        if not infos:
            raise ArchiveRefused("archive_empty", "The archive holds no files.")
        if len(infos) > limits.members:
            raise ArchiveRefused(
                "archive_too_many", f"The archive holds {len(infos):,} files; {limits.members:,} are allowed."
            )
        if sum(info.file_size for info in infos) > limits.total_bytes:
            raise ArchiveRefused("archive_too_large", "The unpacked archive is larger than allowed.")
        for info in infos:
            yield Member(info.filename, archive, info, limits.member_bytes, limits.ratio)


def kind_of_zip(file: IO[bytes], limits: ArchiveLimits = LIMITS) -> Kind:
    """What a ZIP is: an archive, a Word document, or another Office document. Raises ``ArchiveRefused``."""
    with closing(_archive(file, limits)) as archive:
        names = set(archive.namelist())
    if "[Content_Types].xml" not in names:
        return Kind.ZIP
    return Kind.WORD if "word/document.xml" in names else Kind.OFFICE


def may_be_archive(file: IO[bytes], limits: ArchiveLimits = LIMITS) -> bool:
    """Whether a ZIP holds files to read, from a quick look: a directory longer than any document's is not read."""
    if _directory_bytes(file) > _LONGEST_OF_DOCUMENT:
        return True
    try:
        return kind_of_zip(file, limits) is Kind.ZIP
    except ArchiveRefused:
        return False


def _archive(file: IO[bytes], limits: ArchiveLimits) -> zipfile.ZipFile:
    if _directory_bytes(file) > _LARGEST_DIRECTORY:
        raise ArchiveRefused("archive_too_many", f"The archive holds more than {limits.members:,} files.")
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as fault:
        raise ArchiveRefused("archive_damaged", "The archive cannot be opened: it is damaged or cut short.") from fault


@contextmanager
def _opened(member: Member) -> Iterator[IO[bytes]]:
    info = member.info
    if info.flag_bits & 0x1:
        raise ArchiveRefused("password_needed", "The file in the archive is password-protected.")
    if info.compress_type not in _PLAIN_COMPRESSION:  # bzip2 and LZMA can expand to far more than their size
        raise ArchiveRefused("archive_method", "The archive has an unsupported compression method.")
    most = member.most
    if info.file_size > most:
        raise ArchiveRefused("too_large", f"The file has {info.file_size:,} bytes; {most:,} are allowed.")
    if info.file_size > 1024 * 1024 and info.file_size > member.ratio * max(info.compress_size, 1):
        raise ArchiveRefused("archive_bomb", "The unpacked file is far larger than a letter.")
    try:
        with member.archive.open(info) as stream:
            yield io.BufferedReader(_Counted(stream, most))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as fault:
        raise ArchiveRefused("archive_damaged", "The file in the archive is damaged.") from fault


class _Counted(io.RawIOBase):
    """Stops reading when the data exceeds the declared size or the limit."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._left, self._most = stream, most, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        data = self._stream.read(min(len(view), 65536))
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveRefused("too_large", f"The file has more than {self._most:,} bytes.")
        view[: len(data)] = data
        return len(data)


def _directory_bytes(file: IO[bytes]) -> int:
    """The declared size of the archive's directory, known before an object is created for each entry."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - 65_536 - _END_SIZE - _LOCATOR_SIZE - _END64_SIZE)
    file.seek(start)
    tail = file.read()
    file.seek(0)
    end = tail.rfind(_END)
    if end < 0 or len(tail) - end < _END_SIZE:
        return 0  # not an archive: opening it raises the error
    found: int = struct.unpack_from("<L", tail, end + 12)[0]
    locator, end64 = end - _LOCATOR_SIZE, end - _LOCATOR_SIZE - _END64_SIZE
    if end64 >= 0 and tail.startswith(_LOCATOR, locator) and tail.startswith(_END64, end64):
        found = max(found if found != 0xFFFFFFFF else 0, struct.unpack_from("<Q", tail, end64 + 40)[0])
    return found
