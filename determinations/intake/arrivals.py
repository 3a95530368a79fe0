"""From incoming files to arrivals: the letters in them, hashed, or the reasons why a file is refused."""

import hashlib
import time
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.core.files import File

from determinations.extraction.archives import ArchiveLimits
from determinations.extraction.clutter import is_clutter
from determinations.extraction.contents import Content, ContentLimits, ContentReader
from determinations.extraction.kinds import DOCUMENT_KINDS, LETTER_KINDS, Kind
from determinations.intake.store import letter_limits
from determinations.storage.sealed import MAGIC

#: Files are stored and written to the database in windows of this size, so that memory does not grow with a batch.
_WINDOW_FILES = 100
_WINDOW_BYTES = 64 * 1024 * 1024
_WINDOW_SECONDS = 5.0


@dataclass(slots=True)
class Arrival:
    """An incoming file: either its bytes with their hash, or the reason it is refused.

    ``opens``: it holds other files, which a worker takes out later.
    """

    name: str
    size: int = 0
    kind: Kind = Kind.OTHER
    sha256: str = ""
    file: File | None = None
    reason: str = ""
    message: str = ""
    opens: bool = False

    @property
    def identity(self) -> tuple[str, str]:
        """What tells it from other arrivals of its batch: its name, and its bytes or why it is refused."""
        return self.name, self.reason or self.sha256

    def close(self) -> None:
        """Close the file, if it is open."""
        if self.file is not None:
            self.file.close()
            self.file = None


def windows_of(arrivals: Iterable[Arrival]) -> Iterator[list[Arrival]]:
    """The arrivals in groups that are stored together: bounded in number, in bytes and in time."""
    window: list[Arrival] = []
    size, began_at = 0, time.monotonic()
    for arrival in arrivals:
        window.append(arrival)
        size += arrival.size
        late = time.monotonic() - began_at > _WINDOW_SECONDS
        if len(window) >= _WINDOW_FILES or size >= _WINDOW_BYTES or late:
            yield window
            window, size, began_at = [], 0, time.monotonic()
    if window:
        yield window


def close_all(arrivals: Iterable[Arrival]) -> None:
    """Close their files."""
    for arrival in arrivals:
        arrival.close()


def content_limits() -> ContentLimits:
    """The limits for archives, messages and portfolios, from the settings."""
    return ContentLimits(settings.ARCHIVE_BYTES, ArchiveLimits(member_bytes=letter_limits().bytes))


def opened_files(files: Iterable[File]) -> Iterator[Arrival]:
    """The files, with those in archives, messages and portfolios in their place."""
    with ContentReader(content_limits()) as reader:
        for file in files:
            yield from arrivals_of(file, reader)


def unopened_files(files: Iterable[File]) -> Iterator[Arrival]:
    """The files as they are; ``opens`` marks those that a worker opens. What no worker could open is refused now."""
    with ContentReader(content_limits()) as reader:
        for file in files:
            try:
                holds_others = not is_clutter(clean_name(file.name or "")) and reader.holds_files(content_of(file))
            except OSError:
                holds_others = False
            if holds_others:
                yield _digested(clean_name(file.name or ""), file, Kind.OTHER, opens=True)
            else:
                yield from arrivals_of(file, reader)


def content_of(file: File) -> IO[bytes]:
    """The open file behind Django's wrapper."""
    return file.file or file


def arrivals_of(file: File, reader: ContentReader) -> Iterator[Arrival]:
    """The file itself or, for an archive, message or portfolio, each file in it; nothing for clutter."""
    name = clean_name(file.name or "")
    if is_clutter(name):
        file.close()
        return
    try:
        for content in reader.contents(name, content_of(file)):
            yield _arrival(content, file)
    except OSError as fault:
        yield Arrival(name, reason="unreadable", message=f"The file could not be read: {fault.strerror or 'error'}.")


def _arrival(content: Content, container: File) -> Arrival:
    name = clean_name(content.name)
    if content.file is None:
        return Arrival(name, content.size, content.kind, reason=content.reason, message=content.message)
    if _is_sealed(content.file):
        content.file.close()
        return Arrival(name, content.size, reason="unsupported", message=_SEALED)
    if content.file is container or content.file is container.file:
        return _hashed(name, container, content.kind)
    member = File(content.file, name)
    member.size = content.size
    return _hashed(name, member, content.kind)


def _hashed(name: str, file: File, kind: Kind) -> Arrival:
    limit = letter_limits().bytes
    if kind is Kind.EMPTY:
        arrival = Arrival(name, reason="empty", message="The file is empty.")
    elif kind not in LETTER_KINDS:
        reason = "document" if kind in DOCUMENT_KINDS else "unsupported"
        arrival = Arrival(name, file.size, kind, reason=reason, message=_UNSUPPORTED[kind])
    elif file.size > limit:
        arrival = Arrival(
            name, file.size, kind, reason="too_large", message=f"{file.size:,} bytes; {limit:,} are allowed."
        )
    else:
        return _digested(name, file, kind)
    file.close()
    return arrival


def _digested(name: str, file: File, kind: Kind, *, opens: bool = False) -> Arrival:
    digest = hashlib.sha256()
    size = 0
    for chunk in file.chunks():
        digest.update(chunk)
        size += len(chunk)
    return Arrival(name, size, kind, digest.hexdigest(), file, opens=opens)


def _is_sealed(file: IO[bytes]) -> bool:
    """Whether it is an encrypted file of a letter store: stored as it is, it could not be told from one of ours."""
    file.seek(0)
    head = file.read(len(MAGIC))
    file.seek(0)
    return head == MAGIC


_SEALED = "An encrypted file of a letter store. Upload the original letter."
_UNSUPPORTED = {
    Kind.OFFICE: "An Excel, PowerPoint or other Office document.",
    Kind.OPEN_DOCUMENT: "An OpenDocument spreadsheet or presentation.",
    Kind.IMAGE: "An image that is not a TIFF, PNG or JPEG.",
    Kind.OTHER: "Not a supported PDF, text, image, document, message or archive.",
}


# File names are untrusted input


def clean_name(name: str) -> str:
    """Replace control and bidirectional characters; keep the last 500 characters."""
    shown = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character)[0] == "C" else character for character in name
    )
    return shown.strip()[-500:] or "(no name)"
