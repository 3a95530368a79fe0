"""The result of opening a container: the files that it carries, with their paths, or why one is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from determinations.extraction.results import Limits

#: Limits for one message or portfolio. Mail servers refuse messages of more than 25 to 50 MB.
LIMITS = Limits(bytes=64 * 1024 * 1024, seconds=20.0, memory_bytes=768 * 1024 * 1024)
#: Files in one message or portfolio.
MOST_FILES = 1_000
#: How deep containers are nested: an archive in a message in an archive, or a message forwarded twice.
MOST_LEVELS = 3
#: Name of a message's own text, which may be the letter.
TEXT_NAME = "message text.txt"


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that a container carries. ``path`` names it, after the messages inside the container that it came in.

    A file that cannot be extracted has no ``data`` but a ``reason``, a code of ``states.REFUSALS``.
    """

    path: tuple[str, ...]
    data: bytes = b""
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A container's files. ``is_cover``: its own pages only say that it carries files."""

    files: tuple[Enclosed, ...]
    is_cover: bool = False


class ContainerRefused(Exception):
    """The container as a whole cannot be opened. ``reason`` is a code of ``states.REFUSALS``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Full(Exception):
    """No more files are taken from this container; the last one collected has the reason."""


class Collection:
    """The files taken out of one container so far, within its limits."""

    def __init__(self, limits: Limits) -> None:
        self.files: list[Enclosed] = []
        self._left = limits.bytes

    def add(self, path: Sequence[str], data: bytes) -> None:
        """Take a file. Raises ``Full``."""
        self._left -= len(data)
        if self._left < 0:
            self._refuse_rest("archive_too_large", "The remaining files are larger than allowed in total.")
        self._append(Enclosed(tuple(path), data))

    def refuse(self, path: Sequence[str], reason: str, message: str) -> None:
        """Record a file that cannot be extracted. Raises ``Full``."""
        self._append(Enclosed(tuple(path), reason=reason, message=message))

    def _append(self, file: Enclosed) -> None:
        if len(self.files) >= MOST_FILES:
            self._refuse_rest("archive_too_many", f"It carries more than {MOST_FILES:,} files; the rest is left out.")
        self.files.append(file)

    def _refuse_rest(self, reason: str, message: str) -> None:
        self.files.append(Enclosed(("(the rest)",), reason=reason, message=message))
        raise Full
