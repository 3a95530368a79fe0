"""The help section as users meet it: contents by role, search, one page, links from the product, what is new."""

from datetime import timedelta
from html import escape

import pytest
from django.test import Client
from django.utils import timezone

from determinations.help import markdown
from determinations.help.finding import find
from determinations.help.news import releases, releases_for, unseen_by
from determinations.help.pages import HelpPage, all_pages
from determinations.models import AuditEvent, SeenNews
from tests.fixtures.people import People

WORKLIST = "Work through the worklist"


def test_the_contents_list_the_pages_of_the_users_role_first(as_casemanager: Client) -> None:
    own = as_casemanager.get("/help/").content.decode()
    assert WORKLIST in own
    assert "Correct and confirm values" not in own
    assert "Correct and confirm values" in as_casemanager.get("/help/?role=admin").content.decode()
    every = as_casemanager.get("/help/?role=all").content.decode()
    assert all(escape(page.title) in every for page in all_pages().values())


def test_every_page_opens_for_everyone_who_is_signed_in(client: Client, people: People) -> None:
    assert client.get("/help/worklist/").status_code == 302
    client.force_login(people.outsider)
    assert client.get("/help/").status_code == 200
    client.force_login(people.admin)
    assert {client.get(f"/help/{slug}/").status_code for slug in all_pages()} == {200}
    assert client.get("/help/no-such-page/").status_code == 404
    assert "Your role does not include this" not in client.get("/help/correct/").content.decode()
    assert not AuditEvent.objects.filter(action="page.viewed").exists()


def test_a_page_says_if_it_is_for_other_roles_and_leads_to_what_it_explains(as_casemanager: Client) -> None:
    other = as_casemanager.get("/help/correct/").content.decode()
    assert "Your role does not include this" in other
    own = as_casemanager.get("/help/lists/").content.decode()
    assert '<a href="/decisions/">Decisions</a>' in own
    assert '<h2 id="filters">Filters</h2>' in own


def test_search_finds_pages_by_words_as_the_product_does(as_casemanager: Client) -> None:
    assert find("save a view")[0].page.slug == "saved-views"
    assert find("due dates")[0].page.slug in {"calendar", "worklist", "receipt"}
    assert "accounts" in [result.page.slug for result in find("invitation")]
    assert [result.page.slug for result in find("subscri")] == ["calendar"]
    assert find("") == find("zzzyqx") == []
    marked = as_casemanager.get("/help/", {"q": "recovery codes"}).content.decode()
    assert "<mark>recovery</mark> <mark>codes</mark>" in marked
    assert "No help page has these words" in as_casemanager.get("/help/?q=zzzyqx").content.decode()


def test_what_is_typed_is_escaped_and_bounded(as_casemanager: Client) -> None:
    page = as_casemanager.get("/help/", {"q": "<script>alert(1)</script>\x00" + "a" * 5_000, "role": "<b>"})
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert b"a" * 201 not in page.content


def test_html_in_a_page_is_shown_as_it_is_written() -> None:
    page = HelpPage("x", "X", "x", (), (), (), "<script>alert(1)</script> **<b>** [x](help:lists#order-and-columns)\n")
    html = markdown.rendered(page).html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert 'href="/help/lists/#order-and-columns"' in html
    with pytest.raises(markdown.BadLink):
        markdown.rendered(HelpPage("y", "Y", "y", (), (), (), "[x](https://example.org/)"))


def test_pages_of_the_product_lead_to_their_help(as_casemanager: Client) -> None:
    assert '<a href="/help/lists/">Help on this page' in as_casemanager.get("/cases/").content.decode()
    assert '<a href="/help/worklist/">Help on this page' in as_casemanager.get("/worklist/").content.decode()
    assert '<a href="/help/">Help</a>' in as_casemanager.get("/help/new/").content.decode()


def test_news_are_shown_once_to_those_who_knew_the_product_before(as_casemanager: Client, people: People) -> None:
    assert "New in imrsite" not in as_casemanager.get("/?home=yes").content.decode()  # a new account
    people.casemanager.date_joined = timezone.now() - timedelta(days=400)
    people.casemanager.save()
    assert "New in imrsite" in as_casemanager.get("/?home=yes").content.decode()
    assert "new to you" in as_casemanager.get("/help/new/").content.decode()
    assert SeenNews.objects.get(user=people.casemanager).release == releases()[0].number
    assert "New in imrsite" not in as_casemanager.get("/?home=yes").content.decode()
    assert "new to you" not in as_casemanager.get("/help/new/").content.decode()


def test_the_note_on_news_can_be_dismissed(as_casemanager: Client, people: People) -> None:
    SeenNews.objects.create(user=people.casemanager, release=releases()[-1].number)
    assert "New in imrsite" in as_casemanager.get("/?home=yes").content.decode()
    assert as_casemanager.get("/help/new/seen/").status_code == 405
    assert as_casemanager.post("/help/new/seen/").status_code == 302
    assert "New in imrsite" not in as_casemanager.get("/?home=yes").content.decode()


def test_news_are_in_order_and_told_by_role(people: People) -> None:
    numbers = [release.number for release in releases()]
    assert numbers == sorted(set(numbers), reverse=True)
    assert [release.day for release in releases()] == sorted((release.day for release in releases()), reverse=True)
    told = {
        role: [change.title for release in releases_for(role) for change in release.changes]
        for role in ("admin", "case manager")
    }
    assert "Reported problems of all users" in told["admin"]
    assert "Reported problems of all users" not in told["case manager"]
    SeenNews.objects.create(user=people.admin, release=numbers[-1])
    assert [release.number for release in unseen_by(people.admin)] == numbers[:-1]
