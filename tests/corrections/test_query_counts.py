"""The queue and the screens of a letter make a fixed number of queries, regardless of their content."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from determinations.corrections import actions
from determinations.models import Letter, LetterState
from imrsite.local.people import make_people
from tests.corrections.letters import NOW, document, item, problem, stored_letter, stored_letters
from tests.fixtures.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

COUNTS = tomllib.loads((Path(__file__).parent / "query_counts.toml").read_text())
PAGES = {
    "queue": "/admin/review/",
    "queue_of_a_reason": "/admin/review/?reason=value_doubtful",
    "queue_mine": "/admin/review/?whose=mine&rest=snoozed",
    "letter": "/admin/review/{quiet}/",
    "letter_in_doubt_and_corrected": "/admin/review/{doubtful}/?reason=value_doubtful",
    "letter_unread": "/admin/review/{unread}/",
    "remove": "/admin/review/{doubtful}/remove/",
    "history": "/admin/history/?letter={doubtful}",
    "pairs": "/admin/versions/",
}


@pytest.fixture(scope="module", params=[2, 12])
def numbers(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, int]]:
    """The numbers of one letter of each kind, of a small and of a large collection, each written once a module."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _collection(request.param)
        transaction.set_rollback(True)


def _collection(size: int) -> dict[str, int]:
    """Letters with this many items each, this many of them doubtful."""
    admin = make_people(PASSWORD)["admin"]
    quiet = stored_letter(document(*(item(f"Item {n}") for n in range(size))))
    doubt = [problem("value_doubtful", "summary")]
    in_doubt = [document(*(item(f"Item {n}") for n in range(size)), problems=doubt) for _ in range(size)]
    letters = [stored_letter(in_doubt[0], text="Synthetic"), *stored_letters(in_doubt[1:])]
    for age in range(30, 30 + size):
        actions.correct_field(letters[0].pk, "age", age, by=admin, now=NOW, reason="misread")
    unread = stored_letter()
    Letter.objects.filter(pk=unread.pk).update(state=LetterState.NO_TEXT)
    return {"quiet": quiet.pk, "doubtful": letters[0].pk, "unread": unread.pk}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_makes_its_number_of_queries_whatever_it_shows(
    name: str, numbers: dict[str, int], as_admin: Client, django_assert_num_queries: Any
) -> None:
    address = PAGES[name].format(**numbers)
    as_admin.get(address)  # fills caches of the process
    with django_assert_num_queries(COUNTS[name]):
        assert as_admin.get(address).status_code == 200
