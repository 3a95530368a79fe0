"""Opens and writes stored files by their place: encrypted if a key is configured, and in whichever form they are."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.storage import storages

from determinations.storage.keys import KeyRing, key_ring
from determinations.storage.register import register_current_key
from determinations.storage.sealed import CHUNK, HEADER, SealedReader, SealedWriter, key_id_of

#: The folder of files that are not complete yet, in each area.
UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class Area:
    """A folder of stored files of one purpose. A file's purpose and name are part of what is authenticated."""

    purpose: str
    root: Path

    def path(self, name: str) -> Path:
        """Where the file is."""
        return self.root / name

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return self.path(name).is_file()

    def open(self, name: str) -> BufferedReader:
        """The content, open at its start. Raises ``FileNotFoundError``, ``NotAuthentic`` or ``KeyUnknown``."""
        return open_file(self.path(name), f"{self.purpose}/{name}", key_ring())

    def read(self, name: str) -> bytes:
        """The content. Raises as ``open`` does."""
        with self.open(name) as file:
            return file.read()

    def begin(self, name: str, unfinished: Path) -> contextlib.AbstractContextManager[BinaryIO]:
        """Write the content of ``name`` into the new file ``unfinished``, which the caller moves to its place."""
        return new_file(unfinished, f"{self.purpose}/{name}", key_ring())

    @contextlib.contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """Write the file, whole or not at all."""
        register_current_key()
        target, unfinished = self.path(name), self.unfinished()
        try:
            with self.begin(name, unfinished) as file:
                yield file
            make_private(self.root, *list(reversed(target.relative_to(self.root).parents))[1:])
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)

    def unfinished(self) -> Path:
        """A new path for a file that is being written."""
        make_private(self.root, UNFINISHED)
        return self.root / UNFINISHED / uuid.uuid4().hex

    def delete(self, name: str) -> None:
        """Delete the file, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def delete_folder(self, name: str) -> None:
        """Delete a folder with its files, if it is there. Raises ``OSError``."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.path(name))


def letters_area() -> Area:
    """Letters as they were received, named by their SHA-256."""
    return Area("letters", Path(storages["letters"].location))  # type: ignore[attr-defined]


def pictures_area() -> Area:
    """Page pictures and places of values on them, in a folder for each file."""
    return Area("pictures", Path(settings.MEDIA_ROOT) / "pictures")


def exports_area() -> Area:
    """Exports that workers wrote."""
    return Area("exports", Path(settings.MEDIA_ROOT) / "exports")


def documents_area() -> Area:
    """Documents that users attached to duties."""
    return Area("documents", Path(settings.MEDIA_ROOT) / "documents")


def areas() -> tuple[Area, ...]:
    """All of them."""
    return letters_area(), pictures_area(), exports_area(), documents_area()


def open_file(path: Path, name: str, keys: KeyRing) -> BufferedReader:
    """The content of a file, encrypted or not. Raises ``FileNotFoundError``, ``NotAuthentic`` or ``KeyUnknown``."""
    source = open(path, "rb")  # noqa: SIM115 - closed by whoever reads
    try:
        if not _is_sealed(source):
            return source
        return BufferedReader(SealedReader(cast(BinaryIO, source), keys, name), CHUNK)
    except BaseException:
        source.close()
        raise


@contextlib.contextmanager
def new_file(path: Path, name: str, keys: KeyRing) -> Iterator[BinaryIO]:
    """A new file that only our own user may read, encrypted if there is a current key."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        if keys.current is None:
            yield cast(BinaryIO, target)
            return
        sealed = SealedWriter(cast(BinaryIO, target), keys.current, name)
        try:
            with _buffered(sealed) as file:
                yield file
        except BaseException:
            sealed.abandon()
            raise
        sealed.close()


@contextlib.contextmanager
def _buffered(sealed: SealedWriter) -> Iterator[BinaryIO]:
    """Small writes are gathered; the writer itself stays open."""
    buffer = BufferedWriter(cast(RawIOBase, sealed), CHUNK)
    try:
        yield cast(BinaryIO, buffer)
        buffer.flush()
    finally:
        with contextlib.suppress(ValueError):
            buffer.detach()


def key_name_of(path: Path) -> str | None:
    """The ID of the key that a file is encrypted with; None if it is not encrypted.

    Raises ``FileNotFoundError`` or ``NotAuthentic``.
    """
    with open(path, "rb", buffering=0) as file:
        key_id = key_id_of(file.read(HEADER))
    return None if key_id is None else key_id.hex()


def _is_sealed(source: BufferedReader) -> bool:
    sealed = key_id_of(source.peek(HEADER)[:HEADER]) is not None
    source.seek(0)
    return sealed


def make_private(root: Path, *folders: Path | str) -> None:
    """Create folders that only our own user may enter; ``mkdir(parents=True)`` would leave parents open to all."""
    root.parent.mkdir(parents=True, exist_ok=True)
    for folder in (root, *(root / folder for folder in folders)):
        folder.mkdir(mode=0o700, exist_ok=True)
