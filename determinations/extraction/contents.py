"""Lists the files to read in an uploaded file: the file itself, or those in an archive, a message or a portfolio.

Nested containers are opened too, a few levels deep and within one budget for the whole file, so that no small file
expands beyond the limit of an archive.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import TracebackType
from typing import IO, Self, cast

from determinations.extraction.archives import (
    LIMITS,
    ArchiveLimits,
    ArchiveRefused,
    Member,
    kind_of_zip,
    may_be_archive,
    members,
)
from determinations.extraction.clutter import is_clutter
from determinations.extraction.containers.portfolio import may_carry_files
from determinations.extraction.containers.reader import ContainerReader, Form
from determinations.extraction.containers.results import MOST_LEVELS, ContainerRefused, Opened
from determinations.extraction.kinds import HEAD, Kind, kind_of
from determinations.extraction.process import ReaderBroken

_CONTAINERS = (".zip", ".eml", ".msg", ".mht", ".mbox", ".pdf", "winmail.dat")
_SPOOLED = 1024 * 1024
#: Placeholder for files in a PDF that cannot be extracted.
_ATTACHED = "(attached files)"
_FORMS: dict[Kind, Form] = {Kind.MAIL: "mail", Kind.WINMAIL: "tnef", Kind.OLD_OFFICE: "outlook", Kind.PDF: "pdf"}


@dataclass(frozen=True, slots=True)
class ContentLimits:
    """Limits for the contents of one file."""

    archive_bytes: int = 500 * 1024 * 1024
    archive: ArchiveLimits = LIMITS


@dataclass(frozen=True, slots=True)
class Content:
    """A file to read, or the reason why it cannot be read (a code of ``states.REFUSALS``).

    ``name`` leads to it from the file that was given: ``letters.zip/message.eml/letter.pdf``. The caller closes
    ``file``.
    """

    name: str
    size: int
    kind: Kind = Kind.OTHER
    file: IO[bytes] | None = None
    reason: str = ""
    message: str = ""


class ContentReader:
    """Opens files one by one, with one confined child for messages and portfolios. Also a context manager."""

    def __init__(self, limits: ContentLimits | None = None) -> None:
        self._limits = limits or ContentLimits()
        self._containers = ContainerReader()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the child, if it is running."""
        self._containers.close()

    def holds_files(self, file: IO[bytes]) -> bool:
        """Whether the file is an archive, a message or a PDF with attachments that ``contents`` would open.

        Quick, whatever the file: its start, the end of a ZIP, the bytes of a PDF. False for what is refused unopened.
        Raises ``OSError``.
        """
        size = _size(file)
        file.seek(0)
        kind = kind_of(file.read(HEAD))
        if kind in (Kind.ZIP, Kind.WORD):
            return size <= self._limits.archive_bytes and may_be_archive(file, self._limits.archive)
        if kind not in _FORMS or size > self._containers.limits.bytes:
            return False
        return kind is not Kind.PDF or may_carry_files(file)

    def contents(self, name: str, file: IO[bytes]) -> Iterator[Content]:
        """The files to read in this one. Raises ``OSError`` if it cannot be read at all."""
        opening, size = _Opening(self._limits, self._containers), _size(file)
        try:
            yield from opening.contents(name, file, 0)
        except _Spent as spent:
            yield Content(name, size, reason=spent.reason, message=str(spent))


