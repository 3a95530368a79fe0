"""What is found besides what was typed is said, and can be left out."""

import pytest
from django.test import Client

from determinations.browsing.other_names import other_names
from determinations.models import Case

pytestmark = pytest.mark.usefixtures("broker")


@pytest.mark.parametrize(
    ("typed", "other", "only"),
    [
        ("norco", "hydrocodone", "only:norco"),
        ("Hydrocodone", "norco", "only:Hydrocodone"),
        ("ms contin", "morphine", 'only:"ms contin"'),
        ("PT", "physical therapy", "only:PT"),
        ("physical therapy", "PT", 'only:"physical therapy"'),
    ],
)
def test_other_names_of_a_term_are_known(typed: str, other: str, only: str) -> None:
    names = other_names(typed)
    assert names is not None
    assert other in names.others
    assert typed not in names.others
    assert names.only == only


@pytest.mark.parametrize("typed", ["", "lumbar", "norco 10/325", "only:norco", "norco OR soma", '"norco"'])
def test_other_searches_have_none(typed: str) -> None:
    assert other_names(typed) is None


def test_the_page_says_what_else_it_finds_and_offers_the_name_alone(
    as_casemanager: Client, collection: list[Case]
) -> None:
    page = as_casemanager.get("/search/", {"q": "norco"}).content.decode()
    assert "Also finds hydrocodone" in page
    assert "?q=only%3Anorco" in page
