"""Restores a backup: files first, so that no row is without its file, then the database in one transaction."""

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from subprocess import PIPE

from django.db import connection

from determinations.access import audit
from determinations.backups.database import program, running, server_major
from determinations.backups.encryption import Keys
from determinations.backups.faults import BackupRefused
from determinations.backups.making import place_of
from determinations.backups.reading import content_of, file_of, needs_key
from determinations.backups.repository import DOCUMENTS, FILES, KeptFile, Manifest, Repository, digest_of
from determinations.models import BackupRecord
from determinations.reading.schema import schema_obstacle, unknown_migrations
from determinations.storage.files import Area, documents_area, letters_area
from determinations.storage.folder import new_private
from determinations.storage.places import MARKER

#: Indexes of words that come from other tables: they may be built before those are filled.
_REBUILT = ("case_found_by", "fact_found_by")
_BATCH = 500


def restore_backup(
    repository: Repository, name: str, keys: Keys, *, replace: bool, privileges: bool, now: datetime
) -> Manifest:
    """Restore into the database and the letter store of the settings; returns what was restored."""
    manifest = repository.read_manifest(name)
    if needs_key(manifest, keys):
        raise BackupRefused("This backup is encrypted: give --identity FILE, or set BACKUP_PASSPHRASE_FILE.")
    if server_major() < manifest.server:
        raise BackupRefused(f"The backup is of PostgreSQL {manifest.server}, and this server is {server_major()}.")
    if unknown := unknown_migrations(manifest.migrations):
        raise BackupRefused(
            f"The backup is of a newer program than this one, which does not know {unknown}. Nothing was restored: "
            "install the version that made it, or a newer one."
        )
    folder = repository.folder / name
    for file, digest in ((manifest.database, manifest.database_sha256), (FILES, manifest.files_sha256)):
        if not (folder / file).is_file() or digest_of(folder / file) != digest:
            raise BackupRefused(f"{file} of the backup is missing or was changed. Nothing was restored.")
    area = letters_area()
    if not replace:
        _require_empty((area, documents_area()))
    _restore_files(repository, repository.files_of(name), keys)
    if replace:
        _empty_database()
    _restore_database(folder / manifest.database, manifest, keys, privileges=privileges)
    _write_marker(area, manifest.store_id)
    if schema_obstacle() is None:  # an older backup is migrated first
        BackupRecord.objects.filter(name=name, finished_at=None).update(finished_at=now, succeeded=True)
        audit.record("backup.restored", by=None, at=now, name=name)
    return manifest


def _require_empty(areas: Sequence[Area]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        (tables,) = cursor.fetchone()
    if tables:
        raise BackupRefused(
            f"The database {connection.settings_dict['NAME']} has {tables} tables. Nothing was changed: restore into "
            "an empty database, or say --replace to delete what it has."
        )
    for area in areas:
        if not area.place.is_empty():
            raise BackupRefused(
                f"The letter store {area.place} is not empty. Nothing was changed: choose another "
                "DATA_DIR, or say --replace."
            )


def _restore_files(repository: Repository, files: Iterator[KeptFile], keys: Keys) -> None:
    """Letters, then documents: the list has them in this order."""
    for of_documents, group in itertools.groupby(files, key=lambda file: file.name.startswith(DOCUMENTS)):
        area = documents_area() if of_documents else letters_area()
        while some := list(itertools.islice(group, _BATCH)):
            _restore_some(repository, some, keys, area)


def _restore_some(repository: Repository, files: Sequence[KeptFile], keys: Keys, area: Area) -> None:
    written: dict[str, Path] = {}
    try:
        for file in files:
            is_document = file.name.startswith(DOCUMENTS)
            place = file.name.removeprefix(DOCUMENTS) if is_document else place_of(file.name)
            unfinished = written[place] = area.place.unfinished()
            with file_of(repository, file, keys) as content, new_private(unfinished) as copy:
                shutil.copyfileobj(content, copy)
            os.utime(unfinished, ns=(file.changed_ns, file.changed_ns))
        area.place.put(written)
    finally:
        for unfinished in written.values():
            unfinished.unlink(missing_ok=True)


def _empty_database() -> None:
    """Delete all schemas with everything in them, as the owner of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP SCHEMA {connection.ops.quote_name(name)} CASCADE")
        cursor.execute("CREATE SCHEMA public")
        cursor.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def _restore_database(path: Path, manifest: Manifest, keys: Keys, *, privileges: bool) -> None:
    command = [program("pg_restore"), "--no-owner", "--single-transaction", "--exit-on-error"]
    command += [] if privileges else ["--no-privileges"]
    with (
        content_of(path, keys, is_encrypted=bool(manifest.recipients)) as archive,
        running(command, stdin=PIPE) as restoring,
    ):
        assert restoring.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended with a message
            shutil.copyfileobj(archive, restoring.stdin)
            restoring.stdin.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname = ANY(%s)", [list(_REBUILT)])
        for (index,) in cursor.fetchall():
            cursor.execute(f"REINDEX INDEX {index}")
        cursor.execute("ANALYZE")


def _write_marker(area: Area, store_id: str) -> None:
    if store_id:
        area.place.delete(MARKER)
        area.place.write_marker(store_id)
