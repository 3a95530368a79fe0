"""The private store of letters: files as they came, each under a name made of its SHA-256.

No address serves this folder; the one view that gives a file out asks for a permission first.
"""

import os
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection

from determinations.extraction.results import Limits

#: The advisory lock between those who bring files and those who delete them.
_LOCK = 1_145_919


class LetterStore(FileSystemStorage):
    """Files that are complete and on disk before they have their name, and never change afterwards.

    Another kind of storage can take its place in ``STORAGES["letters"]`` if it has ``open``, ``exists`` and ``keep``.
    """

    def keep(self, files: Mapping[str, File]) -> None:
        """Store each file under its name; when this returns, a power cut loses none of them.

        Names that are there already are left as they are: a name says what the bytes are. Many files at once cost
        little more than one, for the disk is asked to settle after all are written.
        """
        written: dict[str, Path] = {}
        try:
            for name, file in files.items():
                if not self.exists(name):
                    written[name] = self._write(file)
            folders = {Path(self.location)}
            _settle(written.values())
            for name, unfinished in written.items():
                target = Path(self.path(name))
                _make_private(Path(self.location), target.parent.parent, target.parent)
                unfinished.replace(target)
                folders |= {target.parent, target.parent.parent}
            _settle(folders if written else ())
        finally:
            for unfinished in written.values():
                unfinished.unlink(missing_ok=True)

    def _write(self, file: File) -> Path:
        folder = Path(self.location) / "unfinished"
        _make_private(Path(self.location), folder)
        path = folder / uuid.uuid4().hex
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
        return path


def letter_store() -> LetterStore:
    """The store that the settings name."""
    return cast(LetterStore, storages["letters"])


def lock_store(*, to_delete: bool) -> None:
    """Until the caller's transaction ends, no file is deleted while others are brought, and the other way round.

    Without it the bytes of a letter that comes again could go between their being found there and its row.
    """
    function = "pg_advisory_xact_lock" if to_delete else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])


def letter_limits() -> Limits:
    """How much one letter may ask for, by the settings."""
    return Limits(
        bytes=settings.LETTER_BYTES,
        pages=settings.LETTER_PAGES,
        seconds=settings.LETTER_SECONDS,
        scanned_pages=settings.SCANNED_PAGES,
    )


def _make_private(root: Path, *folders: Path) -> None:
    """Folders that only our own user may enter; ``mkdir`` would give the ones on the way to everybody."""
    root.parent.mkdir(parents=True, exist_ok=True)
    for folder in (root, *folders):
        folder.mkdir(mode=0o700, exist_ok=True)


def _settle(paths: Iterable[Path]) -> None:
    """Return when these files, and these folders' lists of names, are on disk.

    Asked for at once they share the disk's work: six times faster than one after the other.
    """
    waiting = list(paths)
    if len(waiting) < 2:
        for path in waiting:
            _fsync(path)
        return
    with ThreadPoolExecutor(min(8, len(waiting))) as threads:
        list(threads.map(_fsync, waiting))


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
