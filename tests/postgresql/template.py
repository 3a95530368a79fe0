"""Migrates the database that the processes of a run copy; run as a program while they are being prepared."""

import gc
import os
import warnings

import django


def main() -> None:
    """Migrate it; a warning fails it, as it fails a test.

    Garbage is looked for seldom: each migration makes the models anew, and looking takes longer.
    """
    from django.db import connection

    from tests.postgresql.base import DatabaseCreation

    warnings.simplefilter("error")
    gc.set_threshold(100_000)
    creation = connection.creation
    assert isinstance(creation, DatabaseCreation)
    creation.create_template()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    main()
