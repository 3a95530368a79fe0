"""Makes the views that scopes read instead of tables, from the rules (``row_rules``) and the columns of the tables.

They are made again after every migration, in one transaction. While migrations run they are locked: replaced by views
without columns, so that a request of a limited account fails instead of reading the tables.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from django.apps import apps
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from determinations.access.row_rules import RULES, SHADOWS, SHARED, USER_NAMES, Masks
from determinations.access.scope import LIMITED, LIMITED_AND_MASKED, MASKED

_PREFIX = "determinations_"
#: Django's table of users, of which limited accounts see some names replaced.
_USERS = "auth_user"
_COLUMNS = """
SELECT regexp_replace(relname, '^' || %(prefix)s, ''), array_agg(attname::text ORDER BY attnum)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    AND (starts_with(relname, %(prefix)s) OR relname = %(users)s) AND attnum > 0 AND NOT attisdropped
GROUP BY relname
"""
_LOCKED = "locked while migrations run"
#: Without it, statements on a view would run with the rights of its owner.
_VIEW = "CREATE VIEW {schema}.{table} WITH (security_invoker = true) AS SELECT {columns} FROM {source} AS entry"


class NotPlaced(Exception):
    """A table is in no rule: who may see its rows is not known."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(
            f"No rule says who sees the rows of {', '.join(tables)}. Add each to RULES or SHARED in "
            "determinations/access/row_rules.py."
        )


def make_views(using: str = "default", **details: object) -> None:
    """Make the views again if tables or rules changed. A receiver of ``post_migrate``. Raises :class:`NotPlaced`."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        tables, main = _tables(cursor), _main_schema(cursor)
        statements = list(_statements(tables, main))
        if not statements:
            return  # migrated back to before there were offices: the views stay locked
        digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
        if _note(cursor) == digest:
            return
        for statement in statements:
            cursor.execute(statement)
        cursor.execute(f"COMMENT ON SCHEMA {LIMITED} IS '{digest}'")  # a digest in hexadecimal


def lock_views(using: str = "default", plan: Sequence[object] = (), **details: object) -> None:
    """Before migrations: a table can be changed only if no view reads it. A receiver of ``pre_migrate``."""
    if not plan:
        return
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        if _note(cursor) is None:
            return
        for schema in (LIMITED, MASKED, LIMITED_AND_MASKED):
            for statement in _new_schema(schema):
                cursor.execute(statement)
            for table in RULES:
                cursor.execute(f"CREATE VIEW {schema}.{_PREFIX}{table} AS SELECT WHERE false")  # names of our own
        cursor.execute(f"COMMENT ON SCHEMA {LIMITED} IS '{_LOCKED}'")


def _note(cursor: CursorWrapper) -> str | None:
    """What the views were made from; None if there are none."""
    cursor.execute("SELECT obj_description(to_regnamespace(%s), 'pg_namespace')", [LIMITED])
    note: str | None = cursor.fetchone()[0]
    return note


def _main_schema(cursor: CursorWrapper) -> str:
    cursor.execute("SELECT current_schema()")
    main: str = cursor.fetchone()[0]
    return main


def _tables(cursor: CursorWrapper) -> dict[str, list[str]]:
    """The columns of the product's tables and of that of users, by table without its prefix."""
    cursor.execute(_COLUMNS, {"prefix": _PREFIX, "users": _USERS})
    return dict(cursor.fetchall())


def unplaced_tables() -> list[str]:
    """Tables of models that no rule names."""
    models = apps.get_app_config("determinations").get_models(include_auto_created=True)
    tables = {model._meta.db_table.removeprefix(_PREFIX) for model in models}
    return sorted(tables - RULES.keys() - SHARED)


def _statements(tables: Mapping[str, Sequence[str]], main: str) -> Iterator[str]:
    """What makes all views; nothing if the tables are those of an earlier version."""
    if unplaced := unplaced_tables():
        raise NotPlaced(unplaced)
    if not {*RULES, _USERS} <= tables.keys() or "office_set_id" not in tables["letter"]:
        return
    yield from _new_schema(LIMITED)
    yield _view(LIMITED, _USERS, tables[_USERS], main, _masks(USER_NAMES, main))
    for table, rule in RULES.items():
        visible = rule.visible.format(seen=LIMITED, tables=main)
        yield f"{_view(LIMITED, _PREFIX + table, tables[table], main, _masks(rule.limited, main))} WHERE {visible}"
    for schema, source in ((MASKED, main), (LIMITED_AND_MASKED, LIMITED)):
        yield from _masked(schema, source, tables)
    yield _view(LIMITED_AND_MASKED, _USERS, tables[_USERS], LIMITED)
    for schema in (LIMITED, MASKED, LIMITED_AND_MASKED):
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO PUBLIC"


def _masks(masks: Masks, main: str) -> Masks:
    """Masks that name tables, with the schema of these."""
    return {column: mask.format(tables=main) for column, mask in masks.items()}


def _masked(schema: str, source: str, tables: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from _new_schema(schema)
    for table, rule in RULES.items():
        view = _view(schema, _PREFIX + table, tables[table], source, rule.masks or {})
        yield f"{view} WHERE false" if rule.masks is None else view
    for shadow in SHADOWS:
        yield (
            f"CREATE FUNCTION {schema}.{shadow.name}({shadow.arguments}) RETURNS {shadow.returns} "
            f"LANGUAGE sql IMMUTABLE AS 'SELECT {shadow.value}::{shadow.returns}'"
        )


def _new_schema(schema: str) -> Iterator[str]:
    yield f"DROP SCHEMA IF EXISTS {schema} CASCADE"
    yield f"CREATE SCHEMA {schema}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO PUBLIC"


def _view(schema: str, table: str, columns: Sequence[str], source: str, masks: Masks | None = None) -> str:
    unknown = set(masks or ()) - set(columns)
    if unknown:
        raise NotPlaced([f"{table}.{column}" for column in sorted(unknown)])
    shown = (_column(table, name, (masks or {}).get(name), source) for name in columns)
    return _VIEW.format(schema=schema, table=table, columns=", ".join(shown), source=f"{source}.{table}")


def _column(table: str, name: str, mask: str | None, source: str) -> str:
    if mask is None:
        return f'entry."{name}"'
    # The type of the column, so that comparisons with it mean the same.
    return f'CASE WHEN false THEN entry."{name}" ELSE {mask} END AS "{name}"'
