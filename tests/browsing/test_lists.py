"""The lists: cases, items, decisions. The address is the state; every page works without a script."""

import html
import re
from itertools import pairwise
from typing import Any

import pytest
from django.db.models import Model
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from determinations.browsing.lists import CASES, ITEMS, LISTS, ListKind
from determinations.models import Case, ColumnChoice, DisputedItem, ItemFact, Letter
from tests.fixtures.people import People

pytestmark = pytest.mark.usefixtures("broker")


def numbers(content: bytes) -> list[str]:
    """The case numbers of a list page, in order."""
    return re.findall(r'class="main-link nowrap" href="[^"]*">([^<]+)<', content.decode())


def test_cases_come_newest_first_and_every_page_is_reached(as_casemanager: Client, collection: list[Case]) -> None:
    seen: list[str] = []
    url: str | None = "/cases/"
    while url:
        content = as_casemanager.get(url).content
        seen += numbers(content)
        following = re.search(r'href="([^"]+)" rel="next"', content.decode())
        url = "/cases/" + following[1].replace("&amp;", "&") if following else None
    dated = [case for case in collection if case.decision_date]
    expected = sorted(dated, key=lambda case: (case.decision_date, case.pk), reverse=True)
    assert seen[: len(dated)] == [case.case_number for case in expected]
    assert len(seen) == 60


def test_the_number_of_all_rows_is_that_of_now(as_casemanager: Client, collection: list[Case]) -> None:
    def number(path: str) -> int:
        return as_casemanager.get(path).context["count"].number

    items = number("/items/")
    assert number("/cases/") == number("/decisions/") == 60
    gone = ItemFact.objects.filter(case=collection[0]).count()
    collection[0].delete()
    assert (number("/cases/"), number("/decisions/"), number("/items/")) == (59, 59, items - gone)


def test_a_filter_selects_rows_and_shows_a_chip(as_casemanager: Client, collection: list[Case]) -> None:
    content = as_casemanager.get("/cases/?outcome=overturned").content
    assert len(numbers(content)) == sum(case.outcome == "overturned" for case in collection)
    assert b"Remove this filter" in content


def test_facets_apply_all_filters_except_their_own(as_casemanager: Client, collection: list[Case]) -> None:
    content = as_casemanager.get("/cases/facets/?outcome=upheld&sex=female").content.decode()
    women = [case for case in collection if case.sex == "female"]
    for outcome in ("upheld", "overturned"):
        count = re.search(rf'value="{outcome}" id="f-outcome-{outcome}".*?facet-count">(\d*)<', content)
        assert count is not None
        assert int(count[1]) == sum(case.outcome == outcome for case in women)
    upheld_men = sum(case.sex == "male" and case.outcome == "upheld" for case in collection)
    assert re.search(rf'value="male" id="f-sex-male".*?facet-count">{upheld_men}<', content)


@pytest.mark.parametrize("kind", [CASES, ITEMS], ids=["cases", "items"])
def test_every_facet_count_opens_a_list_of_that_length(
    kind: ListKind, as_casemanager: Client, collection: list[Case]
) -> None:
    content = as_casemanager.get(f"/{kind.name}/facets/").content.decode()
    options = re.findall(r'name="(\w+)" value="([^"]+)" id="[^"]+">.*?facet-count">(\d+)<', content)
    assert len(options) > 40
    for name, value, count in options:
        query = QueryDict(mutable=True)
        query[name] = html.unescape(value)
        assert kind.filterset(query).qs.count() == int(count), (name, value)


def test_items_are_listed_one_per_row(as_casemanager: Client, collection: list[Case]) -> None:
    response = as_casemanager.get("/items/")
    assert response.context["count"].number == ItemFact.objects.count()
    assert b"Claims administrator cites" in response.content


def test_decisions_are_grouped_by_day_with_overturned_ones_first(
    as_casemanager: Client, collection: list[Case]
) -> None:
    page = as_casemanager.get("/decisions/")
    rows = page.context["table"].data.data
    days = [row.case.decision_date for row in rows]
    assert days == sorted(days, key=lambda day: (day is None, -(day.toordinal() if day else 0)))
    place = {"overturned": 0, "partly": 1, "unknown": 2, "upheld": 3}
    for before, after in pairwise(rows):
        if before.case.decision_date == after.case.decision_date:
            assert place[before.case.outcome] <= place[after.case.outcome]


