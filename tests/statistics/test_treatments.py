"""The profile of a treatment: numbers equal their lists, quantities come from the requests."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from determinations.models import AuditEvent, ItemFact
from determinations.statistics.treatments import quantities_of, quantity_of
from tests.corrections.letters import document, item, stored_letter

pytestmark = pytest.mark.django_db


def ground(code: str) -> dict[str, object]:
    return {"code": code, "rule": "test", "span": None}


@pytest.fixture
def therapy() -> None:
    values = {"category": "Rehabilitation", "subcategory": "PT/OT"}
    for number, (decision, code) in enumerate(
        [
            ("upheld", "exceeds_limits"),
            ("upheld", "exceeds_limits"),
            ("overturned", "within_limits"),
            ("upheld", "risk"),
        ]
    ):
        requests = [item(f"{6 * (number + 1)} sessions of therapy", decision, grounds=[ground(code)], **values)]
        stored_letter(document(*requests, item("Knee brace"), case_number=f"CM16-900000{number}"))


def test_the_numbers_of_the_profile_equal_their_lists(as_supervisor: Client, therapy: None) -> None:
    page = as_supervisor.get(reverse("treatment", args=["Rehabilitation", "PT/OT"]))
    assert page.status_code == 200
    assert (page.context["items"].value, page.context["overturned"].value) == (4, 1)
    (pair,) = page.context["questions"]
    assert (pair.upheld_items.value, pair.overturned_items.value, pair.tally.overturned) == (2, 1, 1)
    for number in (page.context["items"], page.context["overturned"], pair.upheld_items, pair.overturned_items):
        listed = as_supervisor.get(f"{number.link}&show=counts" if number.link else "/")
        assert listed.status_code == 200
        assert len(listed.context["table"].data.data) == number.value
    assert {view.label for view in page.context["upheld_grounds"]} == {"Beyond limits", "Risk outweighs benefit"}
    assert [view.label for view in page.context["overturned_grounds"]] == ["Within limits"]


def test_every_count_of_quantities_opens_the_requests_it_counts(as_supervisor: Client, therapy: None) -> None:
    without = item("Physical therapy", "upheld", category="Rehabilitation", subcategory="PT/OT")
    stored_letter(document(without, case_number="CM16-9000009"))
    profile = as_supervisor.get(reverse("treatment", args=["Rehabilitation", "PT/OT"]))
    (row,) = profile.context["quantities"]
    expected = [
        (row.every, [24, 18, 12, 6]), (row.upheld, [24, 12, 6]), (row.overturned, [18]),
    ]  # fmt: skip
    for quartiles, quantities in expected:
        assert f'href="{escape(quartiles.requests.link)}"' in profile.content.decode()
        listed = as_supervisor.get(quartiles.requests.link)
        rows = listed.context["rows"]
        assert (len(rows), [row.quantity for row in rows]) == (
            quartiles.requests.value, [("visits", quantity) for quantity in quantities],
        )  # fmt: skip
        assert all(f'href="{escape(row.url)}"' in listed.content.decode() for row in rows)
        assert as_supervisor.get(rows[0].url.partition("#")[0]).status_code == 200
        event = AuditEvent.objects.filter(action="list.viewed").latest("pk")
        assert sorted(event.letter_ids or []) == sorted(row.case_id for row in rows)


def test_the_requests_behind_a_quantity_keep_the_filters_of_the_profile(as_supervisor: Client, therapy: None) -> None:
    profile = as_supervisor.get(reverse("treatment", args=["Rehabilitation", "PT/OT"]), {"ground": "exceeds_limits"})
    (row,) = profile.context["quantities"]
    assert (row.every.requests.value, row.overturned) == (2, None)
    assert len(as_supervisor.get(row.every.requests.link).context["rows"]) == 2


@pytest.mark.parametrize("query", ["", "unit=boxes", "unit=visits&of=settled"])
def test_an_unknown_list_of_quantities_is_not_found(as_supervisor: Client, query: str) -> None:
    path = reverse("treatment_quantities", args=["Rehabilitation", "PT/OT"])
    assert as_supervisor.get(f"{path}?unit=visits").status_code == 200
    assert as_supervisor.get(f"{path}?{query}").status_code == 404


def test_small_numbers_have_no_misleading_rate(as_supervisor: Client, therapy: None) -> None:
    page = as_supervisor.get(reverse("treatment", args=["Rehabilitation", "PT/OT"]))
    assert not page.context["enough"]
    assert not page.context["questions"][0].enough


def test_the_profile_keeps_the_filters_of_its_address(as_supervisor: Client, therapy: None) -> None:
    page = as_supervisor.get(reverse("treatment", args=["Rehabilitation", "PT/OT"]), {"decision": "overturned"})
    assert page.context["items"].value == 1
    assert "decision=overturned" in page.context["treatments_url"]


def test_the_list_of_treatments_links_to_their_profiles(as_supervisor: Client, therapy: None) -> None:
    content = as_supervisor.get(reverse("treatments")).content.decode()
    assert reverse("treatment", args=["Rehabilitation", "PT/OT"]) in content
    assert re.search(r"Rehabilitation: PT/OT", content)


def test_an_unknown_treatment_is_not_found(as_supervisor: Client) -> None:
    assert as_supervisor.get(reverse("treatment", args=["Rehabilitation", "Levitation"])).status_code == 404


def test_a_user_without_permission_is_refused(client: Client) -> None:
    assert client.get(reverse("treatments")).status_code in (302, 403)


def test_the_number_of_queries_does_not_grow_with_the_items(
    as_supervisor: Client, therapy: None, django_assert_max_num_queries: Any
) -> None:
    address = reverse("treatment", args=["Rehabilitation", "PT/OT"])
    as_supervisor.get(address)
    assert ItemFact.objects.count() == 8
    with django_assert_max_num_queries(22):
        as_supervisor.get(address)


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("Norco 10/325mg #60", ("tablets or units", 60)),
        ("Twelve visits", None),
        ("12 sessions of physical therapy", ("visits", 12)),
        ("6 additional acupuncture visits", ("visits", 6)),
        ("Physical therapy 2 times a week for 6 weeks", ("visits", 12)),
        ("Chiropractic 3 x 4 weeks", ("visits", 12)),
        ("MRI of the knee", None),
        ("900 visits", None),
    ],
)
def test_a_quantity_is_read_from_the_request(request_text: str, expected: tuple[str, int] | None) -> None:
    assert quantity_of(request_text) == expected


def test_quantities_are_quartiles_by_unit() -> None:
    (visits,) = quantities_of([("visits", 6), ("visits", 12), None, ("visits", 18), ("visits", 24), ("visits", 30)])
    assert (visits.unit, visits.requests, visits.lower, visits.median, visits.upper) == ("visits", 5, 12, 18, 24)
    assert quantities_of([None]) == []
