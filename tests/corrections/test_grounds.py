"""Grounds of decisions are corrected, confirmed and undone like any value, and counted as corrected."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from determinations.cases.open_letter import CorrectionsRefused, open_letter
from determinations.cases.sheet import sheet_of
from determinations.corrections import actions
from determinations.models import Case, Correction, CorrectionState, DisputedItem, ItemFact, Letter, LetterState
from determinations.parsing.grounds import GROUNDS
from determinations.wording.labels import read_labels
from tests.corrections import single_changes
from tests.corrections.letters import NOW, document, item, problem, store_reading, stored_letter
from tests.corrections.screen import opened
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db

PATH = "items/1/grounds"


@pytest.fixture
def who(people: People) -> dict[str, Any]:
    return {"by": people.admin, "now": NOW}


def ground(code: str, span: list[int] | None = None) -> dict[str, Any]:
    return {"code": code, "rule": "test", "span": span}


@pytest.fixture
def letter() -> Letter:
    return stored_letter(
        document(item("Knee MRI", grounds=[ground("criteria_not_met", [0, 9]), ground("not_documented", [10, 19])])),
        text="Synthetic sentences of a rationale.",
    )


def codes() -> tuple[list[str], list[str]]:
    """The grounds of the item and those of its facts."""
    return DisputedItem.objects.get().grounds, ItemFact.objects.get().grounds


def test_grounds_that_were_read_are_stored_with_the_item_and_its_facts(letter: Letter) -> None:
    assert codes() == (["criteria_not_met", "not_documented"],) * 2
    assert "ground=criteria_not_met" in Case.objects.get().said_of_items


def test_a_correction_changes_grounds_everywhere_and_keeps_the_evidence_of_those_that_stay(
    letter: Letter, who: dict[str, Any]
) -> None:
    actions.correct_field(letter.pk, PATH, ["risk", "not_documented"], reason="misread", **who)
    assert sorted(codes()[1]) == ["not_documented", "risk"]
    (shown,) = sheet_of(open_letter(letter.pk), read_labels()).items
    assert {(ground.code, ground.span) for ground in shown.stated_grounds} == {
        ("not_documented", (10, 19)),
        ("risk", None),
    }
    assert shown.grounds.before is not None
    assert shown.grounds.before.by == "admin"


def test_a_correction_survives_a_new_reading_until_it_is_undone(letter: Letter, who: dict[str, Any]) -> None:
    actions.correct_field(letter.pk, PATH, ["risk"], reason="misread", **who)
    again = item("Knee MRI", grounds=[ground("not_documented", [3, 5]), ground("criteria_not_met", [6, 9])])
    store_reading(letter, document(again), "2")
    assert codes()[0] == ["risk"]
    assert Correction.objects.get().state == CorrectionState.ACTIVE  # the same grounds in another order: no conflict
    single_changes.revert(letter.pk, PATH, **who)
    assert codes()[0] == ["not_documented", "criteria_not_met"]


def test_grounds_can_be_confirmed_and_settle_the_doubt(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee MRI", grounds=[]), problems=[problem("grounds_not_found", PATH)]))
    assert Case.objects.get().state == LetterState.NEEDS_REVIEW
    actions.correct_field(letter.pk, PATH, ["other"], reason="misread", **who)
    assert Case.objects.get().state == LetterState.PARSED


def test_only_known_grounds_can_be_chosen(letter: Letter, who: dict[str, Any]) -> None:
    with pytest.raises(CorrectionsRefused):
        actions.correct_field(letter.pk, PATH, ["no such ground"], reason="misread", **who)
    assert codes()[0] == ["criteria_not_met", "not_documented"]


def test_grounds_can_be_added_to_a_record_of_an_older_parser(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee MRI")))
    assert codes() == ([], [])
    actions.correct_field(letter.pk, PATH, ["criteria_not_met"], reason="misread", **who)
    assert codes() == (["criteria_not_met"],) * 2


def test_the_correction_screen_offers_every_ground_and_saves_what_is_ticked(as_admin: Client, letter: Letter) -> None:
    address = reverse("review_letter", args=[letter.pk])
    content = as_admin.get(address).content.decode()
    boxes = re.findall(
        r'<input type="checkbox" name="(value:items/[^"]*/grounds)" value="(\w+)"[^>]*?( checked)?>', content
    )
    assert [code for _name, code, _checked in boxes] == list(GROUNDS)
    assert {code for _name, code, checked in boxes if checked} == {"criteria_not_met", "not_documented"}
    assert all(kind.label in content for kind in GROUNDS.values())
    fields = {**opened(as_admin, letter.pk), boxes[0][0]: ["risk", "already_done"], "reason": "misread"}
    assert as_admin.post(address, fields).status_code == 302
    assert codes()[0] == ["risk", "already_done"]
