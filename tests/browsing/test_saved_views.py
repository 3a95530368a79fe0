"""Saved views: filters and order under a name; one of them may be the start page."""

import pytest
from django.test import Client
from django.utils import timezone

from determinations.filters.date_ranges import range_on
from determinations.models import SavedView
from tests.fixtures.people import People

pytestmark = pytest.mark.usefixtures("broker")


def test_a_view_keeps_filters_and_order_and_nothing_else(as_casemanager: Client) -> None:
    response = as_casemanager.post(
        "/items/views/save/", {"name": "Overturned", "query": "decision=overturned&sort=-denied&after=x&evil=1"}
    )
    assert response.headers["Location"] == "/items/?decision=overturned&sort=-denied"
    assert SavedView.objects.get().query == "decision=overturned&sort=-denied"
    assert b"Overturned" in as_casemanager.get("/items/views/").content
    assert b"No saved views" in as_casemanager.get("/cases/views/").content


def test_a_view_whose_dates_move_opens_with_those_of_today(as_casemanager: Client) -> None:
    last_month = range_on("last_month", timezone.localdate())
    filters = "decided_from={}&decided_to={}".format(*last_month)
    page = as_casemanager.get(f"/items/?{filters}&sex=female").content.decode()
    assert '<option value="decided:last_month">Last month, moves with the day</option>' in page
    saved = {"name": "Of the month", "query": f"{filters}&sex=female&sort=-denied", "moving": "decided:last_month"}
    opened = as_casemanager.post("/items/views/save/", saved).headers["Location"]
    view = SavedView.objects.get()
    SavedView.objects.update(query=view.query.replace(str(last_month[1]), "2013-05-31"), is_start=True)
    assert as_casemanager.get("/").headers["Location"] == opened == f"/items/?{filters}&sex=female&sort=-denied"
    page = as_casemanager.get("/views/").content.decode()
    assert "Decided: last month; Sex: Female" in page
    assert f'href="/views/{view.pk}/open/"' in page
    assert as_casemanager.get(f"/views/{view.pk}/open/").headers["Location"] == opened


def test_one_view_is_the_start_page(as_casemanager: Client) -> None:
    for name in ("First", "Second"):
        as_casemanager.post("/cases/views/save/", {"name": name, "query": "sex=female"})
    for view in SavedView.objects.all():
        as_casemanager.post(f"/views/{view.pk}/", {"action": "start"})
    assert SavedView.objects.filter(is_start=True).count() == 1
    assert as_casemanager.get("/").headers["Location"] == "/cases/?sex=female"
    assert as_casemanager.get("/?home=yes").status_code == 200
    as_casemanager.post(f"/views/{SavedView.objects.get(is_start=True).pk}/", {"action": "no_start"})
    assert as_casemanager.get("/").status_code == 200


def test_views_are_renamed_and_deleted(as_casemanager: Client) -> None:
    as_casemanager.post("/cases/views/save/", {"name": "First", "query": ""})
    as_casemanager.post("/cases/views/save/", {"name": "Second", "query": ""})
    first = SavedView.objects.get(name="First")
    as_casemanager.post(f"/views/{first.pk}/", {"action": "rename", "name": "Second"})
    assert SavedView.objects.filter(name="First").exists()
    as_casemanager.post(f"/views/{first.pk}/", {"action": "rename", "name": "Third"})
    as_casemanager.post(f"/views/{SavedView.objects.get(name='Second').pk}/", {"action": "delete"})
    assert [view.name for view in SavedView.objects.all()] == ["Third"]


def test_no_user_changes_the_view_of_another(client: Client, people: People) -> None:
    client.force_login(people.supervisor)
    client.post("/cases/views/save/", {"name": "Mine", "query": ""})
    view = SavedView.objects.get()
    client.force_login(people.casemanager)
    assert client.post(f"/views/{view.pk}/", {"action": "delete"}).status_code == 404
    assert client.get(f"/views/{view.pk}/open/").status_code == 404
    assert SavedView.objects.exists()


def test_the_list_of_views_shows_the_filters_of_each(as_casemanager: Client) -> None:
    as_casemanager.post("/items/views/save/", {"name": "A", "query": "decision=overturned&decision=upheld&sex=female"})
    as_casemanager.post("/cases/views/save/", {"name": "B", "query": ""})
    page = as_casemanager.get("/views/").content.decode()
    assert "Decision: Overturned, Upheld; Sex: Female" in page
    assert "none (whole list)" in page
