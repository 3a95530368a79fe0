"""What corrections teach, the history, and Django's admin."""

import json
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from determinations.cases.effective import remove_letters
from determinations.cases.open_letter import open_letter
from determinations.corrections import actions, duplicates, lessons
from determinations.models import Correction, DisputedItem, LetterPair, PairDecision
from tests.corrections import single_changes
from tests.corrections.letters import NOW, document, item, store_reading, stored_letter
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def who(people: People) -> dict[str, Any]:
    return {"by": people.admin, "now": NOW}


def test_accuracy_is_counted_by_field_and_version(who: dict[str, Any]) -> None:
    letters = [stored_letter(document(item("Brace"), age=40, case_number=f"CM16-900000{n}")) for n in range(3)]
    single_changes.confirm_value(letters[0].pk, "age", **who)
    for one in letters[1:]:
        actions.correct_field(one.pk, "age", 50, reason="misread", **who)
    store_reading(letters[1], document(item("Brace"), age=50, case_number="CM16-9000001"), "2")
    figures = {(share.field, share.version): (share.right, share.checked) for share in lessons.accuracy()}
    assert figures == {("age", "1"): (1, 3), ("age", "2"): (1, 1)}


def test_checked_letters_are_exported_as_expected_records(who: dict[str, Any], as_admin: Client) -> None:
    whole, part = stored_letter(document(item("Brace"))), stored_letter(document(item("Cane"), case_number=None))
    actions.correct_field(whole.pk, "items/1/decision", "overturned", reason="misread", **who)
    actions.confirm_letter(whole.pk, **who)
    actions.correct_field(part.pk, "age", 50, reason="misread", **who)
    answer = as_admin.get(reverse("export_lessons"))
    records = json.loads(answer.getvalue())
    assert [record["file"] for record in records] == [f"letter-{whole.pk}"]
    record = records[0]
    assert record["items"][0]["decision"] == "overturned"
    assert set(record["items"][0]["claims"][0]) == {"family", "authority", "edition", "sections", "pages"}
    every = json.loads(as_admin.get(reverse("export_lessons"), {"all": "1"}).getvalue())
    assert [record["checked"] for record in every[1:]] == [["age"]]
    assert b"100.0%" in as_admin.get(reverse("lessons")).content


def test_an_earlier_value_is_restored_and_a_removal_undone(who: dict[str, Any], as_admin: Client) -> None:
    letter = stored_letter(document(item("Brace"), item("Cane")))
    for age in (50, 51):
        actions.correct_field(letter.pk, "age", age, reason="misread", **who)
    first = Correction.objects.order_by("pk")[0]
    page = as_admin.get(reverse("correction_history"), {"letter": str(letter.pk), "path": "age"}).content.decode()
    assert page.count("Restore") == 1
    as_admin.post(reverse("restore_value", args=[first.pk]))
    assert open_letter(letter.pk).merged.record["age"] == 50
    single_changes.remove_item(letter.pk, "2", reason="misread", **who)
    removal = Correction.objects.latest("pk")
    as_admin.post(reverse("restore_value", args=[removal.pk]), {"do": "undo"})
    assert DisputedItem.objects.filter(case=letter.pk).count() == 2


@pytest.mark.parametrize("query", [{}, {"person": "admin"}, {"state": "active"}, {"path": "age"}])
def test_the_history_is_filtered_by_letter_value_user_and_state(
    who: dict[str, Any], as_admin: Client, query: dict[str, str]
) -> None:
    letter = stored_letter(document(item("Brace")))
    actions.correct_field(letter.pk, "age", 50, reason="misread", **who)
    assert b"misread" in as_admin.get(reverse("correction_history"), {"letter": str(letter.pk), **query}).content


def test_the_history_names_cases_and_finds_them_by_number(who: dict[str, Any], as_admin: Client) -> None:
    first, other = (stored_letter(document(item("Brace"), case_number=f"CM16-000012{at}")) for at in (3, 4))
    for letter in (first, other):
        actions.correct_field(letter.pk, "age", 50, reason="misread", **who)
    address = reverse("correction_history")
    assert f'href="{address}?letter={first.pk}"' in as_admin.get(f"/admin/review/{first.pk}/").content.decode()
    page = as_admin.get(address, {"letter": "cm16-0000123 "})
    assert [entry.row.letter_id for entry in page.context["rows"]] == [first.pk]
    assert page.content.decode().count(">CM16-0000123</a>") == 2
    nothing = as_admin.get(address, {"letter": "CM16-0000999"})
    assert (nothing.context["rows"], b"No such letter" in nothing.content) == ([], True)
    assert len(as_admin.get(address).context["rows"]) == 2
    remove_letters([other.pk])
    of_removed = as_admin.get(address, {"letter": str(other.pk)})
    assert [entry.row.letter_id for entry in of_removed.context["rows"]] == [other.pk]


def test_a_pair_is_compared_and_decided_on_its_page(as_admin: Client) -> None:
    older = stored_letter(document(item("Brace"), age=40))
    newer = stored_letter(document(item("Brace"), age=41))
    duplicates.find_pairs([older.pk, newer.pk], now=NOW)
    pair = LetterPair.objects.get()
    assert str(pair.pk) in as_admin.get(reverse("letter_pairs")).content.decode()
    assert b"differs" in as_admin.get(reverse("letter_pair", args=[pair.pk])).content
    as_admin.post(reverse("decide_pair", args=[pair.pk]), {"do": "apart", "note": "two workers"})
    pair.refresh_from_db()
    assert (pair.decision, pair.note) == (PairDecision.APART, "two workers")


def test_every_row_of_djangos_admin_opens_for_an_admin(as_admin: Client, who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Brace")))
    actions.correct_field(letter.pk, "age", 50, reason="misread", **who)
    rows = [row for model in admin.site._registry if (row := model._default_manager.first()) is not None]
    assert len(rows) >= 7
    for row in rows:
        address = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        assert as_admin.get(reverse(address, args=[row.pk])).status_code == 200, row._meta.model_name
