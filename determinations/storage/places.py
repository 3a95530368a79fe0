"""What a place for stored files can do. A file appears there complete or not at all, under a name with slashes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

#: The file that says to which database the letters of a place belong.
MARKER = "store-id"


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored file: ``size`` in bytes as stored; ``changed_ns``: when its content was stored, since 1970.

    ``written_ns``: when these bytes were written: later, if the key of the file was changed.
    """

    name: str
    size: int
    changed_ns: int
    written_ns: int


#: What the marker of a place starts with from which all files were moved (the new place follows), and of one to which
#: they are being moved (the ID of their database follows).
MOVED, MOVING = "moved ", "moving "


class StoreFault(OSError):
    """A place that is reached over a network does not answer or refuses; ``strerror`` says what, without names."""


class StoreReplaced(StoreFault):
    """The file was replaced by another version while it was read."""


class Place(Protocol):
    """Where the files of one purpose are. Every method raises ``OSError`` if the place cannot be used."""

    @property
    def kind(self) -> str:
        """``folder`` or ``bucket``."""

    def open(self, name: str) -> BufferedReader:
        """The bytes as stored, readable from any position. Raises ``FileNotFoundError``."""

    def head(self, name: str, size: int) -> bytes:
        """The first bytes as stored. Raises ``FileNotFoundError``."""

    def has(self, name: str) -> bool:
        """Whether the file is there."""

    def entry(self, name: str) -> Entry:
        """Size and time of a file. Raises ``FileNotFoundError``."""

    def entries(self, below: str = "") -> Iterator[Entry]:
        """All files, or those below a folder; without the marker, and without files that are not complete."""

    def changed_since(self, moment: float) -> Iterator[Entry]:
        """At least the files that were stored since then, by the place's own clock."""

    def clock(self) -> float:
        """The time by the place's own clock, in seconds since 1970."""

    def unfinished(self) -> Path:
        """A new path on a local disk for a file that is being written."""

    @property
    def unfinished_folder(self) -> Path:
        """The local folder of unfinished files; it may not exist yet."""

    @property
    def local_folder(self) -> Path:
        """A local folder on whose disk files are written; it may not exist yet."""

    def put(self, files: Mapping[str, Path]) -> None:
        """Move complete local files to their names; when this returns, they survive a power failure."""

    def delete(self, name: str) -> None:
        """Delete the file, if it is there."""

    def delete_below(self, name: str) -> None:
        """Delete all files below a folder, and the folder."""

    def is_empty(self) -> bool:
        """Whether nothing at all is there."""

    def marker(self) -> str:
        """The content of the marker; empty if there is none."""

    def write_marker(self, content: str) -> None:
        """Write the marker unless there is one: the first of two processes wins."""
