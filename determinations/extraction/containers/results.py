"""What opening a container gives: the files that it carries, each with its place in it, or why one is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from determinations.extraction.results import Limits

#: How much one message or portfolio may ask for. Mail servers refuse messages of more than 25 to 50 MB.
LIMITS = Limits(bytes=64 * 1024 * 1024, seconds=20.0, memory_bytes=768 * 1024 * 1024)
#: Files in one message or portfolio.
MOST_FILES = 1_000
#: Containers inside one another: an archive in a message in an archive, or a message forwarded twice.
MOST_LEVELS = 3
#: Name of a message's own text, where the letter may stand.
TEXT_NAME = "message text.txt"


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that a container carries. ``path`` names it, after the messages inside the container that it came in.

    A file that is not to be had is without ``data`` and has a ``reason``, a code of ``states.REFUSALS``.
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
    """No more files are taken from this container; the last one collected says so."""


class Collection:
    """The files taken out of one container so far, within its limits."""

    def __init__(self, limits: Limits) -> None:
        self.files: list[Enclosed] = []
        self._left = limits.bytes

    def add(self, path: Sequence[str], data: bytes) -> None:
        """Take a file. Raises ``Full``."""
        self._left -= len(data)
        if self._left < 0:
            self._refuse_rest("archive_too_large", "The files it carries are larger than allowed, from here on.")
        self._append(Enclosed(tuple(path), data))

    def refuse(self, path: Sequence[str], reason: str, message: str) -> None:
        """Note a file that is not to be had. Raises ``Full``."""
        self._append(Enclosed(tuple(path), reason=reason, message=message))

    def _append(self, file: Enclosed) -> None:
        if len(self.files) >= MOST_FILES:
            self._refuse_rest("archive_too_many", f"It carries more than {MOST_FILES:,} files; the rest is left out.")
        self.files.append(file)

    def _refuse_rest(self, reason: str, message: str) -> None:
        self.files.append(Enclosed(("(the rest)",), reason=reason, message=message))
        raise Full
