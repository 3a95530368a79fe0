"""Pages of all items, counted by the sets of one process, are shown alike by another one that shares its answers."""

import random
import re
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from determinations.browsing.selection import parse_selection
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import keeping
from determinations.statistics.sql_engine import one_snapshot
from tests.fixtures.people import People
from tests.statistics.worlds import stored_world

pytestmark = pytest.mark.django_db(transaction=True)

_PAGES = (
    "/statistics/", "/statistics/treatments/", "/statistics/grounds/", "/statistics/grounds/?by=reviewer-authority",
    "/statistics/quality/", "/citations/", "/citations/editions/", "/citations/editions.csv",
    "/citations/authorities/mtus/chronic-pain/", "/citations/authorities/mtus/chronic-pain/editions/",
)  # fmt: skip
_OF_THIS_ANSWER = re.compile(rb'nonce="[^"]*"|csrf[^>]*>')


def test_another_process_shows_the_same(people: People, folder: Path, client: Client) -> None:
    stored_world(random.Random(25), 12)
    keeping.keep_columns()
    client.force_login(people.supervisor)
    with one_snapshot() as engine:  # reads the sets, without which statements count all items
        assert engine.items_by_column(parse_selection(QueryDict("sex=male")).selection) is not None
    for page in _PAGES:
        counted = client.get(page)
        cached_answers.answers.clear()  # which another process does not have
        shared = client.get(page)
        assert counted.status_code == shared.status_code == 200, page
        assert _body(counted) == _body(shared), page


def _body(answer: Any) -> bytes:
    """Of a page, or of a file that comes in parts."""
    return _OF_THIS_ANSWER.sub(b"", answer.getvalue())
