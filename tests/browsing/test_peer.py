"""``benchmark_peer``: its file has our items, and its addresses ask for the same ones. Datasette is not installed."""

import json
import random
import sqlite3
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.http import QueryDict

from determinations.browsing.lists import LISTS
from determinations.filters.lookups import Lookups
from determinations.management.commands.benchmark_peer import Query, lines
from determinations.management.peer import write_peer
from determinations.models import Case, ItemFact


def ours(query: Query) -> int:
    """How many items our list has for these parameters."""
    asked = QueryDict(mutable=True)
    for name, value in query:
        asked.appendlist(name, value)
    return LISTS["items"].filterset(asked, lookups=Lookups()).qs.count()


def theirs(database: sqlite3.Connection, query: Query) -> int:
    """How many the peer's file has, by the SQL that Datasette makes of these parameters."""
    conditions, values = ["true"], []
    for name, value in query:
        column, _, operator = name.partition("__")
        if name == "_through":
            through = json.loads(value)
            conditions.append(f"item_id IN (SELECT item_id FROM {through['table']} WHERE {through['column']} = ?)")
            value = through["value"]
        else:
            conditions.append(f"{column} {({'exact': '=', 'gte': '>=', 'lte': '<='})[operator]} ?")
        values.append(value)
    (number,) = database.execute(f"SELECT count(*) FROM items WHERE {' AND '.join(conditions)}", values).fetchone()
    return int(number)


def test_the_peer_has_our_items_and_both_list_the_same(collection: list[Case], tmp_path: Path) -> None:
    assert write_peer(tmp_path, ItemFact.objects.all()) == ItemFact.objects.count() > 50
    database = sqlite3.connect(tmp_path / "items.db")
    measured = dict(lines(random.Random(3), 10))

    assert len(measured) == 7
    for name in ("first page", "category and decision", "range of years", "authority", "category, decision and years"):
        for choice in [measured[name]() for _ in range(6)]:
            assert theirs(database, choice.theirs) == ours(choice.ours), (name, choice)
    (words,) = database.execute("SELECT count(*) FROM items_fts WHERE items_fts MATCH 'pain'").fetchone()
    assert words > 0
    database.close()


def test_a_peer_that_is_not_installed_is_named(collection: list[Case]) -> None:
    with pytest.raises(CommandError, match="no-such-program does not exist: install datasette"):
        call_command("benchmark_peer", program="no-such-program", repeat=1)
