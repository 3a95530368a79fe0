"""A case of which a stored text is damaged is refused with what to do, and stops no other case."""

from typing import Any

import pytest

from determinations.cases.readable_values import Damaged
from determinations.models import Case, DamagedValue
from determinations.reading.damaged_letters import restore
from tests.api.conftest import Caller
from tests.duties.conftest import Store
from tests.fixtures.people import People
from tests.fixtures.stored import damage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


def _is_refused(answer: Any) -> bool:
    problem = answer.json()
    assert answer.status_code == problem["status"] == 409, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    return "damaged" in problem["detail"] and "check_texts --read-again" in problem["detail"]


def test_damaged_cases_are_refused_and_the_others_are_read(people: People, bearer: Caller, store: Store) -> None:
    client = bearer(people.casemanager)
    items = {"One synthetic knee brace": "Overturned"}
    whole, of_summary, of_item = (store(number, items) for number in (1, 2, 3))
    cursor = client.get("/api/v1/changes?since=now").json()["cursor"]
    Case.objects.filter(pk__in=[whole, of_item]).update(age=33)
    before = client.get(f"/api/v1/cases/{of_item}").json()
    damage("summary", of_summary)
    damage("items", of_item)

    assert _is_refused(client.get(f"/api/v1/cases/{of_summary}"))
    assert _is_refused(client.get(f"/api/v1/cases/{of_item}"))
    assert _is_refused(client.get(f"/api/v1/cases/{of_item}/items/1"))
    assert client.get(f"/api/v1/cases/{of_summary}/items/1").status_code == 200
    assert client.get("/api/v1/cases").json()["count"]["number"] == 3

    several = client.get(f"/api/v1/cases/batch?id={whole},{of_summary},{of_item},999999").json()
    assert [case["id"] for case in several["results"]] == [whole]
    assert (several["damaged"], several["missing"]) == ([of_summary, of_item], [999999])

    changes = client.get(f"/api/v1/changes?since={cursor}&include=case").json()
    told = {change["case"]: change for change in changes["changes"]}
    assert not told[whole]["damaged"]
    assert told[whole]["content"]["age"] == 33
    assert told[of_item]["damaged"]
    assert not told[of_item]["gone"]
    assert told[of_item]["content"] is None

    restore([Damaged(of_item, DamagedValue.ITEMS)])
    restored = client.get(f"/api/v1/changes?since={changes['cursor']}&include=case").json()["changes"]
    after = {change["case"]: change["content"] for change in restored}[of_item]
    assert after["items"] == before["items"]
