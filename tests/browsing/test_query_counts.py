"""No page makes more queries than the file allows, however many rows it shows, or sorts what an index orders."""

import gc
import tomllib
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from determinations.cases.search_words import old_words_remain
from determinations.models import Case

LIMITS = tomllib.loads((Path(__file__).parent / "query_counts.toml").read_text())
PAGES = {
    "home": "/",
    "cases": "/cases/",
    "cases_filtered": "/cases/?outcome=overturned&outcome=partly&reviewer_authority=odg/pain&sort=items",
    "cases_facets": "/cases/facets/?outcome=upheld&category=Pharmaceuticals",
    "items": "/items/",
    "items_filtered": "/items/?decision=upheld&category=Pharmaceuticals&reviewer_section=opioid&q=pain",
    "items_facets": "/items/facets/?decision=upheld&sex=female",
    "decisions": "/decisions/?outcome=upheld",
    "search": "/search/?q=pain",
    "search_newest": "/search/?q=pain&order=newest",
    "case": "/cases/{pk}/?list=cases&sort=-decided",
    "alike": "/cases/{pk}/items/1/alike/",
    "saved_views": "/views/",
    "reports": "/reports/",
    "reports_to_make": "/statistics/reports/",
}
#: Lists of tables that grow, as they begin, end and are narrowed.
ORDERED = [
    "/worklist/", "/worklist/?before=end", "/worklist/?when=later", "/worklist/?whose=mine", "/worklist/?whose=nobody",
    "/worklist/?when=closed", "/api/v1/duties", "/uploads/", "/audit/", "/notifications/", "/exports/",
    "/admin/review/", "/admin/history/",
]  # fmt: skip
#: PostgreSQL then sorts only where no index has the order, also in tables without rows.
_BY_INDEX = "; ".join(
    f"SET LOCAL enable_{way} = off" for way in ("sort", "seqscan", "bitmapscan", "hashjoin", "mergejoin")
)


@pytest.mark.parametrize("name", PAGES)
def test_queries_stay_within_their_number(
    name: str, as_casemanager: Client, collection: list[Case], broker: None, django_assert_max_num_queries: Any
) -> None:
    url = PAGES[name].format(pk=collection[7].pk)
    old_words_remain()  # which each process remembers for a while
    with django_assert_max_num_queries(LIMITS[name]):
        response = as_casemanager.get(url)
    assert response.status_code == 200


def test_the_benchmark_reports_what_a_page_reads(collection: list[Case], broker: None) -> None:
    said = StringIO()
    call_command("benchmark_pages", repeat=1, reads=1, only="cases: first page,search: newest", stdout=said)
    gc.unfreeze()
    _letters, _head, *lines = said.getvalue().splitlines()
    for line in lines:
        rows, _most_rows, blocks, _most_blocks = line.split()[-4:]
        assert int(rows.replace(",", "")) >= len(collection)
        assert int(blocks.replace(",", "")) > 0
    assert len(lines) == 2


@pytest.mark.parametrize("url", ORDERED)
def test_a_page_of_a_list_is_read_in_the_order_of_an_index(url: str, as_admin: Client, broker: None) -> None:
    sorting, read = [], 0

    def explained(
        execute: Callable[..., object], sql: str, params: object, many: bool, context: dict[str, Any]
    ) -> object:
        nonlocal read
        if sql.startswith("SELECT") and "ORDER BY" in sql and "LIMIT" in sql and 'FROM "auth_user"' not in sql:
            read += 1
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                if {"Sort", "Incremental Sort"} & set(_steps(cursor.fetchone()[0][0]["Plan"])):
                    sorting.append(sql)
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute(_BY_INDEX)
    with connection.execute_wrapper(explained):
        assert as_admin.get(url).status_code == 200
    assert read
    assert not sorting


def _steps(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["Node Type"]
    for part in plan.get("Plans", ()):
        yield from _steps(part)
