"""What a source of any kind offers: a list of files, their bytes, and a way to put them aside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Protocol

_PART = 1024 * 1024


class Reads(Protocol):
    """Something to read from."""

    def read(self, size: int, /) -> bytes | None:
        """Up to so many bytes; none at the end."""
        ...


class SourceFault(Exception):
    """The source cannot be used now. The message is a sentence for administrators, without any secret."""


class ItemFault(Exception):
    """One file cannot be taken now; others can. The message is a sentence for administrators."""


class ItemChanged(Exception):
    """The file was written to, or moved, since it was listed."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file in a source. ``version`` changes whenever its bytes may have; ``size`` is in bytes.

    ``settles``: it may still be written to, so it is taken only when two looks found the same version.
    """

    place: str
    version: str
    name: str
    size: int
    settles: bool

    @property
    def identity(self) -> str:
        """What the rows know it by."""
        return sha256(f"{self.place}\0{self.version}".encode(errors="surrogateescape")).hexdigest()


class Connection(Protocol):
    """An open source."""

    #: Whether files stay where they are after they were taken.
    leaves_files: bool

    def items(self) -> Iterator[Item]:
        """The files to take, in any order, while others are being put aside. Raises :class:`SourceFault`."""
        ...

    def fetch(self, item: Item, target: BinaryIO) -> None:
        """Write the bytes. Raises :class:`ItemChanged`, :class:`ItemFault` or :class:`SourceFault`."""
        ...

    def put_aside(self, item: Item, refusal: str) -> None:
        """Move a file that was taken; ``refusal`` says why it was refused, empty if it was accepted.

        One that is gone, or changed meanwhile, is left alone. Raises :class:`ItemFault` or :class:`SourceFault`.
        """
        ...

    def close(self) -> None:
        """End the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source is: its options, and its secret in the clear."""

    options: dict[str, str]
    secret: str


Opener = Callable[[Place], Connection]


def copy_exactly(source: Reads, target: BinaryIO, size: int) -> None:
    """Copy the whole of a file that has so many bytes. Raises :class:`ItemChanged` if it has more or fewer."""
    left = size
    while part := source.read(min(_PART, left + 1)):
        left -= len(part)
        if left < 0:
            raise ItemChanged
        target.write(part)
    if left:
        raise ItemChanged
