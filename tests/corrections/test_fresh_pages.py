"""A correction shows in lists, statistics and search with the next request after its commit, whatever is kept.

Answers are kept by the version of the data, which triggers change in the transaction of the correction itself (see
``statistics.answer_cache``); lists and search read the rows. So nothing that is kept is ever older than a correction.
"""

import re

import pytest
from django.test import Client
from django.utils import timezone

from determinations.corrections import actions
from determinations.statistics.answer_cache import cached_answers, without_sharing_answers
from tests.corrections.letters import document, item, problem, stored_letter
from tests.fixtures.people import People

#: Pages that the corrections below change.
LISTS = (
    "/items/?request_words=walker", "/search/?q=walker", "/items/", "/cases/?outcome=overturned",
    "/cases/?problem=no_age",    "/cases/facets/?name=outcome",
)  # fmt: skip
STATISTICS = (
    "/statistics/", "/statistics/breakdowns/category/", "/statistics/compare/table/?by=category", "/citations/",
    "/statistics/quality/",
)  # fmt: skip


def shown(client: Client, address: str) -> str:
    """What a page shows, apart from the token of its forms."""
    page = client.get(address)
    assert page.status_code == 200, address
    return re.sub(r'(csrfmiddlewaretoken" value|data-token)="\w+"', "", page.content.decode())


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_the_next_request_shows_a_correction_whatever_was_kept(as_supervisor: Client, people: People) -> None:
    doubt = problem("no_age", "age")
    letter = stored_letter(document(item("Knee brace"), problems=[doubt], age=None))
    stored_letter(document(item("Massage"), problems=[doubt], age=None, case_number="CM16-9000002"))
    before = {address: shown(as_supervisor, address) for address in (*LISTS, *STATISTICS)}
    assert cached_answers.answers
    for path, value in (("items/1/request", "Walker"), ("items/1/decision", "overturned"), ("age", 61)):
        actions.correct_field(letter.pk, path, value, by=people.admin, now=timezone.now(), reason="misread")
    after = {address: shown(as_supervisor, address) for address in before}
    assert [address for address in before if after[address] == before[address]] == []
    cached_answers.answers.clear()
    with without_sharing_answers():
        assert [address for address in STATISTICS if shown(as_supervisor, address) != after[address]] == []
