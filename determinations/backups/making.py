"""Makes a backup while letters arrive: every row in it has its file.

1. Files are copied, without holding anything up. Most are in an earlier backup already and are not read again.
2. While no file may be deleted, for some seconds, a snapshot of the database is taken, and the files of its rows that
   arrived meanwhile are copied too. A file is stored before its row, so all of them are there.
3. The database is dumped at that snapshot.
"""

import contextlib
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from subprocess import PIPE
from typing import BinaryIO, cast

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from determinations.backups.database import program, running, server_major
from determinations.backups.encryption import Keys
from determinations.backups.repository import (
    DOCUMENTS,
    FILES,
    POOL,
    PREFIXES,
    KeptFile,
    ListWriter,
    Manifest,
    PrefixedFiles,
    Repository,
    by_prefix,
    digest_of,
    name_of,
    new_list,
    read_list,
)
from determinations.models import Installation
from determinations.models.clock import database_now
from determinations.reading.schema import applied_migrations
from determinations.reading.worker_list import program_versions
from determinations.storage.files import Area, documents_area, letters_area
from determinations.storage.folder import make_private, new_private
from determinations.storage.locking import lock_store
from determinations.storage.places import Entry
from determinations.storage.sealed import KeyUnknown, NotAuthentic
from determinations.storage.syncing import sync
from imrsite.connections import in_session

DATABASE = "database.dump"
#: The files that rows of the database need, with these two first digits; of a table that may not be migrated yet, too.
_NAMES = """
    SELECT sha256 FROM determinations_letter WHERE sha256 >= %(first)s AND sha256 < %(next)s
    UNION
    SELECT sha256 FROM determinations_removedletter
    WHERE deleted_at IS NULL AND sha256 >= %(first)s AND sha256 < %(next)s
"""
_UNOPENED_NAMES = """
    UNION
    SELECT sha256 FROM determinations_unopenedfile WHERE sha256 >= %(first)s AND sha256 < %(next)s
"""


