"""The frame around every page, the home page, and the pages that explain errors."""

import gzip
import re

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from determinations.models import Case
from tests.fixtures.people import PASSWORD, People

pytestmark = pytest.mark.usefixtures("broker")


@pytest.mark.django_db
def test_visitors_must_sign_in(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("login"))
    assert b"Sign in" in client.get(response.headers["Location"]).content


def test_signing_in_leads_home(client: Client, people: People) -> None:
    response = client.post(reverse("login"), {"username": "casemanager", "password": PASSWORD}, follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert b"Decisions and the reasons for them" in response.content


def test_home_tells_users_without_a_role_what_to_do(client: Client, people: People) -> None:
    client.force_login(people.outsider)
    assert b"Your account has no role yet" in client.get("/").content


def test_home_shows_recently_overturned_cases_and_links_by_role(
    client: Client, people: People, collection: list[Case]
) -> None:
    client.force_login(people.casemanager)
    page = client.get("/").content.decode()
    overturned = Case.objects.filter(outcome__in=("overturned", "partly")).order_by("-decision_date", "-pk")
    shown = re.findall(r'class="main-link nowrap" href="[^"]+">([^<]+)<', page)
    assert len(shown) == 8
    assert set(shown) == set(overturned.values_list("case_number", flat=True)[:8])
    assert reverse("review") not in page
    client.force_login(people.admin)
    assert f'href="{reverse("review")}"><span class="label">Review queue' in client.get("/").content.decode()


def test_uploaders_are_told_if_no_worker_is_running(as_casemanager: Client) -> None:
    assert b"No worker is running" in as_casemanager.get("/").content


def test_no_page_has_inline_script_or_style(as_casemanager: Client) -> None:
    content = as_casemanager.get("/").content.decode()
    assert "<style" not in content
    assert "onclick" not in content
    assert "<script>" not in content


@override_settings(DEBUG=False)
def test_an_unknown_address_says_page_not_found(as_casemanager: Client) -> None:
    response = as_casemanager.get("/no-such-page/")
    assert response.status_code == 404
    assert b"Page not found" in response.content
    assert b"Main" in response.content  # the frame is still there


def test_every_review_count_equals_the_list_that_it_opens(as_admin: Client, collection: list[Case]) -> None:
    """Letters in the review queue and cases in the state "needs review" are different numbers with different names."""
    home = as_admin.get("/").content.decode()
    queue = re.search(
        r'class="review-link" href="([^"]+)">Review<span class="only-wide"> queue</span> <span[^>]*>([^<]+)<', home
    )
    cases = re.search(
        r'href="([^"]+)"><span class="label">Cases that need review</span><span class="figure">([^<]+)<', home
    )
    assert queue
    assert cases
    assert f">{queue[2]} letter" in as_admin.get(queue[1]).content.decode()
    assert str(as_admin.get(cases[1]).context["count"]) == cases[2]


def test_pages_are_compressed_for_browsers_that_accept_it(as_casemanager: Client, collection: list[Case]) -> None:
    plain = as_casemanager.get("/cases/")
    packed = as_casemanager.get("/cases/", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert 4 * len(packed.content) < len(plain.content)
    assert b"</html>" in gzip.decompress(packed.content)
