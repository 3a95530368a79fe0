"""Reading through the API: the rows, filters, orders and limits of the pages."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from determinations.browsing.selection import parse_selection
from determinations.intake.store import letter_store
from determinations.models import AuditEvent, Case, Correction, ItemFact
from determinations.statistics.catalog import STATISTICS
from tests.access.offices import two_offices
from tests.api.conftest import Bearer, Caller
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
#: How many queries each list may make: those of the token, its use, permissions, labels, rows, count, and the record.
QUERIES = {
    "cases?limit=100": 9,
    "cases?outcome=overturned&outcome=partly&sort=items&limit=100": 9,
    "items?limit=100": 8,
    "items?decision=upheld&q=pain&limit=100": 9,
    "citations?limit=100": 9,
    "cases/batch?id={ids}": 11,
    "search?q=pain&limit=100": 10,
    "statistics/category?decision=upheld": 14,
    "duties?limit=100": 5,
    "letters?state=parsed&limit=100": 5,
}


@pytest.fixture
def reader(people: People, bearer: Caller) -> Bearer:
    return bearer(people.casemanager, "read", "upload", "originals", "export")


def _all(client: Client, path: str) -> list[Any]:
    """Every row of a list, page by page."""
    rows: list[Any] = []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.content
        rows += answer.json()["results"]
        path = answer.json()["next"]
    return rows


@pytest.mark.parametrize(
    "query", ["", "outcome=overturned&outcome=partly", "sort=-items", "sort=number&category=Pharmaceuticals", "q=pain"]
)
def test_pages_of_cases_follow_one_another(reader: Bearer, collection: list[Case], query: str) -> None:
    whole = _all(reader, f"/api/v1/cases?{query}&limit=100")
    paged = _all(reader, f"/api/v1/cases?{query}&limit=7")
    assert whole == paged
    assert len({case["id"] for case in whole}) == len(whole) > 0
    first = reader.get(f"/api/v1/cases?{query}&limit=7").json()
    again = reader.get(reader.get(first["next"]).json()["previous"]) if first["next"] else None
    assert again is None or again.json()["results"] == first["results"]


def test_a_case_says_what_its_rows_say(reader: Bearer, collection: list[Case]) -> None:
    case = max(collection, key=lambda one: one.item_count)
    answer = reader.get(f"/api/v1/cases/{case.pk}").json()
    assert (answer["case_number"], answer["outcome"]) == (case.case_number, case.outcome)
    assert answer["decision_date"] == (case.decision_date.isoformat() if case.decision_date else None)
    items = list(case.items.order_by("number"))
    assert [item["request"] for item in answer["items"]] == [item.request for item in items]
    assert all(item["rationale"] for item in answer["items"])
    assert sum(len(item["citations"]) for item in answer["items"]) == sum(item.citations.count() for item in items)
    assert reader.get(f"/api/v1/cases/{case.pk}/items/1").json() == answer["items"][0]
    assert AuditEvent.objects.filter(action="case.viewed", letter_id=case.pk).exists()
    assert reader.get("/api/v1/cases/999999").status_code == 404
    other = min(collection, key=lambda one: one.item_count)
    several = reader.get(f"/api/v1/cases/batch?id={case.pk},999999,{other.pk},{case.pk}").json()
    expected = [reader.get(f"/api/v1/cases/{pk}").json() for pk in sorted((case.pk, other.pk))]
    assert several == {"results": expected, "missing": [999999], "damaged": []}
    for wrong in ("", "1,", "a", ",".join(["1"] * 101), "9" * 19):
        assert reader.get(f"/api/v1/cases/batch?id={wrong}").status_code == 422


def test_items_and_citations_take_the_filters_of_items(reader: Bearer, collection: list[Case]) -> None:
    items = _all(reader, "/api/v1/items?decision=overturned&limit=20")
    assert len(items) == ItemFact.objects.filter(overturned=True).count() > 0
    assert {item["decision"] for item in items} == {"overturned"}
    citations = _all(reader, "/api/v1/citations?decision=overturned&limit=20")
    pairs = {(one["case"], one["item"]) for one in citations}
    assert pairs <= {(item["case"], item["number"]) for item in items}
    assert {one["authority"] for one in citations} <= {one["key"] for one in reader.get("/api/v1/authorities").json()}


@pytest.mark.parametrize("wrong", ["foo=1", "decided_from=2020-13-40", "sort=size", "after=nonsense", "limit=101"])
def test_what_pages_ignore_is_refused(reader: Bearer, collection: list[Case], wrong: str) -> None:
    answer = reader.get(f"/api/v1/cases?{wrong}")
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"]


def test_an_unchanged_answer_is_not_sent_again(reader: Bearer, collection: list[Case]) -> None:
    path = f"/api/v1/cases/{collection[0].pk}"
    tag = reader.get(path).headers["ETag"]
    again = reader.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    Case.objects.filter(pk=collection[0].pk).update(age=101)
    assert reader.get(path, headers={"If-None-Match": tag}).json()["age"] == 101


def test_every_statistic_counts_what_its_page_counts(people: People, bearer: Caller, collection: list[Case]) -> None:
    supervisor = bearer(people.supervisor, "read")
    catalog = supervisor.get("/api/v1/statistics").json()
    assert {one["key"] for one in catalog} >= {statistic.key for statistic in STATISTICS}
    for key in ("category", "reviewer-authority", "year", "days-from-denial"):
        table = supervisor.get(f"/api/v1/statistics/{key}?sex=female").json()
        page = supervisor.get(f"/api/v1/statistics/{key}?sex=female")
        assert page.status_code == 200
        from django.http import QueryDict

        assert table["total"]["items"] == parse_selection(QueryDict("sex=female")).selection.items.count()
    assert supervisor.get("/api/v1/statistics/nothing").status_code == 404
    assert supervisor.get("/api/v1/statistics/category?nothing=1").status_code == 422


def test_search_finds_words_and_numbers(reader: Bearer, collection: list[Case]) -> None:
    found = _all(reader, "/api/v1/search?q=pain&limit=10")
    assert {one["case"] for one in found} == {one["id"] for one in _all(reader, "/api/v1/cases?q=pain")}
    assert any("«" in hit["request"] or hit["excerpts"] for one in found for hit in one["hits"])
    numbered = next(case for case in collection if case.case_number)
    answer = reader.get(f"/api/v1/search?q={numbered.case_number}").json()
    assert answer["numbered"]
    assert numbered.pk in [one["case"] for one in answer["results"]]
    assert reader.get("/api/v1/search").status_code == 422


def test_the_original_is_downloaded_and_recorded(people: People, bearer: Caller, collection: list[Case]) -> None:
    letter = collection[0].letter
    path = f"/api/v1/letters/{letter.pk}/original"
    missing = bearer(people.casemanager).get(path)
    assert (missing.status_code, missing.headers["Content-Type"]) == (404, "application/problem+json")
    text = letter.text.text.encode()
    letter_store().keep({letter.store_name: ContentFile(text)})
    assert bearer(people.casemanager).get(path).getvalue() == text
    assert bearer(people.casemanager, "read").get(path).status_code == 403
    assert AuditEvent.objects.filter(action="original.downloaded", letter_id=letter.pk).count() == 1


def test_outside_parties_get_no_narrative(client: Client, people: People) -> None:
    from django.contrib.auth.models import Group

    offices = two_offices()
    people.casemanager.groups.set(Group.objects.filter(name="outside party"))
    client.force_login(people.casemanager)
    case = client.get(f"/api/v1/cases/{offices.ours.pk}").json()
    assert case["case_number"] == "CM18-9000011"
    assert (case["age"], case["summary"], case["work"], case["office_fields"]) == (None, "", None, {})
    assert {item["rationale"] for item in case["items"]} == {""}
    assert not Correction.objects.exists()
    assert client.get("/api/v1/items").json()["results"][0]["problems"] == []
    for path in ("search?q=brace", "duties", f"cases/{offices.ours.pk}/notes", "letters", "office-fields"):
        assert client.get(f"/api/v1/{path}").status_code == 403, path


@pytest.mark.parametrize("path", QUERIES)
def test_queries_stay_within_their_number(
    people: People, bearer: Caller, collection: list[Case], path: str, django_assert_max_num_queries: Any
) -> None:
    supervisor = bearer(people.supervisor)
    supervisor.get("/api/v1/grounds")  # notes the use of the token
    address = path.format(ids=",".join(str(case.pk) for case in collection[:100]))
    with django_assert_max_num_queries(QUERIES[path]):
        assert supervisor.get(f"/api/v1/{address}").status_code == 200
