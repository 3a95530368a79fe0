"""A new database, made in one step, is the same as one that an earlier release made and that was upgraded since."""

import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from determinations.backups.database import program, running
from determinations.reading.schema import schema_obstacle
from tests.fixtures import ROOT
from tests.postgresql.base import MIGRATED, from_template

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


@pytest.fixture
def databases() -> Iterator[tuple[str, str]]:
    """An upgraded database and a new one."""
    ours = connection.settings_dict["NAME"]
    names = (f"{ours}_upgraded", f"{ours}_new")
    try:
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')  # of a run that was killed
            cursor.execute(f'CREATE DATABASE "{names[0]}"')
            cursor.execute(f'CREATE DATABASE "{names[1]}" {from_template()}')
        to_migrate = names[:1] if from_template() else names
        upgrade = [sys.executable, "-m", "tests.postgresql.upgraded", *to_migrate]
        subprocess.run(upgrade, cwd=ROOT, check=True, timeout=600)
        yield names
    finally:
        _turn_to(str(ours))
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_new_database_is_the_same_as_one_that_was_upgraded(databases: tuple[str, str]) -> None:
    upgraded, new = (_described(name) for name in databases)

    for part, expected in upgraded.items():
        assert new[part] == expected, part
    assert len(upgraded["schema"]) > 10_000
    assert len(upgraded["determinations_statewidefigure"]) == 55
    assert new.keys() == upgraded.keys()


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


def _turn_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _described(name: str) -> dict[str, list[Any]]:
    """The schema, as lines of ``pg_dump``, the rows of each table, permissions, and where sequences are."""
    _turn_to(name)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {MIGRATED} CASCADE")  # of tests, no part of the product
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
