"""Links from other systems, and what is pasted from a case."""

from typing import Any

import pytest
from django.test import Client

from determinations.models import AuditEvent, Case
from tests.access.offices import limit, two_offices
from tests.duties.conftest import Store
from tests.fixtures.people import People
from tests.office_fields.conftest import Enter, enter

__all__ = ["enter"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
ITEMS = {"One synthetic knee brace": "Overturned", "Walker": "Upheld"}


def test_a_number_opens_its_case_and_a_slip_offers_it(as_casemanager: Client, store: Store) -> None:
    pk = store(1000001, ITEMS)
    assert as_casemanager.get("/go?case=CM26-1000001").headers["Location"] == f"/cases/{pk}/"
    assert as_casemanager.get("/go?case=cm26 1000001").headers["Location"] == f"/cases/{pk}/"
    slip = as_casemanager.get("/go?case=CM26-1000002")
    assert slip.status_code == 200
    assert f"/cases/{pk}/" in slip.content.decode()
    for nothing in ("?case=CM26-7777777", "?case=", "", "?case=%00", "?nothing=1", "?case=<b>"):
        page = as_casemanager.get(f"/go{nothing}")
        assert page.status_code == 404
        assert "<b><b>" not in page.content.decode()
    assert AuditEvent.objects.filter(action="search.made", letter_ids=[pk]).count() == 3


def test_a_claim_number_opens_its_case_or_offers_several(as_casemanager: Client, store: Store, enter: Enter) -> None:
    first, second = store(1000001, ITEMS), store(1000002, ITEMS)
    enter(1000001, claim="A-77", employer="Acme")
    enter(1000002, employer="Acme")
    assert as_casemanager.get("/go?claim=a 77").headers["Location"] == f"/cases/{first}/"
    several = as_casemanager.get("/go?employer=acme").content.decode()
    assert f"/cases/{first}/" in several
    assert f"/cases/{second}/" in several


def test_cases_of_other_offices_do_not_exist(client: Client, people: People) -> None:
    offices = two_offices()
    limit(people.casemanager, offices.north)
    client.force_login(people.casemanager)
    assert client.get("/go?case=CM18-9000011").headers["Location"] == f"/cases/{offices.ours.pk}/"
    assert client.get("/go?case=CM18-9000077").status_code == 404


def test_a_case_is_named_by_its_outcome_and_cited_as_the_office_does(
    as_casemanager: Client, store: Store, settings: Any
) -> None:
    pk = store(1000001, ITEMS)
    page = as_casemanager.get(f"/cases/{pk}/").content.decode()
    assert "<title>CM26-1000001: Partly overturned · imrsite</title>" in page
    assert 'data-copy="IMR CM26-1000001, decided Mar 3, 2026 (partly overturned)"' in page
    settings.CITATION_STYLE = "{number} [{items}]"
    assert 'data-copy="CM26-1000001 [1 of 2 overturned]"' in as_casemanager.get(f"/cases/{pk}/").content.decode()
    Case.objects.update(case_number=None)
    assert "Copy citation" not in as_casemanager.get(f"/cases/{pk}/").content.decode()


def test_a_pasted_link_shows_the_outcome_to_those_who_may_see_it_alone(as_casemanager: Client, store: Store) -> None:
    address = f"/cases/{store(1000001, ITEMS)}/"
    page = as_casemanager.get(address).content.decode()
    assert '<meta property="og:title" content="CM26-1000001: Partly overturned">' in page
    assert '<meta property="og:description" content="Decided Mar 3, 2026; 1 of 2 items overturned">' in page
    signed_out = Client().get(address, follow=True).content.decode()
    assert '<meta property="og:title" content="imrsite">' in signed_out
    for word in ("CM26", "verturned", "brace", "Walker"):
        assert word not in signed_out
