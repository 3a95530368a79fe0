"""Django's PostgreSQL backend for tests: a test that commits leaves the tables as the migrations made them.

Django empties all tables after such a test and inserts the rows of the migrations again one by one, which costs more
than most tests. Here the rows are kept in a schema beside the tables, and a function copies back what changed.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base, creation, operations

from tests.postgresql.snapshots import prepare, restore, take

#: The schema that holds the rows of the migrations.
MIGRATED = "migrated"
#: Where a run keeps the name of the database that its processes copy.
_TEMPLATE = settings.TEST_DIR / "migrated"


def from_template() -> str:
    """The end of a ``CREATE DATABASE`` that copies what was migrated for this run; empty in a run of one process."""
    return f'TEMPLATE "{_TEMPLATE.read_text()}"' if settings.XDIST and _TEMPLATE.exists() else ""


class DatabaseCreation(creation.DatabaseCreation):
    """Keeps the rows that the migrations left. Processes of one run copy a database that was migrated before them."""

    def create_test_db(self, *args: Any, **options: Any) -> str:
        if settings.XDIST and _TEMPLATE.exists():
            return self._copy(_TEMPLATE.read_text())
        name: str = super().create_test_db(*args, **{**options, "serialize": False})
        with self.connection.cursor() as cursor:
            prepare(cursor)
            take(cursor, MIGRATED)
        return name

    def create_template(self) -> None:
        """Migrate the database that the processes of this run copy. Nobody may use it afterwards."""
        name = self.create_test_db(verbosity=0, autoclobber=True)
        self.connection.close()  # a database is copied only while nobody uses it
        _TEMPLATE.write_text(name)

    def _copy(self, template: str) -> str:
        """A copy needs no migration, whose search for something to do would take seconds."""
        self.connection.settings_dict["TEST"]["TEMPLATE"] = template
        name = str(self._get_test_db_name())  # type: ignore[attr-defined]  # the stubs lack both
        self._create_test_db(verbosity=0, autoclobber=True)  # type: ignore[attr-defined]  # as above
        self.connection.close()
        settings.DATABASES[self.connection.alias]["NAME"] = self.connection.settings_dict["NAME"] = name
        self.connection.ensure_connection()
        return name

    def destroy_test_db(self, *args: Any, **options: Any) -> None:
        """Of a server that is removed after the run with all its databases, none is dropped."""
        self.connection.close()
        if not settings.DATABASES["default"]["HOST"].startswith(str(settings.EMBEDDED.sockets)):
            super().destroy_test_db(*args, **options)


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
