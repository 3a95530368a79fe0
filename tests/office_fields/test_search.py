"""Searches find the values of the office's fields, each for the users who may see it."""

import pytest
from django.test import Client

from determinations.models import OfficeField
from tests.fixtures.people import People
from tests.office_fields.conftest import Enter, number, stored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture(scope="module")
def cases(enter_for_module: Enter) -> None:
    """Two letters with values, one without."""
    for serial in (1, 2, 3):
        stored(serial)
    enter_for_module(1, employer="Acme Freight Services", claim="WC-2044-A")
    enter_for_module(2, employer="Globex", claim="WC-2045", provider="Dr. Acme")


def found(client: Client, query: str) -> list[str]:
    """The last digits of the cases that a search finds; items must be found alike."""
    page = client.get("/search/", {"q": query})
    serials = sorted(result.case.case_number[-1] for result in page.context["results"])
    newest = client.get("/search/", {"q": query, "order": "newest"})
    assert sorted(result.case.case_number[-1] for result in newest.context["results"]) == serials, query
    items = client.get("/items/", {"q": query}).context["page"].rows
    assert sorted({fact.case.case_number[-1] for fact in items}) == serials, query
    return serials


@pytest.mark.parametrize(
    ("query", "serials"),
    [
        ("freight", "1"),
        ("acme", "12"),
        ("employer:acme", "1"),
        ("provider:acme", "2"),
        ('"freight service"', "1"),
        ("WC-2044-A", "1"),
        ("claim:WC-2045", "2"),
        ("claim:globex", ""),
        ("globe*", "2"),
        ("acme therapy", "12"),
        ("acme brace -globex", "1"),
        ("freight OR globex", "12"),
        ("therapy -acme", "3"),
        ("acme nonesuch", ""),
    ],
)
def test_values_are_found_by_their_words(as_casemanager: Client, cases: None, query: str, serials: str) -> None:
    assert "".join(found(as_casemanager, query)) == serials


def test_values_of_a_field_are_suggested(as_casemanager: Client, cases: None) -> None:
    def suggested(typed: str) -> list[str]:
        return [one["value"] for one in as_casemanager.get("/search/suggestions/", {"q": typed}).json()["suggestions"]]

    assert suggested("therapy employer:fre") == ['therapy employer:"Acme Freight Services"']
    OfficeField.objects.filter(key="employer").update(seen_by=["admin"])
    assert suggested("employer:fre") == []


def test_a_misspelled_name_is_corrected_for_users_who_see_the_field(as_casemanager: Client, cases: None) -> None:
    def spelled(typed: str) -> str | None:
        return as_casemanager.get("/search/", {"q": typed}).context["spelled"]

    assert spelled("employer:frieght") == "employer:freight"
    assert spelled("globx brace") == "globex brace"
    assert spelled("freight servces knee") == "freight service knee"
    assert spelled("acme globex nonesuch") is None, "what a value has is right, and nothing resembles the rest"
    OfficeField.objects.filter(key="employer").update(seen_by=["admin"])
    assert spelled("employer:frieght") is None


def test_results_say_in_which_field_they_match(as_casemanager: Client, cases: None) -> None:
    page = as_casemanager.get("/search/", {"q": "employer:freight"})
    (result,) = page.context["results"]
    assert (result.case.case_number, result.where) == (number(1), ["Employer"])
    assert "employer (Employer)" in as_casemanager.get("/search/").content.decode()


def test_a_field_that_is_not_seen_or_not_searched_finds_nothing(client: Client, people: People, cases: None) -> None:
    OfficeField.objects.filter(key="employer").update(seen_by=["admin"], edited_by=["admin"])
    client.force_login(people.casemanager)
    assert found(client, "freight") == found(client, "employer:freight") == []
    assert found(client, "acme") == ["2"]
    client.force_login(people.admin)
    assert found(client, "freight") == ["1"]
    OfficeField.objects.filter(key="employer").update(in_search=False)
    assert found(client, "freight") == []
