"""A drug's other names are offered where one of them is searched."""

import pytest
from django.test import Client

from determinations.browsing.drug_names import other_names
from determinations.filters.words import QueryWords
from determinations.parsing.categories import DRUGS


@pytest.mark.parametrize("typed", ["hydrocodone", "Norco", "  VICODIN  es "])
def test_each_name_leads_to_all(typed: str) -> None:
    found = other_names(typed)
    assert found is not None
    assert {"lortab", "xodol"} <= set(found.others)
    assert found.typed not in found.others
    assert found.typed in found.search.replace('"', "").split(" OR ") or " " in found.typed


@pytest.mark.parametrize("typed", ["", "lumbar fusion", "norco lumbar", "CM17-9000001", "-norco"])
def test_what_is_no_single_drug_has_none(typed: str) -> None:
    assert other_names(typed) is None


def test_no_search_for_all_names_is_cut() -> None:
    offered = [found for drug in DRUGS.values() if (found := other_names(drug.name))]
    assert len(offered) > 500
    assert all(QueryWords.read(found.search).text == found.search for found in offered)


@pytest.mark.usefixtures("broker")
def test_the_search_page_offers_them(as_casemanager: Client) -> None:
    page = as_casemanager.get("/search/", {"q": "norco"}).content.decode()
    assert "Letters also call this drug" in page
    assert "hydrocodone" in page
