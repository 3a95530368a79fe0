"""Migrations lock no table for longer than a moment: Squawk reads the SQL of each.

A table of two million letters is read and written while a new version is installed. An index is built concurrently, a
constraint is added as not valid and validated later, and a column gets no default that is worked out for each row.
"""

import gc
import json
import subprocess
import sys
import warnings
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from tests.fixtures import services
from tests.postgresql import template
from tests.postgresql.base import DatabaseCreation

MIGRATIONS = Path(apps.get_app_config("determinations").path) / "migrations"
#: Migrations up to this number were applied, or under way, when the check came.
BASELINE = 65
#: Rules of Squawk for statements that block readers or writers for as long as they take; others are matters of style.
LOCKING = {
    "adding-field-with-default", "adding-not-nullable-field",
    "adding-serial-primary-key-field", "ban-alter-domain-with-add-constraint",
    "ban-concurrent-index-creation-in-transaction",
    "changing-column-type", "constraint-missing-not-valid", "disallowed-unique-constraint",
    "require-concurrent-index-creation", "require-concurrent-index-deletion", "syntax-error",
}  # fmt: skip
#: Findings that may stand, by migration and rule, each with its reason, for example that the table is always small.
ACCEPTED: dict[tuple[str, str], str] = {}
_SQUAWK = str(Path(sys.executable).with_name("squawk"))


def locking_statements(sql: str) -> list[str]:
    """The rules about locks that this SQL breaks."""
    squawk = [_SQUAWK, "--pg-version=15", "--reporter=json", "--stdin-filepath=migration.sql"]
    report = subprocess.run(squawk, input=sql, capture_output=True, text=True, check=False)
    assert report.returncode in (0, 1), report.stderr
    return [finding["rule_name"] for finding in json.loads(report.stdout) if finding["rule_name"] in LOCKING]


@pytest.mark.parametrize(
    ("statement", "rules"),
    [
        ("CREATE INDEX case_age ON determinations_case (age)", ["require-concurrent-index-creation"]),
        ("ALTER TABLE determinations_case ADD CHECK (age > 0)", ["constraint-missing-not-valid"]),
        ("ALTER TABLE determinations_case ALTER COLUMN age TYPE bigint", ["changing-column-type"]),
        (
            "ALTER TABLE determinations_case ADD at date DEFAULT clock_timestamp()",
            ["adding-field-with-default"],
        ),
        ("ALTER TABLE determinations_case ADD note text DEFAULT '' NOT NULL", []),
        ("CREATE TABLE small (n int); CREATE INDEX small_n ON small (n)", []),
    ],
)
def test_statements_that_lock_a_large_table_are_found(statement: str, rules: list[str]) -> None:
    assert locking_statements(f"BEGIN; {statement}; COMMIT;") == rules


@pytest.mark.django_db(transaction=True)  # an index is built concurrently outside of transactions only
def test_new_migrations_lock_no_table_for_long() -> None:
    findings = {(name, rule) for name in _new() for rule in locking_statements(_sql(name))}

    assert findings - ACCEPTED.keys() == set()
    assert all(ACCEPTED.values())


@pytest.mark.django_db
def test_the_database_of_the_tests_is_migrated_and_has_the_rows_that_follow() -> None:
    """Processes of a shared run copy it, and migrate nothing themselves."""
    call_command("migrate", check_unapplied=True, stdout=StringIO())
    for model in apps.get_app_config("determinations").get_models():
        permissions = Permission.objects.filter(
            content_type=ContentType.objects.get_for_model(model, for_concrete_model=False)
        )
        assert permissions.count() == len(model._meta.default_permissions) + len(model._meta.permissions)


def test_a_warning_in_a_migration_fails_the_run_that_makes_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def warns(_creation: DatabaseCreation) -> None:
        warnings.warn("a model without a name", RuntimeWarning, stacklevel=1)

    monkeypatch.setattr(DatabaseCreation, "create_template", warns)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # of a process that pytest did not start
        thresholds = gc.get_threshold()
        try:
            with pytest.raises(RuntimeWarning):
                template.main()
        finally:
            gc.set_threshold(*thresholds)


def test_a_preparation_that_hangs_ends_the_run_and_says_what_hangs(
    monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    class Hanging(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: Any) -> None:
            super().__init__(["sleep", "60"], **options)

    monkeypatch.setattr(services, "_is_embedded", lambda: False)
    monkeypatch.setattr(services, "_LONGEST", 0.1)
    monkeypatch.setattr(services, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": Hanging}))
    with pytest.raises(pytest.exit.Exception, match=r"no end after .* of: sleep 60"):
        services._prepare(pytestconfig)


def _new() -> list[str]:
    names = sorted(path.stem for path in MIGRATIONS.glob("0*.py"))
    return [name for name in names if int(name[:4]) > BASELINE or "_squashed_" in name]


def _sql(name: str) -> str:
    said = StringIO()
    call_command("sqlmigrate", "determinations", name, stdout=said, no_color=True)
    return said.getvalue()


@pytest.mark.django_db
def test_the_sql_of_an_earlier_migration_would_have_been_found() -> None:
    assert "require-concurrent-index-creation" in locking_statements(_sql("0055_notifications"))
