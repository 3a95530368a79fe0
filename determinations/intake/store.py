"""The private store of letters: files as they were received, encrypted, each named by the SHA-256 of its content.

No URL serves this folder; the one view that sends a file checks a permission first.
"""

import hashlib
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages

from determinations.extraction.results import Limits
from determinations.storage.files import Area, make_private
from determinations.storage.register import register_current_key
from determinations.storage.sealed import KeyUnknown, NotAuthentic
from determinations.storage.syncing import sync


class LetterStore(FileSystemStorage):
    """Files that are written completely before they get their name, and never change afterwards.

    Another storage class can replace it in ``STORAGES["letters"]`` if it has ``open``, ``exists`` and ``keep``.
    """

    def keep(self, files: Mapping[str, File]) -> set[str]:
        """Store each file under its name; when this returns, they survive a power failure. Returns what was written.

        A file that is stored already is skipped if its bytes still have the SHA-256 of its name, and replaced if not.
        Many files at once cost little more than one, because they are synced to disk together after all are written.
        """
        register_current_key()
        written: dict[str, Path] = {}
        try:
            for name, file in files.items():
                if not self._has_whole(name):
                    written[name] = self._write(name, file)
            folders = {Path(self.location)}
            sync(written.values())
            for name, unfinished in written.items():
                target = Path(self.path(name))
                make_private(Path(self.location), target.parent.parent, target.parent)
                unfinished.replace(target)
                folders |= {target.parent, target.parent.parent}
            sync(folders if written else ())
        finally:
            for unfinished in written.values():
                unfinished.unlink(missing_ok=True)
        return set(written)

    def _has_whole(self, name: str) -> bool:
        try:
            with self.open(name) as stored:
                return hashlib.file_digest(cast(BufferedReader, stored), "sha256").hexdigest() == Path(name).name
        except (FileNotFoundError, NotAuthentic, KeyUnknown):
            return False

    def _write(self, name: str, file: File) -> Path:
        area = self.area
        path = area.unfinished()
        try:
            with area.begin(name, path) as target:
                for chunk in file.chunks():
                    target.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def _open(self, name: str, mode: str = "rb") -> File:
        return File(self.area.open(name))

    @property
    def area(self) -> Area:
        """The folder of letters."""
        return Area("letters", Path(self.location))


def letter_store() -> LetterStore:
    """The store configured in the settings."""
    return cast(LetterStore, storages["letters"])


def letter_limits() -> Limits:
    """The limits for one letter, from the settings."""
    return Limits(
        bytes=settings.LETTER_BYTES,
        pages=settings.LETTER_PAGES,
        seconds=settings.LETTER_SECONDS,
        scanned_pages=settings.SCANNED_PAGES,
    )