class _Spent(Exception):
    """The file holds more than allowed; the files found before are kept."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class _Opening:
    """One file with its remaining budget."""

    def __init__(self, limits: ContentLimits, containers: ContainerReader) -> None:
        self._limits, self._containers = limits, containers
        self._files_left, self._bytes_left = limits.archive.members, limits.archive.total_bytes

    def contents(self, name: str, file: IO[bytes], level: int) -> Iterator[Content]:
        """The file itself, or what it holds; ``level`` counts the containers around it."""
        size = _size(file)
        if level:
            self._spend(file, size)
        file.seek(0)
        kind = kind_of(file.read(HEAD))
        try:
            if kind in (Kind.ZIP, Kind.WORD):
                kind = kind_of_zip(file, self._limits.archive)
            if kind is Kind.ZIP:
                yield from self._from_archive(name, file, size, level)
            elif kind in _FORMS and (kind is not Kind.PDF or may_carry_files(file)):
                yield from self._from_container(name, file, size, kind, level)
            else:
                yield Content(name, size, kind, file)
        except (ArchiveRefused, ContainerRefused) as refusal:
            file.close()
            yield Content(name, size, kind, reason=refusal.reason, message=str(refusal))

    def _spend(self, file: IO[bytes], size: int) -> None:
        self._files_left -= 1
        self._bytes_left -= size
        if min(self._files_left, self._bytes_left) < 0:
            file.close()
        if self._files_left < 0:
            raise _Spent("archive_too_many", f"It holds more than {self._limits.archive.members:,} files.")
        if self._bytes_left < 0:
            raise _Spent("archive_too_large", "Its unpacked files are larger than allowed.")

    def _from_archive(self, name: str, file: IO[bytes], size: int, level: int) -> Iterator[Content]:
        if level >= MOST_LEVELS:
            raise ArchiveRefused("archive_in_archive", f"Archives and messages are opened {MOST_LEVELS} deep.")
        if size > self._limits.archive_bytes:
            raise ArchiveRefused("archive_too_large", f"{self._limits.archive_bytes:,} bytes are allowed.")
        try:
            for member in members(file, self._limits.archive):
                inside = f"{name}/{clean_path(member.name)}"
                try:
                    unpacked = _unpacked(member)
                except ArchiveRefused as refusal:
                    yield Content(inside, member.info.file_size, reason=refusal.reason, message=str(refusal))
                    continue
                yield from self.contents(inside, unpacked, level + 1)
        finally:
            file.close()

    def _from_container(self, name: str, file: IO[bytes], size: int, kind: Kind, level: int) -> Iterator[Content]:
        """The attachments of a message or PDF, and the PDF itself unless it is only a portfolio's cover."""
        if kind is not Kind.PDF:
            opened = self._opened(file, size, kind)
            file.close()
            if not opened.files:
                raise ContainerRefused("container_empty", "The message holds no file and no text.")
        else:
            try:
                opened = self._opened(file, size, kind)
            except ContainerRefused as refusal:
                yield Content(name, size, kind, file)
                yield Content(f"{name}/{_ATTACHED}", 0, reason=refusal.reason, message=str(refusal))
                return
            if opened.is_cover:
                file.close()
            else:
                yield Content(name, size, kind, file)
        yield from self._enclosed(name, opened, level)

    def _enclosed(self, name: str, opened: Opened, level: int) -> Iterator[Content]:
        if opened.files and level >= MOST_LEVELS:
            raise ContainerRefused("archive_in_archive", f"Archives and messages are opened {MOST_LEVELS} deep.")
        for enclosed in opened.files:
            inside = "/".join((name, *enclosed.path))
            if is_clutter(enclosed.path[-1]):
                continue
            if enclosed.reason:
                yield Content(inside, 0, reason=enclosed.reason, message=enclosed.message)
            else:
                yield from self.contents(inside, _spooled(enclosed.data), level + len(enclosed.path))

    def _opened(self, file: IO[bytes], size: int, kind: Kind) -> Opened:
        most = self._containers.limits.bytes
        if size > most:
            raise ContainerRefused("too_large", f"{size:,} bytes; {most:,} are allowed.")
        file.seek(0)
        try:
            return self._containers.open(_FORMS[kind], file.read())
        except ReaderBroken as fault:
            raise ContainerRefused("reader_broken", "Messages and attachments cannot be opened right now.") from fault


def name_and_container(name: str) -> tuple[str, str]:
    """A file's own name, and the name of its innermost archive, message or portfolio (or an empty string)."""
    parts = name.split("/")
    at = max((n for n, part in enumerate(parts[:-1], start=1) if part.lower().endswith(_CONTAINERS)), default=0)
    return "/".join(parts[at:]), "/".join(parts[:at])


def _size(file: IO[bytes]) -> int:
    return file.seek(0, 2)


def _unpacked(member: Member) -> IO[bytes]:
    """Raises ``ArchiveRefused``."""
    unpacked = _spooled(b"")
    try:
        with member.open() as stream:
            while chunk := stream.read(64 * 1024):
                unpacked.write(chunk)
    except ArchiveRefused:
        unpacked.close()
        raise
    return unpacked


def _spooled(data: bytes) -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - the caller closes it
    file.write(data)
    return cast(IO[bytes], file)


def clean_path(path: str) -> str:
    """An archive path without roots and parent steps, for display only."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return "/".join(part for part in parts if part not in ("/", "..", ".")) or "(no name)"
