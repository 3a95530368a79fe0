"""Migrates an empty database, as an earlier release made it and later ones upgraded it, or as a new one.

Run as a program with ``--upgraded`` or ``--new`` and its name. The former goes through the migrations that
0001_squashed_0076 replaces.
"""

import gc
import os
import sys
import warnings

import django

#: The newest migration of that earlier release.
STOPPED = "0040_search_vocabulary"


def main(way: str, name: str) -> None:
    """Migrate it; a warning fails it, as it fails a test."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader

    warnings.simplefilter("error")
    gc.set_threshold(100_000)
    connection.close()
    connection.settings_dict["NAME"] = name
    if way == "--upgraded":
        executor = MigrationExecutor(connection)
        executor.loader = MigrationLoader(connection, replace_migrations=False)  # as there was nothing newer
        executor.migrate([("determinations", STOPPED)])
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    main(*sys.argv[1:])
