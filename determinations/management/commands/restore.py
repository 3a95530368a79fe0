"""``manage.py restore``: restores a backup into an empty installation."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from determinations.backups.faults import BackupRefused
from determinations.backups.restoring import restore_backup
from determinations.management.backup_options import add_reading_options, keys_to_read, repository_of
from determinations.models import FileKeyInUse
from determinations.reading.schema import schema_obstacle
from determinations.storage.register import missing_keys


class Command(BaseCommand):
    """Run it as the owner of the tables, with web server, workers and scheduler stopped."""

    help = "Restore a backup into the database and the letter store of the settings, which have to be empty."
    requires_system_checks: list[str] = []  # the database is empty

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which backup, and into what."""
        add_reading_options(parser)
        parser.add_argument("--replace", action="store_true", help="delete what the database has; files are kept")
        parser.add_argument(
            "--no-privileges", action="store_true", help="grant nothing: for a server without the roles of roles.sh"
        )

    def handle(
        self, *, name: str, folder: Path | None, identity: Path | None, replace: bool, no_privileges: bool,
        json: bool, **options: object,
    ) -> None:  # fmt: skip
        """Restore, and record it."""
        repository = repository_of(folder)
        try:
            keys = keys_to_read(repository, identity)
            manifest = restore_backup(
                repository, repository.choose(name), keys, replace=replace, privileges=not no_privileges,
                now=timezone.now(),
            )  # fmt: skip
        except BackupRefused as refused:
            raise CommandError(str(refused)) from None
        if json:
            self.stdout.write(_as_json(asdict(manifest)))
            return
        self.stdout.write(
            f"{manifest.name} was restored: {manifest.files:,} files, {sum(manifest.tables.values()):,} rows. "
            "Run manage.py migrate, then manage.py check_store, and start web server, workers and scheduler."
        )
        if obstacle := schema_obstacle():
            self.stdout.write(f"{obstacle.what} manage.py migrate brings it up to date.")
        if FileKeyInUse._meta.db_table in connection.introspection.table_names() and (missing := missing_keys()):
            self.stdout.write(f"Its files need keys that FILE_KEYS lacks: {', '.join(missing)}. Add them first.")


def _as_json(fields: dict[str, object]) -> str:
    return json.dumps(fields)
