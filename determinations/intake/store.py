"""The private store of letters: files as they were received, encrypted, each named by the SHA-256 of its content.

No URL serves it; the one view that sends a file checks a permission first.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from django.conf import settings
from django.core.files import File

from determinations.extraction.results import Limits
from determinations.storage.files import Area, letters_area
from determinations.storage.register import register_current_key
from determinations.storage.sealed import KeyUnknown, NotAuthentic
from determinations.storage.together import together


@dataclass(frozen=True, slots=True)
class LetterStore:
    """Files that are written completely before they get their name, and never change afterwards."""

    area: Area

    def open(self, name: str) -> BufferedReader:
        """The content. Raises ``FileNotFoundError``, ``NotAuthentic`` or ``KeyUnknown``."""
        return self.area.open(name)

    def exists(self, name: str) -> bool:
        """Whether the file is there."""
        return self.area.has(name)

    def delete(self, name: str) -> None:
        """Delete the file, if it is there."""
        self.area.delete(name)

    def keep(self, files: Mapping[str, File]) -> set[str]:
        """Store each file under its name; when this returns, they survive a power failure. Returns what was written.

        A file that is stored already is skipped if its bytes still have the SHA-256 of its name, and replaced if not.
        Many files at once cost little more than one.
        """
        register_current_key()
        written: dict[str, Path] = {}
        try:
            for name in self._not_whole(files):
                written[name] = self._write(name, files[name])
            if written:
                self.area.place.put(written)
        finally:
            for unfinished in written.values():
                unfinished.unlink(missing_ok=True)
        return set(written)

    def _not_whole(self, names: Iterable[str]) -> list[str]:
        waiting = list(names)
        if self.area.place.kind == "folder":
            return [name for name in waiting if not self._has_whole(name)]
        return [name for name, whole in zip(waiting, together(self._has_whole, waiting), strict=True) if not whole]

    def _has_whole(self, name: str) -> bool:
        try:
            with self.open(name) as stored:
                return hashlib.file_digest(stored, "sha256").hexdigest() == Path(name).name
        except (FileNotFoundError, NotAuthentic, KeyUnknown):
            return False

    def _write(self, name: str, file: File) -> Path:
        path = self.area.place.unfinished()
        try:
            with self.area.begin(name, path) as target:
                for chunk in file.chunks():
                    target.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path


def letter_store() -> LetterStore:
    """The store configured in the settings."""
    return LetterStore(letters_area())


def letter_limits() -> Limits:
    """The limits for one letter, from the settings."""
    return Limits(
        bytes=settings.LETTER_BYTES,
        pages=settings.LETTER_PAGES,
        seconds=settings.LETTER_SECONDS,
        scanned_pages=settings.SCANNED_PAGES,
    )
