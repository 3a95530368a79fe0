"""Pages of all items, counted by the sets of one process, are shown alike by another one that shares its answers."""

import random
import re
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from determinations.browsing.selection import parse_selection
from determinations.models import Case, PrintedCitation
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.columns import keeping
from determinations.statistics.precompute import precompute_first_pages
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


def test_words_of_letters_are_kept_in_the_process_only(people: People, folder: Path, client: Client) -> None:
    """The broker's memory, its file and its backups hold no letter text (``imrsite/deploy/encryption.md``)."""
    stored_world(random.Random(26), 4)
    word = "Zebrafinch"
    PrintedCitation.objects.create(
        letter_id=Case.objects.current()[0].pk,
        path="items/1/reviewer",
        printed=f"Note of {word}",
        normalised=word.lower(),
    )
    keeping.keep_columns()
    client.force_login(people.supervisor)
    precompute_first_pages()
    assert [word in client.get(page).getvalue().decode() for page in _PAGES].count(True) == 1
    with CaptureQueriesContext(connection) as queries:
        assert word in client.get("/statistics/quality/").getvalue().decode()
    assert not [query["sql"] for query in queries if "determinations_printedcitation" in query["sql"]]
    with redis.Redis.from_url(str(settings.CACHES["default"]["LOCATION"])) as shared:
        answers = [shared.get(name) for name in shared.scan_iter(match=cache.make_key("statistics:*"))]
    assert answers
    assert not [answer for answer in answers if word.lower().encode() in answer.lower()]


def _body(answer: Any) -> bytes:
    """Of a page, or of a file that comes in parts."""
    return _OF_THIS_ANSWER.sub(b"", answer.getvalue())
