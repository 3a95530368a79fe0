"""A search for one name of a drug offers its other names."""

import pytest
from django.test import Client

from determinations.browsing.drug_names import other_names
from determinations.filters.words import QueryWords
from determinations.parsing.categories import DRUGS


@pytest.mark.parametrize("typed", ["hydrocodone", "Norco", "  VICODIN  es "])
def test_each_name_of_a_drug_gives_all_its_names(typed: str) -> None:
    found = other_names(typed)
    assert found is not None
    assert {"lortab", "xodol"} <= set(found.others)
    assert found.typed not in found.others
    assert found.typed in found.search.replace('"', "").split(" OR ") or " " in found.typed


@pytest.mark.parametrize("typed", ["", "lumbar fusion", "norco lumbar", "CM17-9000001", "-norco"])
def test_text_that_is_not_one_drug_name_has_no_other_names(typed: str) -> None:
    assert other_names(typed) is None


def test_no_search_for_all_names_is_truncated() -> None:
    offered = [found for drug in DRUGS.values() if (found := other_names(drug.name))]
    assert len(offered) > 500
    assert all(QueryWords.read(found.search).text == found.search for found in offered)


@pytest.mark.usefixtures("broker")
def test_the_search_page_offers_other_names(as_casemanager: Client) -> None:
    page = as_casemanager.get("/search/", {"q": "norco"}).content.decode()
    assert "Letters also call this drug" in page
    assert "hydrocodone" in page