_DOCUMENTS = "SELECT store_name, sha256 FROM determinations_dutydocument ORDER BY store_name"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file that a row needs: its name in the list, the digest of its content, and where it is."""

    name: str
    sha256: str
    area: Area
    place: str

    @classmethod
    def letter(cls, sha256: str, area: Area) -> "_Wanted":
        """The file of a letter."""
        return cls(sha256, sha256, area, place_of(sha256))

    @property
    def pooled(self) -> str:
        """Where it is in the pool, apart from the digest."""
        return self.place if self.name == self.sha256 else f"{DOCUMENTS}{self.place[:2]}/{self.place}"


@dataclass(slots=True)
class _Work:
    """A backup that is being made."""

    repository: Repository
    folder: Path
    keys: Keys
    letters: Area
    documents: Area
    new_files: int = 0
    written: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    unreadable: int = 0


@in_session
def make_backup(repository: Repository, keys: Keys, *, now: datetime) -> Manifest:
    """Make a backup; returns its manifest. Nothing of an unfinished one counts."""
    name = name_of(now)
    folder = repository.begin(name)
    work = _Work(repository, folder, keys, letters_area(), documents_area())
    earlier = repository.names()
    previous = _usable(repository, earlier[-1], keys) if earlier else iter(())
    with connection.cursor() as cursor:
        first = _copy(work, cursor, by_prefix(previous), folder / "first.gz")
    work.missing, work.damaged, work.unreadable = [], [], 0
    with _second_connection() as cursor:
        with transaction.atomic():
            lock_store(to_delete=False)
            _begin(cursor)
            snapshot_id = _value(cursor, "SELECT pg_export_snapshot()")
            files = _copy(work, cursor, by_prefix(read_list(first.path)), folder / FILES)
        first.path.unlink()
        database = folder / (DATABASE + (".age" if keys.recipients else ""))
        _dump(database, keys, str(snapshot_id))
        tables = _rows(cursor)
    manifest = Manifest(
        name=name, started_at=now.isoformat(), finished_at=database_now().isoformat(), versions=program_versions(),
        server=server_major(), store_id=Installation.objects.values_list("store_id", flat=True).first() or "",
        tables=tables, database=database.name, database_sha256=digest_of(database), files=files.files,
        bytes=files.bytes, new_files=work.new_files, written=work.written + database.stat().st_size,
        files_sha256=digest_of(files.path), recipients=keys.recipients, faults=tuple(_faults(work)),
        migrations=applied_migrations(),
    )  # fmt: skip
    repository.write_manifest(folder, manifest)
    sync([*folder.iterdir(), folder])
    folder.rename(repository.folder / name)
    sync([repository.folder])
    return manifest


def _usable(repository: Repository, name: str, keys: Keys) -> Iterator[KeptFile]:
    """The files of the last backup, if they were kept for the same recipients."""
    if repository.read_manifest(name).recipients != keys.recipients:
        return iter(())
    return repository.files_of(name)


@contextlib.contextmanager
def _second_connection() -> Iterator[CursorWrapper]:
    """A connection whose transaction keeps the snapshot."""
    second = connection.copy()
    try:
        with second.cursor() as cursor:
            yield cursor
    finally:
        second.close()


def _begin(cursor: CursorWrapper) -> None:
    cursor.execute("SET idle_in_transaction_session_timeout = 0")
    cursor.execute("SET statement_timeout = 0")
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _value(cursor: CursorWrapper, sql: str) -> object:
    cursor.execute(sql)
    row = cursor.fetchone()
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class _Listed:
    path: Path
    files: int
    bytes: int


def _copy(work: _Work, cursor: CursorWrapper, known: PrefixedFiles, path: Path) -> _Listed:
    """Bring the files of all rows that the cursor sees into the pool, and list them."""
    cursor.execute("SELECT to_regclass('determinations_unopenedfile')")
    unopened = "" if cursor.fetchone() == (None,) else _UNOPENED_NAMES
    with new_list(path) as target:
        for number, prefix in enumerate(PREFIXES):
            following = PREFIXES[number + 1] if number + 1 < len(PREFIXES) else "g"
            cursor.execute(f"{_NAMES}{unopened} ORDER BY sha256", {"first": prefix, "next": following})
            names = [name for (name,) in cursor.fetchall()]
            # After the rows: files come first.
            entries = work.letters.place.entries(prefix) if names else ()
            stored = {entry.name: entry for entry in entries}
            before = {file.name: file for file in known.take(prefix)}
            written: list[Path] = []
            for name in names:
                wanted = _Wanted.letter(name, work.letters)
                if file := _keep(work, stored.get(wanted.place), wanted, before.get(name), written):
                    target.add(file)
            sync([*written, *{path.parent for path in written}])
        _copy_documents(work, cursor, known, target)
        return _Listed(path, target.files, target.bytes)


def _copy_documents(work: _Work, cursor: CursorWrapper, known: PrefixedFiles, target: ListWriter) -> None:
    """The same for documents of duties, which are few."""
    cursor.execute("SELECT to_regclass('determinations_dutydocument')")
    if cursor.fetchone() == (None,):
        return
    cursor.execute(_DOCUMENTS)
    rows: list[tuple[str, str]] = cursor.fetchall()
    stored = {entry.name: entry for entry in work.documents.place.entries()} if rows else {}
    before = {file.name: file for file in known.take(DOCUMENTS)}
    written: list[Path] = []
    for store_name, sha256 in rows:
        wanted = _Wanted(f"{DOCUMENTS}{store_name}", sha256, work.documents, store_name)
        if file := _keep(work, stored.get(store_name), wanted, before.get(wanted.name), written):
            target.add(file)
    sync([*written, *{path.parent for path in written}])


def place_of(name: str) -> str:
    """The name of a letter's file in the letter store."""
    return f"{name[:2]}/{name[2:4]}/{name}"


