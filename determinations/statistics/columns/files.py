"""The folder of column files: which is in use, how one is written, and which can be deleted."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from imrsite import env

_SUFFIX, _UNFINISHED = ".columns", ".unfinished"
#: A file that is no longer named stays this long, for processes that are about to open it.
_STAYS_SECONDS = 60.0


def folder() -> Path:
    """The folder of this host's column files."""
    return Path(settings.COLUMNS_DIR)


def folder_id() -> str:
    """The ID of the folder, made with it: hosts that share a folder share its files."""
    return env.kept_secret(folder() / "folder-id", uuid.uuid4().hex)


def known_folder_id() -> str:
    """The ID of the folder; empty if it was never used."""
    try:
        return (folder() / "folder-id").read_text().strip()
    except OSError:
        return ""


def new_name() -> str:
    """A name that no file has."""
    return f"facts-{uuid.uuid4().hex}{_SUFFIX}"


@contextmanager
def writing(name: str) -> Iterator[Path]:
    """The path to write the file to; it gets its name when it is complete and on disk, or not at all."""
    unfinished = folder() / f"{name}{_UNFINISHED}"
    try:
        yield unfinished
        descriptor = os.open(unfinished, os.O_RDONLY)
        try:
            os.fchmod(descriptor, 0o600)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.rename(folder() / name)
    finally:
        unfinished.unlink(missing_ok=True)
        unfinished.with_name(f"{unfinished.name}.wal").unlink(missing_ok=True)
    descriptor = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def size_of(name: str) -> int:
    """Bytes of the file; -1 if it is missing."""
    try:
        return (folder() / name).stat().st_size
    except OSError:
        return -1


def delete_others(name: str) -> int:
    """Delete files that are no longer in use and what interrupted writers left; returns how many.

    Only for the one process that writes in this folder. A process that still has a deleted file open reads on.
    """
    deleted = 0
    for path in folder().glob(f"facts-*{_SUFFIX}*"):
        is_file = path.suffix == _SUFFIX
        try:
            if path.name != name and (not is_file or time.time() - path.stat().st_mtime > _STAYS_SECONDS):
                path.unlink()
                deleted += 1
        except FileNotFoundError:
            continue
    return deleted
