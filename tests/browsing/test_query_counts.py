"""No page makes more queries than the file allows, however many rows it shows."""

import gc
import tomllib
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
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
