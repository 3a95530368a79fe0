"""Opens what a backup has, decrypted."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from determinations.backups.encryption import Keys
from determinations.backups.faults import BackupRefused
from determinations.backups.repository import KeptFile, Manifest, Repository


@contextlib.contextmanager
def content_of(path: Path, keys: Keys, *, is_encrypted: bool) -> Iterator[BinaryIO]:
    """The content of a file of a backup, open at its start; decrypted into a file that has no name."""
    with contextlib.ExitStack() as stack:
        try:
            source = stack.enter_context(path.open("rb"))
        except OSError as fault:
            raise BackupRefused(f"{path.name} cannot be read ({fault.strerror}).") from None
        if not is_encrypted:
            yield cast(BinaryIO, source)
            return
        plain = stack.enter_context(tempfile.TemporaryFile(dir=path.parent))
        keys.decrypt(cast(BinaryIO, source), cast(BinaryIO, plain))
        plain.seek(0)
        yield cast(BinaryIO, plain)


@contextlib.contextmanager
def file_of(repository: Repository, file: KeptFile, keys: Keys) -> Iterator[BinaryIO]:
    """A letter's file as the letter store had it. Raises :class:`BackupRefused` if it is not that."""
    path = repository.place_of(file)
    with content_of(path, keys, is_encrypted=path.suffix == ".age") as content:
        # The stubs ask for getbuffer, too, which files need not have.
        if hashlib.file_digest(content, "sha256").hexdigest() != file.stored:  # type: ignore[arg-type]
            raise BackupRefused(f"The file {file.name[:12]} of the backup was changed.")
        content.seek(0)
        yield content


def needs_key(manifest: Manifest, keys: Keys) -> bool:
    """Whether the backup is encrypted and no key was given."""
    return bool(manifest.recipients) and not keys.identities
