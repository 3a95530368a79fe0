"""Verifies a backup without restoring it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from determinations.backups.database import program, read_archive
from determinations.backups.encryption import Keys
from determinations.backups.faults import BackupRefused
from determinations.backups.reading import content_of, file_of, needs_key
from determinations.backups.repository import FILES, KeptFile, Manifest, Repository, digest_of

_COPY = re.compile(rb'COPY public\.("?)(\w+)\1 ')
#: Faults that are told one by one.
_MOST = 20


@dataclass(slots=True)
class Verified:
    """What was verified, and what is wrong. ``decrypted``: whether the content was looked at too."""

    manifest: Manifest
    files: int = 0
    rows: int = 0
    decrypted: bool = True
    faults: list[str] = field(default_factory=list)
    more_faults: int = 0

    def add(self, fault: str) -> None:
        """Note a fault."""
        if len(self.faults) < _MOST:
            self.faults.append(fault)
        else:
            self.more_faults += 1


def verify_backup(repository: Repository, name: str, keys: Keys) -> Verified:
    """Compare all bytes with their SHA-256, and the rows of the database with the manifest."""
    manifest = repository.read_manifest(name)
    result = Verified(manifest, decrypted=not needs_key(manifest, keys))
    folder = repository.folder / name
    for file, digest in ((manifest.database, manifest.database_sha256), (FILES, manifest.files_sha256)):
        if not (folder / file).is_file() or digest_of(folder / file) != digest:
            result.add(f"{file} is missing or was changed.")
    if result.faults:
        return result
    for kept in repository.files_of(name):
        result.files += 1
        if fault := _fault_of(repository, kept, keys, decrypted=result.decrypted):
            result.add(fault)
    if result.files != manifest.files:
        result.add(f"The list has {result.files} files, the manifest {manifest.files}.")
    if result.decrypted:
        _compare_rows(repository, result, keys)
    return result


def _fault_of(repository: Repository, file: KeptFile, keys: Keys, *, decrypted: bool) -> str:
    path = repository.place_of(file)
    if not path.is_file():
        return f"The file {file.name[:12]} is missing from the backup."
    if digest_of(path) != file.kept:
        return f"The file {file.name[:12]} of the backup was changed."
    if decrypted:
        try:
            with file_of(repository, file, keys):
                pass
        except BackupRefused as fault:
            return str(fault)
    return ""


def _compare_rows(repository: Repository, result: Verified, keys: Keys) -> None:
    manifest = result.manifest
    path = repository.folder / manifest.name / manifest.database
    with content_of(path, keys, is_encrypted=bool(manifest.recipients)) as archive:
        counted = dict(_rows_in(read_archive([program("pg_restore")], archive)))
    result.rows = sum(counted.values())
    for table, rows in manifest.tables.items():
        if counted.get(table, 0) != rows:
            result.add(f"The table {table} has {counted.get(table, 0)} rows in the archive, {rows} in the manifest.")


def _rows_in(lines: Iterator[bytes]) -> Iterator[tuple[str, int]]:
    """Tables and their rows in a stream of SQL."""
    for line in lines:
        if match := _COPY.match(line):
            rows = 0
            for row in lines:
                if row == b"\\.\n":
                    break
                rows += 1
            yield match[2].decode(), rows
