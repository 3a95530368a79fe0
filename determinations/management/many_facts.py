"""Many fact rows for benchmarks, in a schema of their own: the tables of the installation stay as they are.

Each row is a copy of one that is there, as an item of another case, with the dates of its case moved by up to two
years. Letters, texts and values of the office are not copied.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from determinations.models import CitationFact, ColumnFile, FactChange, FactLog, ItemFact

_SCHEMA = "imrsite_benchmark"
#: Tables that the copies need; those beside the facts start empty.
_TABLES = (ItemFact, CitationFact, ColumnFile, FactLog, FactChange)
_DATES = (
    "decision_date", "date_of_injury", "ur_denial_date", "application_received", "date_assigned",
)  # fmt: skip
_MOVED = "abs(hashint8(fact.case_id * 1000003 + copy) % 730)"
_INDEXES = """
SELECT replace(indexdef, ' ON ' || schemaname || '.', ' ON {schema}.') FROM pg_indexes
WHERE schemaname = %s AND tablename = ANY(%s)
"""


@contextmanager
def many_facts(items: int) -> Iterator[int]:
    """At least so many items (if there are any to copy), for this process's connection, until the block ends."""
    before = connection.settings_dict["OPTIONS"].get("options", "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (main,) = cursor.fetchone()
    try:
        _make(main, items)
        connection.close()
        connection.settings_dict["OPTIONS"]["options"] = f"{before} -c search_path={_SCHEMA},{main}".strip()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM determinations_itemfact")
            (number,) = cursor.fetchone()
        yield number
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"]["options"] = before
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE")


def _make(main: str, items: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), COALESCE(max(item_id), 0), max(case_id) FROM determinations_itemfact")
        number, last_item, last_case = cursor.fetchone()
        copies = -(-items // number) if number else 0
        cursor.execute(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE")
        cursor.execute(f"CREATE SCHEMA {_SCHEMA}")
        for model in _TABLES:
            table = model._meta.db_table
            cursor.execute(
                f"CREATE UNLOGGED TABLE {_SCHEMA}.{table} (LIKE {main}.{table} INCLUDING DEFAULTS INCLUDING IDENTITY)"
            )
        moved = {date: f"entry.{date} + {_MOVED}" for date in _DATES}
        of_items = {
            **moved,
            "item_id": f"entry.item_id + copy * {last_item}",
            "case_id": f"entry.case_id + copy * {last_case}",
            "decision_month": f"date_trunc('month', ({moved['decision_date']})::timestamp)::date",
            "decision_year": f"extract(year FROM {moved['decision_date']})",
            "injury_year": f"extract(year FROM {moved['date_of_injury']})",
        }
        of_citations = {"fact_id": f"entry.fact_id + copy * {last_item}", "on_date": f"entry.on_date + {_MOVED}"}
        for model, special, key in ((ItemFact, of_items, "item_id"), (CitationFact, of_citations, "fact_id")):
            columns = [str(field.column) for field in model._meta.concrete_fields if field.column != "id"]
            values = ", ".join(special.get(column, f'entry."{column}"') for column in columns)
            cursor.execute(f"""
                INSERT INTO {_SCHEMA}.{model._meta.db_table} ({", ".join(columns)})
                SELECT {values} FROM generate_series(0, {copies - 1}) AS copy
                CROSS JOIN {main}.{model._meta.db_table} AS entry
                JOIN {main}.determinations_itemfact AS fact ON fact.item_id = entry.{key}
                ORDER BY copy, entry.{key}
            """)  # noqa: S608 - names and numbers of our own
        cursor.execute(_INDEXES.format(schema=_SCHEMA), [main, [model._meta.db_table for model in _TABLES]])
        for (definition,) in cursor.fetchall():
            cursor.execute(definition)
        cursor.execute(f"INSERT INTO {_SCHEMA}.determinations_factchange (mark) VALUES (1)")  # noqa: S608 - a constant
        cursor.execute(f"ANALYZE {_SCHEMA}.determinations_itemfact, {_SCHEMA}.determinations_citationfact")
