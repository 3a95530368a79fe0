"""A letter store of its own for each test of backups; another installation; a newer program."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from determinations import migrations
from determinations.reading.schema import known_migrations
from tests.backups.commands import use_store

NEWER = "9999_of_a_newer_program"

_NEWER = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("determinations", "{latest}")]
    operations = [migrations.RunSQL("CREATE TABLE made_by_a_newer_program (id integer)")]
"""


@pytest.fixture
def newer_program(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """``newer_program()`` gives this process one migration more than it has, as an update of the program does."""
    package, ours = tmp_path / "more_migrations", str(migrations.__path__[0])
    package.mkdir()
    latest = max(path.stem for path in Path(ours).glob("0*.py"))
    (package / "__init__.py").write_text(f"__path__ = [{ours!r}, {str(package)!r}]\n")
    (package / f"{NEWER}.py").write_text(_NEWER.format(latest=latest))
    monkeypatch.syspath_prepend(tmp_path)

    def update() -> None:
        settings.MIGRATION_MODULES = {"determinations": package.name}
        known_migrations.cache_clear()

    yield update
    known_migrations.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> Path:
    """A letter store of its own, so that other tests' files are not in it."""
    return use_store(settings, tmp_path / "data")


@pytest.fixture
def elsewhere(settings: Any, tmp_path: Path) -> Iterator[Any]:
    """``elsewhere()`` turns this process to an empty database and an empty letter store."""
    ours = connection.settings_dict["NAME"]

    def turn(name: str) -> None:
        connections["default"].close()
        connection.settings_dict["NAME"] = name

    def elsewhere() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{ours}_restored"')
        turn(f"{ours}_restored")
        use_store(settings, tmp_path / "restored")

    yield elsewhere
    turn(ours)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{ours}_restored"')
