"""A folder of a disk or network share, as the place of stored files."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO

from determinations.storage.places import MARKER, Entry
from determinations.storage.syncing import sync

#: The folder of files that are not complete yet; on the same disk, so that they can be moved to their names.
UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """Files in a folder that only our own user may enter."""

    root: Path
    kind = "folder"

    def __str__(self) -> str:
        return str(self.root)

    def path(self, name: str) -> Path:
        """Where the file is."""
        return self.root / name

    def open(self, name: str) -> BufferedReader:
        """See ``Place``."""
        return open(os.path.join(self.root, name), "rb")  # to put a Path together takes longer than to read a letter

    def head(self, name: str, size: int) -> bytes:
        """See ``Place``."""
        with open(self.path(name), "rb", buffering=0) as file:
            return file.read(size)

    def has(self, name: str) -> bool:
        """See ``Place``."""
        return self.path(name).is_file()

    def entry(self, name: str) -> Entry:
        """See ``Place``."""
        status = self.path(name).stat()
        return Entry(name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def entries(self, below: str = "") -> Iterator[Entry]:
        """See ``Place``."""
        for folder, folders, names in os.walk(self.root / below):
            folders[:] = sorted(name for name in folders if name != UNFINISHED)
            yield from self._entries(Path(folder), names)

    def changed_since(self, moment: float) -> Iterator[Entry]:
        """See ``Place``: the files of folders in which a file appeared since then."""
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name != UNFINISHED)
            if names and Path(folder).stat().st_mtime >= moment:
                yield from self._entries(Path(folder), names)

    def _entries(self, folder: Path, names: list[str]) -> Iterator[Entry]:
        for name in sorted(names):
            path = folder / name
            if name.startswith(".") or path == self.root / MARKER:
                continue
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                status = path.stat()
                name = path.relative_to(self.root).as_posix()
                yield Entry(name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def clock(self) -> float:
        """See ``Place``."""
        probe = self.unfinished()
        probe.touch(mode=0o600)
        try:
            return probe.stat().st_mtime
        finally:
            probe.unlink()

    def unfinished(self) -> Path:
        """See ``Place``."""
        folder = self.unfinished_folder
        if not folder.is_dir():
            make_private(self.root, UNFINISHED)
        return folder / uuid.uuid4().hex

    @property
    def unfinished_folder(self) -> Path:
        """See ``Place``."""
        return self.root / UNFINISHED

    @property
    def local_folder(self) -> Path:
        """See ``Place``."""
        return self.root

    def put(self, files: Mapping[str, Path]) -> None:
        """See ``Place``. Many files cost little more than one: they are synced together, before they are moved."""
        sync(files.values())
        below = {Path(name.rpartition("/")[0]) for name in files}
        folders = sorted({self.root / parent for folder in below for parent in (folder, *folder.parents)})
        make_private(self.root, *folders)
        for name, unfinished in files.items():
            unfinished.replace(self.path(name))
        sync(folders)

    def delete(self, name: str) -> None:
        """See ``Place``."""
        self.path(name).unlink(missing_ok=True)

    def delete_below(self, name: str) -> None:
        """See ``Place``."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.path(name))

    def is_empty(self) -> bool:
        """See ``Place``."""
        return not (self.root.is_dir() and any(self.root.iterdir()))

    def marker(self) -> str:
        """See ``Place``."""
        try:
            return self.path(MARKER).read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def write_marker(self, content: str) -> None:
        """See ``Place``."""
        make_private(self.root)
        unfinished = self.root / f".{MARKER}.{uuid.uuid4().hex}"
        with new_private(unfinished) as file:
            file.write(f"{content}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            with contextlib.suppress(FileExistsError):
                os.link(unfinished, self.path(MARKER))
        finally:
            unfinished.unlink()


def make_private(root: Path, *folders: Path | str) -> None:
    """Create folders that only our own user may enter; ``mkdir(parents=True)`` would leave parents open to all."""
    root.parent.mkdir(parents=True, exist_ok=True)
    for folder in (root, *(root / folder for folder in folders)):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)


def new_private(path: Path) -> IO[bytes]:
    """A new file that only our own user may read."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
