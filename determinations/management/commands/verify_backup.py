"""``manage.py verify_backup``: is a backup whole? It needs no running installation, but PostgreSQL's programs."""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from determinations.backups.faults import BackupRefused
from determinations.backups.verifying import Verified, verify_backup
from determinations.management.backup_options import add_reading_options, keys_to_read, repository_of


class Command(BaseCommand):
    """Compares every byte with its SHA-256, and the rows in the archive with the manifest."""

    help = "Verify a backup: all files, the archive of the database, and how many rows it has."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which backup."""
        add_reading_options(parser)

    def handle(self, *, name: str, folder: Path | None, identity: Path | None, json: bool, **options: object) -> None:
        """Print what was verified; any fault fails the command."""
        repository = repository_of(folder)
        try:
            keys = keys_to_read(repository, identity)
            result = verify_backup(repository, repository.choose(name), keys)
        except BackupRefused as refused:
            raise CommandError(str(refused)) from None
        self._print(result, as_json=json)
        if result.faults:
            raise CommandError(f"{len(result.faults) + result.more_faults} faults: the backup is not whole.")

    def _print(self, result: Verified, *, as_json: bool) -> None:
        if as_json:
            fields = {
                "name": result.manifest.name, "files": result.files, "rows": result.rows,
                "decrypted": result.decrypted, "faults": result.faults, "more_faults": result.more_faults,
                "faults_when_made": result.manifest.faults,
            }  # fmt: skip
            self.stdout.write(json.dumps(fields))
            return
        for fault in result.faults:
            self.stdout.write(fault)
        if not result.decrypted:
            self.stdout.write(
                "It is encrypted: its bytes were verified, but not what they contain. Give --identity FILE."
            )
        rows = f", {result.rows:,} rows" if result.decrypted else ""
        self.stdout.write(f"{result.manifest.name}: {result.files:,} files{rows} verified.")
        for fault in result.manifest.faults:
            self.stdout.write(f"When it was made: {fault}")