def test_months_can_be_stepped_through(as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get("/decisions/?decided_from=2017-02-01&decided_to=2017-02-28&outcome=upheld")
    period = page.context["period"]
    assert period.is_month
    assert "decided_from=2017-01-01&decided_to=2017-01-31" in period.previous_query
    assert "decided_from=2017-03-01&decided_to=2017-03-31" in period.next_query


@pytest.mark.parametrize("query", ["", "?decided_to=1990-01-01"])
def test_a_skip_link_leads_past_the_filters_to_the_rows(
    query: str, as_casemanager: Client, collection: list[Case]
) -> None:
    page = as_casemanager.get(f"/cases/{query}").content.decode()
    assert page.index('href="#rows"') < page.index('<aside class="rail"') < page.index('id="rows" tabindex="-1"')


def test_the_sort_state_is_announced(as_casemanager: Client, collection: list[Case]) -> None:
    content = as_casemanager.get("/cases/?sort=outcome").content
    assert b'aria-sort="ascending"' in content


def test_htmx_gets_only_the_list(as_casemanager: Client, collection: list[Case]) -> None:
    response = as_casemanager.get("/cases/", headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert "HX-Request" in response.headers["Vary"]


def test_columns_are_remembered_per_user(as_casemanager: Client, collection: list[Case], people: People) -> None:
    response = as_casemanager.post("/cases/columns/", {"column": ["worker"], "query": "sex=female"})
    assert response.headers["Location"] == "/cases/?sex=female"
    page = as_casemanager.get("/cases/")
    assert [column.name for column in page.context["table"].columns] == ["number", "worker"]
    assert ColumnChoice.objects.get().by == people.casemanager


@pytest.mark.parametrize("kind", LISTS.values(), ids=lambda kind: kind.name)
def test_cells_read_nothing_for_a_row(
    as_casemanager: Client, collection: list[Case], people: People, kind: ListKind, django_assert_max_num_queries: Any
) -> None:
    ColumnChoice.objects.create(by=people.casemanager, list_name=kind.name, hidden=[])
    for sort in kind.orders:
        with django_assert_max_num_queries(10):
            page = as_casemanager.get(f"/{kind.name}/", {"sort": sort})
        assert len(page.context["page"].rows) == 50


def test_counts_are_available_without_scripts(as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get("/cases/?show=counts")
    assert page.context["counted"].cap == 60


def test_an_empty_result_says_what_to_do(as_casemanager: Client, collection: list[Case]) -> None:
    assert b"Clear all filters" in as_casemanager.get("/cases/?decided_to=1990-01-01").content


def test_waiting_letters_are_mentioned_in_empty_lists(as_casemanager: Client, db: None) -> None:
    ItemFact.objects.all().delete()
    assert b"No letters yet" in as_casemanager.get("/items/").content
    Letter.objects.create(sha256="0" * 64, size=1, media_type="text/plain", received_at=timezone.now())
    page = as_casemanager.get("/items/").content
    assert b"Letters are waiting to be read" in page
    assert b"No letters yet" not in page


@pytest.mark.parametrize("url", ["/cases/", "/items/", "/decisions/", "/search/?q=x", "/cases/facets/", "/views/"])
def test_users_without_the_permission_are_told(url: str, client: Client, people: People) -> None:
    client.force_login(people.outsider)
    response = client.get(url)
    assert response.status_code == 403
    assert "You don't have access to this page" in html.unescape(response.content.decode())


STRANGE = [
    "after=%00", "after=zzz&sort=number", "sort=password", "q=%00", "q=" + "(" * 500, "q=a*+OR+-*",
    "decided_from=0000-00-00", "age=x", "after=WyIyMDE3IiwgMV0",
]  # fmt: skip


@pytest.mark.parametrize("query", STRANGE)
def test_an_odd_address_still_gives_a_page(query: str, as_casemanager: Client, collection: list[Case]) -> None:
    for url in ("/cases/", "/items/", "/decisions/", "/search/"):
        assert as_casemanager.get(f"{url}?{query}").status_code == 200


def test_unknown_parameters_of_an_address_are_named(as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get("/cases/?outcom=upheld&sort=colour&sex=female").content.decode()
    assert "There is no filter named “outcom”." in page
    assert "This list cannot be sorted by “colour”." in page
    known = as_casemanager.get("/cases/?outcome=upheld&sort=-items&show=counts&after=x&by_item=yes")
    assert b"Ignored an invalid filter" not in known.content


def test_rows_of_lists_are_the_objects_that_django_makes(collection: list[Case]) -> None:
    for rows in (Case.objects.defer("specialties"), ItemFact.objects.only("case", "age"), DisputedItem.objects.all()):
        row = rows.order_by("pk")[0]
        names = [field.attname for field in row._meta.concrete_fields if field.attname in vars(row)]
        made = Model.from_db.__func__(type(row), "default", names, [getattr(row, name) for name in names])  # type: ignore[attr-defined]
        assert {**vars(row), "_state": ""} == {**vars(made), "_state": ""}
        assert (row._state.adding, row._state.db) == (made._state.adding, made._state.db)
        assert row.get_deferred_fields() == made.get_deferred_fields()
    case = Case.objects.only("pk").get(pk=collection[0].pk)
    assert case.case_number == collection[0].case_number
    case.save(update_fields=["case_number"])
