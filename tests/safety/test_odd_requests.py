"""Requests that no page sends get a clear response, never a server error."""

import base64
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from determinations.corrections import actions
from determinations.models import Correction
from determinations.models.corrections import AddedItem
from tests.corrections.letters import NOW, document, doubtful, item, stored_letter
from tests.corrections.screen import opened
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

LISTS = ("/cases/", "/items/", "/decisions/")
STATISTICS = ("/statistics/", "/statistics/compare/", "/statistics/report/", "/statistics/breakdowns/", "/citations/")
OTHERS = ("/search/", "/uploads/", "/uploads/letters/", "/exports/", "/views/", "/reports/")
EDGES = (
    "decided_from=0001-01-01&decided_to=0001-01-31", "decided_from=9999-12-01&decided_to=9999-12-31",
    "decided_from=2016-01-01&decided_to=9999-12-31", "decided_from=0001-01-01&decided_to=9999-12-31",
)  # fmt: skip


def cursor(value: Any, key: Any = 1) -> str:
    return "after=" + base64.urlsafe_b64encode(json.dumps([value, key]).encode()).decode().rstrip("=")


_NAMES = "q case_number category state decided_from age_min sort claims_section specialty request text upload list"
NUL = "&".join(f"{name}=%00" for name in _NAMES.split())
CURSORS = (cursor(float("inf")), cursor(float("nan")), cursor([1]), cursor("²", 2**70))


@pytest.mark.parametrize("query", [*EDGES, *CURSORS, NUL])
def test_lists_and_statistics_open_with_any_address(client: Client, people: People, query: str) -> None:
    stored_letter(document(item("Knee brace")))
    client.force_login(people.supervisor)
    for path in (*LISTS, *STATISTICS, *OTHERS):
        assert client.get(f"{path}?{query}", follow=True).status_code == 200, path


ADMINISTRATION = (
    f"review/?{CURSORS[0]}", f"history/?{CURSORS[0]}", f"versions/?{CURSORS[0]}", "history/?letter=²",
    "review/{pk}/?at=²",
    "history/?person=%00", "history/?letter={pk}&path=%00", "review/?reason=%00&whose=%00",
    "versions/?decision=%00",
    "citations/?q=%00", "categories/?q=%00", "determinations/auditevent/?q=%00",
    f"history/?letter={'9' * 30}",
)  # fmt: skip


def test_a_session_that_no_database_has_is_none(client: Client, people: People) -> None:
    for key in ("abcdefgh\\000ijk", "abcdefgh'--", "a" * 400, "%s%s%s%s%s", "äöü" * 5):
        answer = client.get("/cases/", headers={"cookie": f'sessionid="{key}"'})
        assert (answer.status_code, "/login/" in answer.headers["Location"]) == (302, True), key


def test_administration_pages_open_with_any_address(as_admin: Client) -> None:
    letter = stored_letter(document(item("Knee brace")))
    for address in ADMINISTRATION:
        assert as_admin.get("/admin/" + address.format(pk=letter.pk)).status_code == 200, address


TYPED: tuple[dict[str, str], ...] = (
    {"do": "take_back ²"},
    {"undo": "²"},
    {"undo": "9" * 30},
    {"seen": "0.0-²"},
    {"at": "²"},
    *(
        {"pending": json.dumps([{"operation": operation, "path": path, "value": value}])}
        for operation, path, value in (
            ("remove_item", 5, None), ("remove_item", None, None), ("remove_item", "items/1", {"a": 1}),
            ("add_item", "", "no item"), ("add_item", "", {"key": "n12345678", "values": {"request": 5}}),
            ("add_item", "", {"key": "n12345678", "values": 5}), ("split_item", "items/1", [5, 6]),
            ("merge_items", "", {"key": "n12345678", "of": 5, "values": {}}), ("reorder_items", "items", [[1]]),
            ("add_item", "", {"key": 7, "after": 5, "values": {"request": "Brace"}}),
        )
    ),
    {"pending": "[" * 100_000},
    {"pending": "5"},
)  # fmt: skip


def test_the_correction_screen_responds_to_any_input(as_admin: Client) -> None:
    letter = stored_letter(document(item("Knee brace")))
    address = reverse("review_letter", args=[letter.pk])
    for typed in TYPED:
        fields = opened(as_admin, letter.pk) | typed
        assert as_admin.post(address, fields).status_code in {200, 302, 409, 422}, str(typed)[:200]
        assert not Correction.objects.exists(), str(typed)[:200]


def test_characters_that_the_database_rejects_are_removed_from_pending_items(as_admin: Client) -> None:
    letter = stored_letter(document(item("Knee brace")))
    added = {"key": "n12345678", "after": "", "values": {"request": "Walker\0\ud800", "decision": "upheld"}}
    pending = json.dumps([{"operation": "add_item", "path": "", "value": added}])
    fields = opened(as_admin, letter.pk) | {"pending": pending}
    assert as_admin.post(reverse("review_letter", args=[letter.pk]), fields).status_code == 302
    assert Correction.objects.get().given(AddedItem)["values"]["request"] == "Walker"


def test_a_letter_is_snoozed_for_a_week_if_the_days_are_not_a_number(as_admin: Client) -> None:
    letter = stored_letter(doubtful("value_doubtful"))
    assert as_admin.post(reverse("review_snooze", args=[letter.pk]), {"days": "²"}).status_code == 302


@pytest.mark.parametrize("number", ["2016-AB-12", "2016-13-45", "2016-01-02"])
def test_case_numbers_that_look_like_dates_stay_as_they_are(as_admin: Client, people: People, number: str) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.correct_field(letter.pk, "case_number", number, by=people.admin, now=NOW, reason="misread")
    actions.correct_field(letter.pk, "summary", "2016-99-99", by=people.admin, now=NOW, reason="misread")
    html = as_admin.get(reverse("case_detail", args=[letter.pk])).content.decode()
    assert f">{number}<" in html.replace("\n", "")
    assert "Dec 9, 2016" in html
