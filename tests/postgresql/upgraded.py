"""Migrates empty databases: one as an earlier release made it and later ones upgraded it, and any others as new ones.

Run as a program with their names. The first goes through the migrations that 0001_squashed_0076 replaces.
"""

import gc
import os
import sys
import warnings

import django

#: The newest migration of that earlier release.
STOPPED = "0040_search_vocabulary"


def main(upgraded: str, *new: str) -> None:
    """Migrate all; a warning fails it, as it fails a test."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader

    warnings.simplefilter("error")
    gc.set_threshold(100_000)
    for name, earlier in ((upgraded, STOPPED), *((name, "") for name in new)):
        connection.close()
        connection.settings_dict["NAME"] = name
        ContentType.objects.clear_cache()
        if earlier:
            executor = MigrationExecutor(connection)
            executor.loader = MigrationLoader(connection, replace_migrations=False)  # as there was nothing newer
            executor.migrate([("determinations", earlier)])
        call_command("migrate", verbosity=0)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    main(*sys.argv[1:])
