"""``manage.py backup``: a backup of database and letters, while everything runs."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from determinations.backups.database import program
from determinations.backups.encryption import keys_for_making
from determinations.backups.faults import BackupRefused
from determinations.backups.making import make_backup
from determinations.backups.repository import Manifest, Repository, name_of
from determinations.management.backup_options import add_folder, passphrase_file, repository_of
from determinations.models import BackupRecord
from determinations.models.clock import database_now


class Command(BaseCommand):
    """Makes a backup, deletes old ones, and records the result for the status page."""

    requires_system_checks: list[str] = []  # an installation that is not sound is backed up too
    help = "Back up the database and the letters; only new files are copied. Old backups are deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where, how encrypted, how many are kept."""
        add_folder(parser)
        parser.add_argument("--keep", type=int, default=settings.BACKUP_KEEP, help="backups to keep (BACKUP_KEEP)")
        parser.add_argument(
            "--recipient", action="append", metavar="AGE1...", help="public key of age to encrypt for; may be repeated"
        )
        parser.add_argument("--json", action="store_true", help="print the manifest as JSON")

    def handle(
        self, *, folder: Path | None, keep: int, recipient: list[str] | None, json: bool, **options: object
    ) -> None:
        """Make it; a fault is recorded too."""
        if keep < 1:
            raise CommandError("Keep at least one backup.")
        repository = repository_of(folder)
        try:
            record = BackupRecord(started_at=database_now())
        except DatabaseError as fault:
            raise CommandError(f"No backup was made: the database does not answer ({type(fault).__name__}).") from None
        self._save(record)
        try:
            manifest = self._make(repository, recipient, record)
            deleted = repository.delete_old(keep)
        except (BackupRefused, OSError) as fault:
            message = str(fault) if isinstance(fault, BackupRefused) else f"{fault.strerror or type(fault).__name__}."
            record.finished_at, record.message = database_now(), message[:500]
            self._save(record)
            raise CommandError(f"No backup was made. {message}") from None
        self._print(manifest, repository, deleted, as_json=json)
        if manifest.faults:
            raise CommandError(f"The backup is complete, but {' '.join(manifest.faults)}")

    def _make(self, repository: Repository, recipient: list[str] | None, record: BackupRecord) -> Manifest:
        repository.create()
        program("pg_dump")
        with repository.locked():
            recipients = settings.BACKUP_RECIPIENTS if recipient is None else recipient
            file = passphrase_file() if recipient is None else None
            keys = keys_for_making(repository.folder, recipients, file)
            record.name = name_of(record.started_at)
            record.encrypted = bool(keys.recipients)
            self._save(record)
            manifest = make_backup(repository, keys, now=record.started_at)
        record.files, record.new_files, record.size = manifest.files, manifest.new_files, manifest.written
        record.finished_at, record.succeeded = database_now(), True
        record.message = " ".join(manifest.faults)[:500]
        self._save(record)
        return manifest

    def _save(self, record: BackupRecord) -> None:
        """Record it for the status page; before a migration there may be no table for that, and the backup goes on."""
        try:
            with transaction.atomic():
                record.save()
        except DatabaseError as fault:
            self.stderr.write(f"The result cannot be recorded ({type(fault).__name__}).")

    def _print(self, manifest: Manifest, repository: Repository, deleted: int, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(asdict(manifest)))
            return
        self.stdout.write(
            f"{repository.folder / manifest.name}: {manifest.files:,} files ({manifest.new_files:,} new), "
            f"{sum(manifest.tables.values()):,} rows, {manifest.written:,} bytes written, "
            f"{'encrypted' if manifest.recipients else 'not encrypted: it holds medical records'}. "
            f"{deleted} old backups were deleted."
        )
