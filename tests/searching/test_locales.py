"""The database's locale has no say in what is found."""

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from determinations.searching.query import read_query
from determinations.searching.tsquery import Scope, to_tsquery
from determinations.searching.vectors import ItemWords, item_vectors
from tests.searching.test_query import ITEM

pytestmark = pytest.mark.django_db(transaction=False)

#: One that knows no letters beyond ASCII, and one with all the rules of Unicode.
LOCALES = {
    "c": "LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' LOCALE 'C'",
    "unicode": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'",
}
TEXTS = (
    ITEM,
    ItemWords("Lidoderm® patch", "The patient’s “café-au-lait” spots – naïve; ÉLAN İSTANBUL straße.", ("ODG",)),
    ItemWords("MRI—lumbar", "Fusion at L4–5…", ()),
)
QUERIES = ("lidocaine", "café", "CAFE", "élan", "istanbul", "straße", "mri", "L4-5", "lumbar",
           "naive", "request:lidoderm", '"not medically necessary"', "na*")  # fmt: skip


def answers(locale: str) -> list[tuple[bool, ...]]:
    """What each query finds in a database of the locale."""
    name = f"{connection.settings_dict['NAME']}_{locale}"[:60]
    parameters = {**connection.get_connection_params(), "autocommit": True}
    for other in ("cursor_factory", "context", "prepare_threshold", "server_side_binding"):
        parameters.pop(other, None)
    vectors = [vector for item in TEXTS for vector in item_vectors([item])]
    queries = [to_tsquery(read_query(query), Scope.ITEMS) for query in QUERIES]
    with psycopg.connect(**parameters) as here:
        here.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' " + LOCALES[locale]
        here.execute(sql.SQL(create).format(sql.Identifier(name)))
        try:
            with psycopg.connect(**{**parameters, "dbname": name}) as there:
                return [
                    tuple(
                        bool(row[0])
                        for vector in vectors
                        for row in there.execute("SELECT %s::tsvector @@ %s::tsquery", [vector, query])
                    )
                    for query in queries
                ]
        finally:
            here.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def test_two_locales_give_the_same_answers() -> None:
    found = {locale: answers(locale) for locale in LOCALES}
    assert found["c"] == found["unicode"]
    assert all(any(row) for query, row in zip(QUERIES, found["c"], strict=True) if query != '"patient café"'), found[
        "c"
    ]
