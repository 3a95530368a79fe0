"""A new database, made in one step, is the same as one that an earlier release made and that was upgraded since."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from determinations.backups.database import program, running
from determinations.reading.schema import schema_obstacle
from tests.fixtures import ROOT
from tests.postgresql.base import MIGRATED, from_template
from tests.postgresql.snapshots import BOOKS

#: What an upgrade left: digests of all parts, and of what it depends on.
RECORD = ROOT / "tests" / "postgresql" / "upgraded.json"
RECORD_AGAIN = bool(os.environ.get("IMRSITE_RECORD_UPGRADED"))
RECORD_WITH = "IMRSITE_RECORD_UPGRADED=1 python3 manage.py test tests/infra/test_squashed_migration.py"
SQUASHED = "0001_squashed_0076_damaged_texts_failing_views"
#: Rows that are compared by name, for Django numbers them in the order in which it met them; marks are random.
_OTHERWISE = ("auth_group_permissions", "auth_permission", "determinations_factchange", "django_content_type",
              "django_migrations")  # fmt: skip
_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> ALL (%s)
"""
_PERMISSIONS = """
SELECT app_label, model, codename, permission.name, ARRAY(
    SELECT role.name FROM auth_group_permissions JOIN auth_group role ON role.id = group_id
    WHERE permission_id = permission.id ORDER BY 1
)
FROM django_content_type type LEFT JOIN auth_permission permission ON content_type_id = type.id ORDER BY 1, 2, 3
"""
_SEQUENCES = """
SELECT sequencename, last_value FROM pg_sequences
WHERE schemaname = 'public' AND NOT starts_with(sequencename, 'determinations_factchange') AND
    NOT starts_with(sequencename, 'django_migrations')
ORDER BY 1
"""


class Databases:
    """A new database and an upgraded one, each made when it is asked for."""

    def __init__(self, ours: str) -> None:
        self.ours, self.new, self.upgraded = ours, f"{ours}_new", f"{ours}_upgraded"
        self.drop()  # of a run that was killed

    def make_new(self) -> dict[str, list[Any]]:
        self._create(self.new, from_template())
        if not from_template():
            _migrate("--new", self.new)
        return _described(self.new)

    def upgrade(self) -> dict[str, list[Any]]:
        self._create(self.upgraded)
        _migrate("--upgraded", self.upgraded)
        return _described(self.upgraded)

    def drop(self) -> None:
        for name in (self.new, self.upgraded):
            self._say(f'DROP DATABASE IF EXISTS "{name}"')

    def _create(self, name: str, template: str = "") -> None:
        self._say(f'CREATE DATABASE "{name}" {template}')

    def _say(self, statement: str) -> None:
        _turn_to(self.ours)
        with connection.cursor() as cursor:
            cursor.execute(statement)


def _migrate(way: str, name: str) -> None:
    subprocess.run([sys.executable, "-m", "tests.postgresql.upgraded", way, name], cwd=ROOT, check=True, timeout=600)


def _turn_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _described(name: str) -> dict[str, list[Any]]:
    """The schema, as lines of ``pg_dump``, the rows of each table, permissions, and where sequences are."""
    _turn_to(name)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {MIGRATED}, {BOOKS} CASCADE")  # of tests, no part of the product
    with running([program("pg_dump"), "--schema-only"], stdout=subprocess.PIPE) as dump:
        assert dump.stdout is not None
        lines = dump.stdout.read().decode().splitlines()
    described: dict[str, list[Any]] = {
        "schema": [line for line in lines if not line.startswith(("\\restrict", "\\unrestrict"))]  # random
    }
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [list(_OTHERWISE)])
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT to_jsonb(entry) - 'changed_at' FROM {table} AS entry ORDER BY 1")
            described[table] = cursor.fetchall()
        for part, query in (("permissions", _PERMISSIONS), ("sequences", _SEQUENCES)):
            cursor.execute(query)
            described[part] = cursor.fetchall()
    return described


def _digest(part: list[Any]) -> str:
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16]


def _made_by() -> dict[str, str]:
    """What an upgrade depends on: the migrations of all packages, how they are run, Django, and the server."""
    files = [ROOT / "tests" / "postgresql" / "upgraded.py"]
    for app in apps.get_app_configs():
        files += sorted(path for path in (Path(app.path) / "migrations").glob("*") if path.suffix in {".py", ".sql"})
    migrations = hashlib.sha256()
    for path in files:
        migrations.update(f"{path.parent.parent.name}/{path.name}\0".encode() + path.read_bytes())
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user || ' on PostgreSQL ' || current_setting('server_version')")
        (server,) = cursor.fetchone()
    return {"migrations": migrations.hexdigest()[:16], "django": django.get_version(), "server": server}


@pytest.fixture
def databases() -> Iterator[Databases]:
    """Those that are compared, with the names of this run."""
    databases = Databases(str(connection.settings_dict["NAME"]))
    try:
        yield databases
    finally:
        databases.drop()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_new_database_is_the_same_as_one_that_was_upgraded(databases: Databases) -> None:
    """The upgrade takes 20 s, so it is done only where the record of it is of other migrations, Django or contents."""
    new = databases.make_new()
    of_new = {"made by": _made_by(), "parts": {name: _digest(part) for name, part in new.items()}}
    recorded = json.loads(RECORD.read_text())
    if of_new == recorded and not RECORD_AGAIN:
        return

    upgraded = databases.upgrade()
    for part, expected in upgraded.items():
        assert new[part] == expected, part
    assert len(upgraded["schema"]) > 10_000
    assert len(upgraded["determinations_statewidefigure"]) == 55
    assert new.keys() == upgraded.keys()
    if RECORD_AGAIN:
        RECORD.write_text(json.dumps(of_new, indent=1) + "\n")
    elif of_new["made by"]["server"] == recorded["made by"]["server"]:
        pytest.fail(
            "An upgraded database is the same as a new one, but not as it was recorded, which makes this test slow."
            f" Record it: {RECORD_WITH}"
        )


@pytest.mark.django_db
def test_a_database_that_has_all_that_was_replaced_is_complete() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("determinations", SQUASHED)
    said = StringIO()

    assert schema_obstacle() is None
    call_command("migrate", stdout=said)

    assert "No migrations to apply" in said.getvalue()
    assert ("determinations", SQUASHED) in recorder.applied_migrations()


@pytest.mark.django_db
def test_what_a_database_of_an_earlier_release_lacks_is_named() -> None:
    recorder = MigrationRecorder(connection)
    for name in (SQUASHED, "0075_vectors_in_their_rows", "0076_damaged_texts_failing_views"):
        recorder.record_unapplied("determinations", name)

    obstacle = schema_obstacle()

    assert obstacle
    assert obstacle.what.endswith(
        "not migrated yet: determinations.0075_vectors_in_their_rows, determinations.0076_damaged_texts_failing_views."
    )
