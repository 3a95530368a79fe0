"""What is found besides what was typed is said, and can be left out."""

import pytest
from django.test import Client

from determinations.browsing.other_names import other_names
from determinations.browsing.outcome_words import NamedDecision, named_decision
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


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("knee MRI overturned", ("knee MRI", "overturned")),
        ("Upheld  L4-5 norco 10/325", ("L4-5 norco 10/325", "upheld")),
        ("overturned", None),
        ("knee", None),
        ("knee overturned OR upheld", None),
        ("knee or overturned", None),
        ("knee not overturned", None),
        ("knee wasn’t upheld", None),
        ("the overturned", None),
        ("upheld knee overturned", None),
        ('"decision is overturned" knee', None),
        ("rationale:overturned knee", None),
        ("knee -overturned", None),
    ],
)
def test_a_decision_that_a_search_names_is_told_from_its_words(typed: str, named: tuple[str, str] | None) -> None:
    assert named_decision(typed) == (NamedDecision(*named) if named else None)


def test_a_search_that_names_a_decision_offers_items_with_that_decision(
    as_casemanager: Client, collection: list[Case]
) -> None:
    page = as_casemanager.get("/search/", {"q": "norco & overturned"}).content.decode()
    assert "search by decision" not in page
    page = as_casemanager.get("/search/", {"q": "norco overturned"}).content.decode()
    assert 'href="/items/?q=norco&amp;decision=overturned"' in page
