"""Django's PostgreSQL backend for tests: a test that commits leaves the tables as the migrations made them.

Django empties all tables after such a test and inserts the rows of the migrations again one by one, which costs more
than most tests. Here the rows are kept in a schema beside the tables and copied back in a few statements.
"""

import fcntl
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base, creation, operations

from tests.postgresql.snapshots import restore, take

#: The schema that holds the rows of the migrations.
MIGRATED = "migrated"


class DatabaseCreation(creation.DatabaseCreation):
    """Keeps the rows that the migrations left. Processes of one run migrate once: the others copy that database."""

    def create_test_db(self, *args: Any, **options: Any) -> str:
        if not (settings.XDIST and self.connection.settings_dict["HOST"].startswith(str(settings.EMBEDDED.sockets))):
            return self._migrate(*args, **options)
        with (settings.TEST_DIR / "migrated.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (done := settings.TEST_DIR / "migrated").exists():
                self.connection.settings_dict["TEST"]["TEMPLATE"] = done.read_text()
                return str(super().create_test_db(*args, **{**options, "serialize": False}))
            name = self._migrate(*args, **options)
            self.connection.close()  # a database is copied only while nobody uses it
            self.clone_test_db("copied", verbosity=0)
            done.write_text(self.get_test_db_clone_settings("copied")["NAME"])
            return name

    def _migrate(self, *args: Any, **options: Any) -> str:
        name: str = super().create_test_db(*args, **{**options, "serialize": False})
        with self.connection.cursor() as cursor:
            take(cursor, MIGRATED)
        return name


class DatabaseOperations(operations.DatabaseOperations):
    """Copies them back where Django would empty the tables."""

    def sql_flush(self, *args: Any, **options: Any) -> list[str]:
        """Nothing: Django then sends no ``post_migrate`` signal, whose receivers would add the same rows again."""
        return []

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        with self.connection.cursor() as cursor:
            restore(cursor, MIGRATED)


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL with both of these."""

    creation_class = DatabaseCreation
    ops_class = DatabaseOperations
