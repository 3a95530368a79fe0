"""Opens and writes stored files by their place: encrypted if a key is configured, and in whichever form they are."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BufferedReader, BufferedWriter, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings

from determinations.storage.folder import FolderPlace, new_private
from determinations.storage.keys import KeyRing, key_ring
from determinations.storage.places import Place
from determinations.storage.register import register_current_key
from determinations.storage.sealed import CHUNK, HEADER, SealedReader, SealedWriter, key_id_of
from imrsite.store_address import Bucket


@dataclass(frozen=True, slots=True)
class Area:
    """The stored files of one purpose. A file's purpose and name are part of what is authenticated."""

    purpose: str
    place: Place

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        return self.place.has(name)

    def open(self, name: str) -> BufferedReader:
        """The content, open at its start. Raises ``FileNotFoundError``, ``NotAuthentic`` or ``KeyUnknown``."""
        return self.unseal(name, self.place.open(name))

    def unseal(self, name: str, source: BufferedReader) -> BufferedReader:
        """The content of stored bytes, which are closed with it. Raises ``NotAuthentic`` or ``KeyUnknown``."""
        return unsealed(source, f"{self.purpose}/{name}", key_ring())

    def read(self, name: str) -> bytes:
        """The content. Raises as ``open`` does."""
        with self.open(name) as file:
            return file.read()

    def key_name(self, name: str) -> str | None:
        """The ID of the key that the file is encrypted with; None if it is not encrypted.

        Raises ``FileNotFoundError`` or ``NotAuthentic``.
        """
        key_id = key_id_of(self.place.head(name, HEADER))
        return None if key_id is None else key_id.hex()

    def begin(self, name: str, unfinished: Path) -> contextlib.AbstractContextManager[BinaryIO]:
        """Write the content of ``name`` into the new file ``unfinished``, for ``put``."""
        return new_file(unfinished, f"{self.purpose}/{name}", key_ring())

    @contextlib.contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """Write the file, whole or not at all."""
        register_current_key()
        unfinished = self.place.unfinished()
        try:
            with self.begin(name, unfinished) as file:
                yield file
            self.place.put({name: unfinished})
        finally:
            unfinished.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Delete the file, if it is there."""
        self.place.delete(name)


#: What there are files of.
PURPOSES = ("letters", "pictures", "exports", "documents")


def letters_area() -> Area:
    """Letters as they were received, named by their SHA-256."""
    return area_of("letters", configured_location())


def pictures_area() -> Area:
    """Page pictures and places of values on them, in a folder for each file."""
    return area_of("pictures", configured_location())


def exports_area() -> Area:
    """Exports that workers wrote."""
    return area_of("exports", configured_location())


def documents_area() -> Area:
    """Documents that users attached to duties."""
    return area_of("documents", configured_location())


def areas() -> tuple[Area, ...]:
    """All of them."""
    return tuple(area_of(purpose, configured_location()) for purpose in PURPOSES)


def configured_location() -> Bucket | Path:
    """The bucket or the folder of the settings."""
    return settings.STORE_BUCKET or Path(settings.MEDIA_ROOT)


def area_of(purpose: str, location: Bucket | Path) -> Area:
    """The files of one purpose in a bucket or folder."""
    if isinstance(location, Bucket):
        from determinations.storage.bucket import BucketPlace  # its library is large, and unused with a folder

        return Area(purpose, BucketPlace(location, purpose, Path(settings.SCRATCH_DIR)))
    return _in_folder(purpose, location)


@lru_cache(maxsize=32)
def _in_folder(purpose: str, location: Path) -> Area:
    """Asked for with every letter: to put a path together takes as long as to read a small file."""
    return Area(purpose, FolderPlace(location / purpose))


def unsealed(source: BufferedReader, name: str, keys: KeyRing) -> BufferedReader:
    """The content of a file, encrypted or not, at its start. Raises ``NotAuthentic`` or ``KeyUnknown``."""
    try:
        if key_id_of(source.peek(HEADER)[:HEADER]) is None:
            return source
        return BufferedReader(SealedReader(cast(BinaryIO, source), keys, name), CHUNK)
    except BaseException:
        source.close()
        raise


@contextlib.contextmanager
def new_file(path: Path, name: str, keys: KeyRing) -> Iterator[BinaryIO]:
    """A new file that only our own user may read, encrypted if there is a current key."""
    with new_private(path) as target:
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
