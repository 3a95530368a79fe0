"""Filters that are too long for an address are stored under a key, and every page reads the key as the filters."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from determinations.filters.stored import LONGEST, MOST_STORED
from determinations.models import ReparseRun, SavedView, StoredFilter
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

AUTHORITIES = "&".join(f"reviewer_authority=other/synthetic-guideline-number-{number:03}" for number in range(120))
MANY = f"outcome=upheld&outcome=overturned&{AUTHORITIES}"


def short(client: Client, path: str, query: str) -> str:
    """The address to which a long one leads."""
    response = client.get(f"{path}?{query}")
    assert response.status_code == 302
    assert len(response.headers["Location"]) < 200
    return str(response.headers["Location"])


def test_a_long_address_leads_to_a_short_one_with_the_same_filters(as_casemanager: Client) -> None:
    padded = "outcome=overturned&" + "&".join(f"family=none-{number:040}" for number in range(120))
    address = short(as_casemanager, "/cases/", f"{padded}&sort=-decided")
    assert address.startswith("/cases/?selection=")
    assert address.endswith("&sort=-decided")
    page = as_casemanager.get(address)
    assert page.status_code == 200
    assert page.wsgi_request.GET.getlist("outcome") == ["overturned"]
    assert len(page.wsgi_request.GET.getlist("family")) == 120
    assert short(as_casemanager, "/cases/", f"{padded}&sort=decided").split("&")[0] == address.split("&")[0]
    assert StoredFilter.objects.count() == 1


PATHS = ["/cases/", "/items/", "/decisions/", "/statistics/", "/citations/", "/cases/facets/"]


@pytest.mark.usefixtures("collection")
@pytest.mark.parametrize("path", PATHS)
def test_every_filtered_page_opens_with_120_authorities(as_supervisor: Client, path: str) -> None:
    assert len(MANY) > LONGEST
    assert as_supervisor.get(f"{path}?{MANY}", follow=True).status_code == 200


def test_a_form_with_long_filters_is_stored_and_leads_to_its_page(as_casemanager: Client) -> None:
    response = as_casemanager.post(
        reverse("store_filters"), {"page": "/items/", "reviewer_authority": ["x" * 40] * 120}
    )
    assert response.headers["Location"].startswith("/items/?selection=")
    for elsewhere in ("https://evil.example/", "//evil.example/cases/", "/admin/", ""):
        assert as_casemanager.post(reverse("store_filters"), {"page": elsewhere}).headers["Location"] == "/"


def test_unknown_and_excessive_filters_say_what_to_do(as_casemanager: Client) -> None:
    for key in ("0" * 20, "a\0b", "²"):
        response = as_casemanager.get("/cases/", {"selection": key})
        assert response.status_code == 404
        assert b"These filters no longer exist" in response.content
    response = as_casemanager.post(reverse("store_filters"), {"page": "/cases/", "q": "x" * MOST_STORED})
    assert response.status_code == 400
    assert b"These are too many filters" in response.content


def test_a_saved_view_and_a_reparse_hold_the_whole_filters(as_admin: Client, people: People) -> None:
    """A key that stands for nothing chooses no letters rather than all."""
    address = short(as_admin, "/cases/", MANY)
    chosen = {"what": "filter", "query": f"https://imrsite.example.org{address}"}
    as_admin.post(reverse("reparse_runs"), chosen)
    kept = QueryDict(ReparseRun.objects.get().selection["query"])
    assert len(kept.getlist("reviewer_authority")) == 120
    as_admin.post(reverse("reparse_runs"), {"what": "filter", "query": "/cases/?selection=00000000000000000000"})
    assert ReparseRun.objects.count() == 1
    saved = {"name": "Many guidelines", "query": as_admin.get(address).wsgi_request.GET.urlencode()}
    as_admin.post(reverse("save_view", args=["cases"]), saved)
    assert len(QueryDict(SavedView.objects.get(by=people.admin).query).getlist("reviewer_authority")) == 120


def test_a_visitor_stores_nothing(client: Client) -> None:
    assert client.get(f"/cases/?{MANY}").headers["Location"].startswith("/accounts/login/")
    assert client.post(reverse("store_filters"), {"page": "/cases/", "q": "x"}).status_code == 302
    assert not StoredFilter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_filter_form_that_would_make_a_long_address_is_stored(sign_in: Any, people: People) -> None:
    page = sign_in(people.casemanager)
    page.goto("/cases/")
    page.evaluate(
        """() => { const form = document.getElementById("filter-form");
        for (let n = 0; n < 120; n += 1) {
          const input = document.createElement("input");
          [input.type, input.name] = ["hidden", "reviewer_authority"];
          input.value = `other/synthetic-guide-${n}-of-many`;
          form.append(input); }
        form.requestSubmit(); }"""
    )
    page.wait_for_url("**/cases/?selection=*")
    assert page.locator("#list").is_visible()
