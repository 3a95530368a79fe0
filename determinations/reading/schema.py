"""Whether the database has exactly the migrations of this process's code.

Both ways: a new worker before ``migrate`` misses columns, and an old worker after it does not know them.
"""

from collections.abc import Collection
from functools import cache

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from determinations.intake.store_health import Obstacle

_SHOWN = 3

Key = tuple[str, str]


def schema_obstacle() -> Obstacle | None:
    """Why code and schema do not belong together; None if they do."""
    ours, superseded = known_migrations()
    labels = {config.label for config in apps.get_app_configs()}
    applied = {key for key in MigrationRecorder(connection).applied_migrations() if key[0] in labels}
    lacking = [superseded.get(key, frozenset({key})) - applied for key in ours - applied]
    if pending := sorted(set().union(*lacking)):
        return Obstacle(
            "schema_behind",
            f"The database is older than the program: not migrated yet: {_names(pending)}.",
            "Run manage.py migrate; reading then continues without a restart.",
        )
    replaced = set().union(*superseded.values())
    if unknown := sorted(applied - ours - replaced):
        return Obstacle(
            "schema_ahead",
            f"The database is newer than the program of this worker, which does not know {_names(unknown)}.",
            "Restart the worker with the installed version of the program.",
        )
    return None


def applied_migrations() -> tuple[str, ...]:
    """The migrations of the database, by name."""
    return tuple(f"{app}.{name}" for app, name in sorted(MigrationRecorder(connection).applied_migrations()))


def unknown_migrations(names: Collection[str]) -> str:
    """Those of our applications that this program does not know, in words; empty for none."""
    ours, superseded = known_migrations()
    labels = {config.label for config in apps.get_app_configs()}
    keys = {(app, name) for app, _, name in (entry.partition(".") for entry in names) if app in labels}
    return _names(sorted(keys - ours - set().union(*superseded.values())))


@cache
def known_migrations() -> tuple[frozenset[Key], dict[Key, frozenset[Key]]]:
    """The migrations of this process's code, and those that each squashed one replaces.

    Read once: a process keeps its code when the files on disk change. Call it before the process takes tasks.
    """
    loader = MigrationLoader(None)
    superseded = {key: frozenset(migration.replaces) for key, migration in loader.disk_migrations.items()}
    superseded = {key: replaced for key, replaced in superseded.items() if replaced}
    replaced = {key for keys in superseded.values() for key in keys}
    return frozenset(loader.disk_migrations) - replaced, superseded


def _names(keys: Collection[Key]) -> str:
    shown = [f"{app}.{name}" for app, name in keys][:_SHOWN]
    more = len(keys) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
