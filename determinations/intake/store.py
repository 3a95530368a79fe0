"""The private store of letters: unmodified files, each named by its SHA-256.

No URL serves this folder; the one view that sends a file checks a permission first.
"""

import hashlib
import os
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BufferedReader
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection

from determinations.extraction.results import Limits

#: The advisory lock that keeps adding and deleting files apart.
_LOCK = 1_145_919


class LetterStore(FileSystemStorage):
    """Files that are written completely before they get their name, and never change afterwards.

    Another storage class can replace it in ``STORAGES["letters"]`` if it has ``open``, ``exists`` and ``keep``.
    """

    def keep(self, files: Mapping[str, File]) -> set[str]:
        """Store each file under its name; when this returns, they survive a power failure. Returns what was written.

        A file that is stored already is skipped if its bytes still have the SHA-256 of its name, and replaced if not.
        Many files at once cost little more than one, because they are synced to disk together after all are written.
        """
        written: dict[str, Path] = {}
        try:
            for name, file in files.items():
                if not self._has_whole(name):
                    written[name] = self._write(file)
            folders = {Path(self.location)}
            _sync(written.values())
            for name, unfinished in written.items():
                target = Path(self.path(name))
                make_private(Path(self.location), target.parent.parent, target.parent)
                unfinished.replace(target)
                folders |= {target.parent, target.parent.parent}
            _sync(folders if written else ())
        finally:
            for unfinished in written.values():
                unfinished.unlink(missing_ok=True)
        return set(written)

    def _has_whole(self, name: str) -> bool:
        try:
            with self.open(name) as stored:
                return hashlib.file_digest(cast(BufferedReader, stored), "sha256").hexdigest() == Path(name).name
        except FileNotFoundError:
            return False

    def _write(self, file: File) -> Path:
        folder = Path(self.location) / "unfinished"
        make_private(Path(self.location), folder)
        path = folder / uuid.uuid4().hex
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            for chunk in file.chunks():
                target.write(chunk)
        return path


def letter_store() -> LetterStore:
    """The store configured in the settings."""
    return cast(LetterStore, storages["letters"])


def lock_store(*, to_delete: bool) -> None:
    """Keep adding and deleting files apart until the caller's transaction ends.

    Otherwise the bytes of a letter that is uploaded again could be deleted after they were found in the store and
    before its row is inserted.
    """
    function = "pg_advisory_xact_lock" if to_delete else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])


def letter_limits() -> Limits:
    """The limits for one letter, from the settings."""
    return Limits(
        bytes=settings.LETTER_BYTES,
        pages=settings.LETTER_PAGES,
        seconds=settings.LETTER_SECONDS,
        scanned_pages=settings.SCANNED_PAGES,
    )


def make_private(root: Path, *folders: Path) -> None:
    """Create folders that only our own user may enter; ``mkdir(parents=True)`` would leave parents open to all."""
    root.parent.mkdir(parents=True, exist_ok=True)
    for folder in (root, *folders):
        folder.mkdir(mode=0o700, exist_ok=True)


def _sync(paths: Iterable[Path]) -> None:
    """Sync these files and folders to disk.

    Concurrent syncs share the disk's work: six times faster than one after the other.
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
