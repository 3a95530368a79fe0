"""The folder of backups: a folder for each with the database and the list of files, and one pool of all files.

Every file of a letter is kept once, however many backups have it. A backup is written beside its place and renamed
when it is complete: what has the name of a backup is one.
"""

import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TextIO

from django.conf import settings

from determinations.backups.faults import BackupRefused
from determinations.storage.folder import new_private

MANIFEST, FILES, POOL = "manifest.json", "files.jsonl.gz", "files"
PREFIXES = tuple(f"{number:02x}" for number in range(256))
_NAME = re.compile(r"\d{8}T\d{12}Z")
#: Names of documents that are attached to duties begin with this; letters are named by their digest. They come last.
DOCUMENTS = "documents/"
#: The second has documents, too: a program that knows the first only would put them among the letters.
_FORMATS = (1, 2)


#: Fields of the manifest that are lists in JSON.
_TUPLES = ("versions", "recipients", "faults", "migrations")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A letter's file, or a document, in the pool. Digests are SHA-256: of the received file (the name of a letter),
    of the stored bytes (others if they are encrypted), and of the bytes in the pool (others again if backups are)."""

    name: str
    stored: str
    size: int
    changed_ns: int
    kept: str
    place: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup has. ``tables``: rows by table. ``faults``: what was wrong with the letter store.

    ``migrations``: those of its database, such as ``determinations.0061_opening``; none are named in old backups.
    """

    name: str
    started_at: str
    finished_at: str
    versions: tuple[str, str, str]
    server: int
    store_id: str
    tables: Mapping[str, int]
    database: str
    database_sha256: str
    files: int
    bytes: int
    new_files: int
    written: int
    files_sha256: str
    recipients: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()
    format: int = field(default=_FORMATS[-1])


def name_of(started_at: datetime) -> str:
    """The name of a backup."""
    return f"{started_at:%Y%m%dT%H%M%S%fZ}"


class Repository:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    def check_place(self) -> None:
        """Refuse a folder from which backups could get into an image, or be lost with the letters."""
        folder = self.folder.resolve()
        for taken, why in (
            (Path(settings.BASE_DIR), "from there it could get into an image or a commit"),
            (Path(settings.MEDIA_ROOT), "a backup is lost there with what it is of"),
        ):
            if folder.is_relative_to(taken.resolve()):
                raise BackupRefused(f"{self.folder} is inside {taken}: {why}. Choose another folder.")

    def create(self) -> None:
        """Create the folder, for our own user alone."""
        self.check_place()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise BackupRefused(f"{self.folder} cannot be created ({fault.strerror}).") from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands from writing here."""
        with open(os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BackupRefused(f"Another backup is being made in {self.folder}.") from None
            yield

    def names(self) -> list[str]:
        """The complete backups, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def choose(self, name: str) -> str:
        """The named backup; the newest if none is named."""
        names = self.names()
        if not names:
            raise BackupRefused(f"{self.folder} has no backups.")
        if name and name not in names:
            raise BackupRefused(f"{self.folder} has no backup {name}; the newest is {names[-1]}.")
        return name or names[-1]

    def read_manifest(self, name: str) -> Manifest:
        """What the backup says of itself."""
        try:
            fields = json.loads((self.folder / name / MANIFEST).read_text())
            manifest = Manifest(**{**fields, **{key: tuple(fields.get(key, ())) for key in _TUPLES}})
        except (OSError, ValueError, TypeError, KeyError) as fault:
            raise BackupRefused(f"The manifest of {name} cannot be read ({type(fault).__name__}).") from None
        if manifest.format not in _FORMATS:
            raise BackupRefused(f"{name} has a format that this version does not know ({manifest.format}).")
        return manifest

    def write_manifest(self, folder: Path, manifest: Manifest) -> None:
        """Write it last."""
        path = folder / MANIFEST
        path.write_text(json.dumps(asdict(manifest), indent=1) + "\n")
        path.chmod(0o600)

    def files_of(self, name: str) -> Iterator[KeptFile]:
        """The files of a backup, by name."""
        return read_list(self.folder / name / FILES)

    def place_of(self, file: KeptFile) -> Path:
        """Where the file is in the pool."""
        return self.folder / POOL / file.place

    def begin(self, name: str) -> Path:
        """A new folder for a backup; what earlier ones left that did not end is deleted."""
        for leftover in self.folder.glob(".*.unfinished"):
            shutil.rmtree(leftover)
        folder = self.folder / f".{name}.unfinished"
        folder.mkdir(mode=0o700)
        return folder

    def delete_old(self, keep: int) -> int:
        """Delete all but the newest backups, and files of the pool that no backup has any more; returns how many."""
        names = self.names()
        old, kept = names[:-keep], names[-keep:]
        for name in old:
            shutil.rmtree(self.folder / name)
        if old:
            self._delete_unused(kept)
        return len(old)

    def _delete_unused(self, names: list[str]) -> None:
        lists = [by_prefix(self.files_of(name)) for name in names]
        for prefix in (*PREFIXES, DOCUMENTS):
            used = {file.place for files in lists for file in files.take(prefix)}
            for path in (self.folder / POOL / prefix).glob("*/*"):
                if path.relative_to(self.folder / POOL).as_posix() not in used:
                    path.unlink()


class PrefixedFiles:
    """A sorted list of files, taken two digits of their names at a time, in order; then all documents."""

    def __init__(self, files: Iterator[KeptFile]) -> None:
        self._groups = groupby(files, key=lambda file: DOCUMENTS if file.name.startswith(DOCUMENTS) else file.name[:2])
        self._next: tuple[str, list[KeptFile]] | None = None
        self._advance()

    def _advance(self) -> None:
        group = next(self._groups, None)
        self._next = (group[0], list(group[1])) if group else None

    def take(self, prefix: str) -> list[KeptFile]:
        """The files with these digits; prefixes are asked for in order."""
        if self._next is None or self._next[0] != prefix:
            return []
        files = self._next[1]
        self._advance()
        return files


def by_prefix(files: Iterator[KeptFile]) -> PrefixedFiles:
    """The list, to be taken two digits at a time."""
    return PrefixedFiles(files)


def read_list(path: Path) -> Iterator[KeptFile]:
    """The files of a list. Raises :class:`BackupRefused` if it was cut or changed."""
    try:
        with gzip.open(path, "rt") as lines:
            for line in lines:
                yield KeptFile(*json.loads(line))
    except (OSError, ValueError, TypeError, EOFError) as fault:
        raise BackupRefused(f"The list of files {path.parent.name} cannot be read ({type(fault).__name__}).") from None


@contextlib.contextmanager
def new_list(path: Path) -> Iterator["ListWriter"]:
    """A new list of files."""
    with (
        new_private(path) as file,
        gzip.open(file, "wt") as target,
    ):
        yield ListWriter(target)


class ListWriter:
    """Writes files to a list, and counts them."""

    def __init__(self, target: TextIO) -> None:
        self._target = target
        self.files = self.bytes = 0

    def add(self, file: KeptFile) -> None:
        """Add a file; in order of names."""
        line = json.dumps([file.name, file.stored, file.size, file.changed_ns, file.kept, file.place])
        self._target.write(line + "\n")
        self.files += 1
        self.bytes += file.size


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
