"""A watched folder, on a disk of this host or on a network share: listed anew at each look, without notifications.

All is reached by descriptors from the folder itself, so that neither a symbolic link nor a folder that is exchanged
for one leads out of it. Files are taken from subfolders too.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from determinations.arrivals.connections import Item, ItemChanged, ItemFault, Place, SourceFault, copy_exactly
from determinations.arrivals.names import TAKEN_FOLDERS, is_unfinished, shortened, with_number
from determinations.arrivals.roots import open_below_roots, open_folder, why

#: Folders within folders.
_DEEPEST = 20


class Folder:
    """A watched folder that is open."""

    def __init__(self, place: Place) -> None:
        self.leaves_files = place.options.get("after") == "leave"
        self._descriptor = open_below_roots(place.options["path"])

    def close(self) -> None:
        """Close the folder."""
        os.close(self._descriptor)

    def items(self) -> Iterator[Item]:
        """The files of the folder and its subfolders, folder by folder, without what is moved aside or unfinished."""
        try:
            yield from self._items_of(())
        except OSError as fault:
            raise SourceFault(f"The folder cannot be listed: {why(fault)}.") from None

    def _items_of(self, folder: tuple[str, ...]) -> Iterator[Item]:
        with self._opened(folder) as descriptor, os.scandir(descriptor) as entries:
            for entry in entries:
                path = "/".join((*folder, entry.name))
                if is_unfinished(path) or (not folder and entry.name in TAKEN_FOLDERS):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if len(folder) < _DEEPEST:
                        yield from self._items_of((*folder, entry.name))
                elif entry.is_file(follow_symlinks=False):
                    try:
                        status = os.stat(entry.name, dir_fd=descriptor, follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    yield Item(path, _version(status), _readable(path), status.st_size, settles=True)

    def fetch(self, item: Item, target: BinaryIO) -> None:
        """Copy the file, if it is still the version that was listed, before and after."""
        *folder, name = item.place.split("/")
        try:
            with self._opened(tuple(folder)) as descriptor:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                with open(os.open(name, flags, dir_fd=descriptor), "rb", buffering=0) as source:
                    _check(os.fstat(source.fileno()), item)
                    copy_exactly(source, target, item.size)
                    _check(os.stat(name, dir_fd=descriptor, follow_symlinks=False), item)
        except FileNotFoundError:
            raise ItemChanged from None
        except OSError as fault:
            raise ItemFault(f"{item.name}: {why(fault)}.") from None

    def put_aside(self, item: Item, refusal: str) -> None:
        """Move it into ``taken``, or into ``refused`` with the reason in a text file beside it."""
        *folder, name = item.place.split("/")
        try:
            with self._opened(tuple(folder)) as source:
                try:
                    _check(os.stat(name, dir_fd=source, follow_symlinks=False), item)
                except (ItemChanged, FileNotFoundError):
                    return
                with self._made("refused" if refusal else "taken", folder) as aside:
                    free = _free_name(name, aside)
                    if refusal:
                        _write(f"{shortened(free)}.reason.txt", f"{refusal}\n", aside)
                    os.rename(name, free, src_dir_fd=source, dst_dir_fd=aside)
                    os.fsync(aside)
        except OSError as fault:
            raise ItemFault(
                f"{item.name} was taken but cannot be moved: {why(fault)}. Allow the worker to write to the folder, "
                "or choose that files stay where they are."
            ) from None

    def _again(self) -> int:
        """The folder once more; a duplicate of the descriptor would share its place in the list of files."""
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._descriptor)

    @contextmanager
    def _opened(self, folder: tuple[str, ...]) -> Iterator[int]:
        """A descriptor of a subfolder. Raises ``OSError``."""
        descriptor = self._again()
        for part in folder:
            descriptor = open_folder(part, within=descriptor)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _made(self, first: str, folder: list[str]) -> Iterator[int]:
        """A descriptor of a folder that is made if it is missing. Raises ``OSError``."""
        descriptor = self._again()
        for part in (first, *folder):
            try:
                os.mkdir(part, 0o770, dir_fd=descriptor)
            except FileExistsError:
                pass
            except OSError:
                os.close(descriptor)
                raise
            descriptor = open_folder(part, within=descriptor)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def open_watched_folder(place: Place) -> Folder:
    """Open a watched folder. Raises ``SourceFault``."""
    return Folder(place)


def _version(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}"


def _check(status: os.stat_result, item: Item) -> None:
    if not stat.S_ISREG(status.st_mode) or _version(status) != item.version:
        raise ItemChanged


def _readable(path: str) -> str:
    """The name without bytes that are no text."""
    return os.fsencode(path).decode(errors="replace")


def _free_name(name: str, folder: int) -> str:
    """The name, with a number if there is such a file already. Only one process moves files there."""
    for free in with_number(name):
        try:
            os.stat(free, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return free
    raise AssertionError("the names do not end")


def _write(name: str, text: str, folder: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o660, dir_fd=folder), "w", encoding="utf-8") as file:
        file.write(text)