def _keep(
    work: _Work, entry: Entry | None, wanted: _Wanted, before: KeptFile | None, written: list[Path]
) -> KeptFile | None:
    """The file in the pool; None, and noted, if it is not stored."""
    try:
        if entry is None:
            raise FileNotFoundError
        same = before and (before.size, before.changed_ns) == (entry.size, entry.changed_ns)
        if before and same and work.repository.place_of(before).is_file():
            return before
        return _add(work, wanted, entry, before, written)
    except FileNotFoundError:
        work.missing.append(wanted.name)
        return before if before and work.repository.place_of(before).is_file() else None


def _add(work: _Work, wanted: _Wanted, entry: Entry, before: KeptFile | None, written: list[Path]) -> KeptFile | None:
    with wanted.area.place.open(entry.name) as source:
        stored = hashlib.file_digest(source, "sha256").hexdigest()
        if stored != wanted.sha256 and not _is_whole(work, wanted):
            work.damaged.append(wanted.name)
            if before and work.repository.place_of(before).is_file():
                return before
        tag = work.keys.tag
        kept_place = f"{wanted.pooled}-{stored[:16]}{f'.{tag}.age' if tag else ''}"
        target = work.repository.folder / POOL / kept_place
        if not target.is_file():
            upper, folder = Path(kept_place).parts[:2]
            make_private(work.repository.folder / POOL, upper, f"{upper}/{folder}")
            unfinished = target.with_name(f".{uuid.uuid4().hex}")
            source.seek(0)
            try:
                with new_private(unfinished) as copy:
                    work.keys.encrypt(cast(BinaryIO, source), cast(BinaryIO, copy))
                unfinished.rename(target)
            finally:
                unfinished.unlink(missing_ok=True)
            written.append(target)
            work.new_files += 1
            work.written += target.stat().st_size
    return KeptFile(wanted.name, stored, entry.size, entry.changed_ns, digest_of(target), kept_place)


def _is_whole(work: _Work, wanted: _Wanted) -> bool:
    """Whether an encrypted file has the content that its row says; it is copied as it is in any case."""
    try:
        with wanted.area.open(wanted.place) as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == wanted.sha256
    except KeyUnknown:
        work.unreadable += 1
        return True
    except NotAuthentic:
        return False


def _dump(path: Path, keys: Keys, snapshot: str) -> None:
    command = [program("pg_dump"), "--format", "custom", "--no-owner", "--snapshot", snapshot]
    with running(command, stdout=PIPE) as dump, new_private(path) as target:
        assert dump.stdout is not None
        keys.encrypt(cast(BinaryIO, dump.stdout), cast(BinaryIO, target))


def _rows(cursor: CursorWrapper) -> dict[str, int]:
    """How many rows each table has in the snapshot."""
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    names = [name for (name,) in cursor.fetchall()]
    quote = connection.ops.quote_name
    counts = {}
    for name in names:
        cursor.execute(f"SELECT count(*) FROM public.{quote(name)}")  # noqa: S608 - a name from the catalog
        counts[name] = int(cursor.fetchone()[0])
    return counts


def _faults(work: _Work) -> Iterator[str]:
    for names, what in ((work.missing, "are missing from the letter store"), (work.damaged, "are damaged there")):
        letters = [name for name in names if not name.startswith(DOCUMENTS)]
        documents = [name.removeprefix(DOCUMENTS) for name in names if name.startswith(DOCUMENTS)]
        if letters:
            yield f"{len(letters)} files {what}: {_some(letters)}. Run manage.py check_store."
        if documents:
            yield f"{len(documents)} documents of duties {what}: {_some(documents)}."
    if work.unreadable:
        yield f"{work.unreadable} files are encrypted with a key that is not configured; they are copied as they are."


def _some(names: Sequence[str]) -> str:
    return ", ".join(name[:12] for name in names[:3]) + (" and others" if len(names) > 3 else "")
