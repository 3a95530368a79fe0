"""Corrections override parsed values, including those of later parser versions."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS
from determinations.cases.open_letter import Change, CorrectionsRefused, open_letter
from determinations.corrections import actions
from determinations.corrections.actions import LetterChanged
from determinations.models import (
    AuditEvent,
    Case,
    Citation,
    Correction,
    CorrectionState,
    DisputedItem,
    ItemFact,
    Letter,
    LetterState,
    Operation,
)
from tests.corrections import single_changes
from tests.corrections.letters import NOW, citation, document, item, problem, store_reading, stored_letter
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def who(people: People) -> dict[str, Any]:
    return {"by": people.admin, "now": NOW}


def states() -> list[str]:
    return list(Correction.objects.order_by("pk").values_list("state", flat=True))


def decisions(letter: Letter) -> list[str]:
    return list(DisputedItem.objects.filter(case=letter.pk).order_by("number").values_list("decision", flat=True))


def requests(letter: Letter) -> list[str]:
    return list(DisputedItem.objects.filter(case=letter.pk).order_by("number").values_list("request", flat=True))


def test_a_corrected_decision_changes_the_case_and_its_facts_at_once(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace"), item("Shoulder MRI")))
    actions.correct_field(letter.pk, "items/2/decision", "overturned", reason="misread", **who)
    case = Case.objects.get(pk=letter.pk)
    assert (case.outcome, case.overturned_count, case.corrected) == ("partly", 1, True)
    assert list(ItemFact.objects.order_by("item__number").values_list("overturned", flat=True)) == [False, True]
    row = Correction.objects.get()
    assert (row.parser_value, row.old_value, row.new_value, row.parser_version) == (
        "upheld",
        "upheld",
        "overturned",
        "1",
    )
    event = AuditEvent.objects.get()
    assert (event.action, event.letter_id, event.detail) == (
        "letter.corrected",
        letter.pk,
        {"corrections": [row.pk], "paths": ["items/2/decision"]},
    )


def test_the_value_before_a_correction_is_known(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.correct_field(letter.pk, "decision_date", "2016-12-10", reason="misread", **who)
    standing = single_changes.standings(letter.pk)["decision_date"]
    assert (standing.parser_value, standing.correction.new_value) == ("2016-12-09", "2016-12-10")


@pytest.mark.parametrize(
    ("reading", "state"),
    [
        ({"case_number": "CM16-9000001"}, CorrectionState.ACTIVE),
        ({"case_number": "CM16-9000002"}, CorrectionState.CONFIRMED),
        ({"case_number": "CM16-9000003"}, CorrectionState.CONFLICT),
    ],
)
def test_a_reparse_updates_the_state_of_a_correction(who: dict[str, Any], reading: dict[str, Any], state: str) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.correct_field(letter.pk, "case_number", "CM16-9000002", reason="misread", **who)
    store_reading(letter, document(item("Knee brace"), **reading), "2")
    assert states() == [state]
    assert Case.objects.get(pk=letter.pk).case_number == "CM16-9000002"


def test_a_correction_follows_its_item_to_another_number(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace"), item("Shoulder MRI")))
    actions.correct_field(letter.pk, "items/2/decision", "overturned", reason="misread", **who)
    store_reading(letter, document(item("Crutches"), item("Knee brace"), item("Shoulder MRI")), "2")
    assert decisions(letter) == ["upheld", "upheld", "overturned"]


def test_a_correction_follows_an_item_with_slightly_different_wording(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Shoulder MRI without contrast is", spans={"request": [100, 130]})))
    actions.correct_field(letter.pk, "items/1/decision", "overturned", reason="misread", **who)
    store_reading(letter, document(item("Shoulder MRI without contrast", spans={"request": [100, 128]})), "2")
    assert (decisions(letter), states()) == (["overturned"], [CorrectionState.ACTIVE])


def test_a_correction_does_not_move_to_the_adjacent_item(who: dict[str, Any]) -> None:
    left = item("MRI of the left shoulder", spans={"request": [10, 30]})
    right = item("MRI of the right shoulder", spans={"request": [50, 70]})
    letter = stored_letter(document(left, right))
    actions.correct_field(letter.pk, "items/1/decision", "overturned", reason="misread", **who)
    store_reading(letter, document(right), "2")
    assert (decisions(letter), states()) == (["upheld"], [CorrectionState.ORPHANED])
    store_reading(letter, document(left, right), "3")
    assert (decisions(letter), states()) == (["overturned", "upheld"], [CorrectionState.ACTIVE])


def test_a_confirmed_value_survives_a_parser_that_reads_another(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    single_changes.confirm_value(letter.pk, "items/1/decision", **who)
    assert (states(), Case.objects.get().corrected) == ([CorrectionState.CONFIRMED], False)
    store_reading(letter, document(item("Knee brace", "overturned")), "2")
    assert (decisions(letter), states()) == (["upheld"], [CorrectionState.CONFLICT])
    assert Case.objects.get().corrected


def test_reverting_gives_the_parsers_value_and_keeps_every_row(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.correct_field(letter.pk, "items/1/decision", "overturned", reason="misread", **who)
    single_changes.revert(letter.pk, "items/1/decision", **who)
    assert (decisions(letter), states()) == (["upheld"], [CorrectionState.SUPERSEDED, CorrectionState.REVERTED])
    assert not Case.objects.get().corrected
    assert len(actions.history(letter.pk, "items/1/decision")) == 2


def test_an_added_item_is_recognized_when_a_parser_finds_it(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    values = {"request": "Crutches", "decision": "overturned", "category": ["Surgery", "Other"]}
    single_changes.add_item(letter.pk, values, after="1", reason="missed", **who)
    assert (requests(letter), decisions(letter)) == (["Knee brace", "Crutches"], ["upheld", "overturned"])
    assert states() == [CorrectionState.ACTIVE]
    store_reading(letter, document(item("Knee brace"), item("Crutches", "overturned")), "2")
    assert (requests(letter), states()) == (["Knee brace", "Crutches"], [CorrectionState.CONFIRMED])


def test_a_second_item_of_the_same_wording_is_not_taken_for_the_first(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    single_changes.add_item(
        letter.pk, {"request": "Knee brace", "decision": "overturned"}, after="1", reason="x", **who
    )
    store_reading(letter, document(item("Knee brace"), item("Crutches")), "2")
    assert decisions(letter) == ["upheld", "overturned", "upheld"]


def test_a_removed_item_stays_removed(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace"), item("Page 2 of 4")))
    actions.correct_field(letter.pk, "items/2/decision", "overturned", reason="misread", **who)
    single_changes.remove_item(letter.pk, "2", reason="misread", **who)
    assert (requests(letter), states()) == (["Knee brace"], [CorrectionState.SUPERSEDED, CorrectionState.ACTIVE])
    store_reading(letter, document(item("Page 2 of 4"), item("Knee brace")), "2")
    assert requests(letter) == ["Knee brace"]
    removal = Correction.objects.get(operation=Operation.REMOVE_ITEM)
    actions.undo(letter.pk, removal.pk, **who)
    assert decisions(letter) == ["overturned", "upheld"]


def test_a_split_item_keeps_what_the_parts_share_and_its_corrections(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("MRI and x-ray"), item("Crutches")))
    actions.correct_field(letter.pk, "items/1/rationale", "Corrected rationale.", reason="misread", **who)
    parts = [{"request": "MRI"}, {"request": "x-ray", "decision": "overturned"}]
    single_changes.split_item(letter.pk, "1", parts, reason="misread", **who)
    assert (requests(letter), decisions(letter)) == (["MRI", "x-ray", "Crutches"], ["upheld", "overturned", "upheld"])
    texts = DisputedItem.objects.order_by("number").values_list("text__rationale", flat=True)
    assert list(texts) == ["Corrected rationale.", "Corrected rationale.", "Synthetic rationale."]
    store_reading(letter, document(item("MRI"), item("x-ray", "overturned"), item("Crutches")), "2")
    assert (requests(letter), states()[1]) == (["MRI", "x-ray", "Crutches"], CorrectionState.CONFIRMED)
    store_reading(letter, document(item("Something else")), "3")
    assert (requests(letter), states()) == (["Something else"], [CorrectionState.ORPHANED] * 2)


def test_merged_items_become_one(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Norco 10/325"), item("#60"), item("Crutches")))
    single_changes.merge_items(letter.pk, ["1", "2"], values={"request": "Norco 10/325 #60"}, reason="misread", **who)
    assert requests(letter) == ["Norco 10/325 #60", "Crutches"]
    store_reading(letter, document(item("Norco 10/325 #60"), item("Crutches")), "2")
    assert (requests(letter), states()) == (["Norco 10/325 #60", "Crutches"], [CorrectionState.CONFIRMED])


def test_items_stay_in_the_order_given_by_staff(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("A"), item("B"), item("C")))
    single_changes.reorder_items(letter.pk, ["3", "1", "2"], reason="misread", **who)
    assert requests(letter) == ["C", "A", "B"]
    store_reading(letter, document(item("A"), item("B"), item("New"), item("C")), "2")
    assert requests(letter) == ["C", "A", "New", "B"]


def test_a_letter_that_no_parser_reads_is_entered_by_hand(who: dict[str, Any]) -> None:
    unread = {**document(problems=[problem("layout_not_known", "")]), "layout": None, "case_number": None}
    letter = stored_letter(unread)
    letter.refresh_from_db()
    assert letter.state == LetterState.UNKNOWN_LAYOUT
    changes = [
        Change(operation=Operation.SET, path="case_number", value="CM13-9000001", reason="missed"),
        Change(operation=Operation.ADD_ITEM, value={"key": "n12345678", "after": "", "values": {"request": "Brace"}}),
        Change(operation=Operation.SET, path="items/n12345678/decision", value="overturned", reason="missed"),
    ]
    actions.save_changes(letter.pk, changes, **who)
    letter.refresh_from_db()
    assert (letter.state, decisions(letter)) == (LetterState.PARSED, ["overturned"])


def test_a_citation_can_be_retargeted(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.correct_field(
        letter.pk, "items/1/reviewer", [citation("mtus/knee", "2004", "Bracing")], reason="misread", **who
    )
    cited = Citation.objects.get(side="reviewer")
    assert (cited.authority.key, cited.sections) == ("mtus/knee", ["Bracing"])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("decision_date", "30 January", "not a date"),
        ("items/1/decision", "approved", "Upheld, Overturned"),
        ("items/1/request", "", "cannot be empty"),
        ("items/1/category", ["Surgery", "Nothing"], "not in the list"),
        ("items/1/reviewer", [citation("mtus/nothing")], "choose an authority"),
        ("items/1/reviewer", [citation(), citation()], "twice"),
        ("items/7/decision", "upheld", "no longer exists"),
        ("age", "old", "whole number"),
        ("layout", "x", "no field"),
    ],
)
def test_an_invalid_value_is_refused_with_a_reason(who: dict[str, Any], path: str, value: Any, words: str) -> None:
    letter = stored_letter(document(item("Knee brace")))
    changes = [
        Change(operation=Operation.SET, path="age", value=50, reason="misread"),
        Change(operation=Operation.SET, path=path, value=value, reason="misread"),
    ]
    with pytest.raises(CorrectionsRefused) as refused:
        actions.save_changes(letter.pk, changes, **who)
    assert [path for path, _words in refused.value.errors] == [path]
    assert words in refused.value.errors[0][1]
    assert not Correction.objects.exists()


def test_concurrent_changes_are_noticed(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    seen = open_letter(letter.pk).version
    actions.correct_field(letter.pk, "age", 50, reason="misread", **who)
    with pytest.raises(LetterChanged):
        actions.save_changes(
            letter.pk, [Change(operation=Operation.SET, path="age", value=51, reason="x")], seen=seen, **who
        )


@pytest.mark.parametrize("role", ["casemanager", "supervisor", "outsider"])
def test_only_admins_correct(people: People, role: str) -> None:
    letter = stored_letter(document(item("Knee brace")))
    with pytest.raises(PermissionDenied):
        actions.correct_field(letter.pk, "age", 50, by=getattr(people, role), now=NOW, reason="misread")


def test_a_problem_is_resolved_by_correcting_confirming_or_dismissing(who: dict[str, Any]) -> None:
    problems = [
        problem("value_doubtful", "items/1/request"),
        problem("unknown_authority", "items/1/reviewer"),
        problem("item_start_doubtful", "items/2/request"),
        problem("wording_unknown", ""),
    ]
    letter = stored_letter(document(item("Knee brace"), item("Crutches"), problems=problems))
    single_changes.confirm_value(letter.pk, "items/1/request", **who)
    actions.correct_field(letter.pk, "items/1/reviewer", [citation("mtus/knee")], reason="misread", **who)
    single_changes.dismiss_problem(letter.pk, "wording_unknown", "", **who)
    left = open_letter(letter.pk).merged.record["problems"]
    assert [problem["code"] for problem in left] == ["item_start_doubtful"]
    single_changes.dismiss_problem(letter.pk, "item_start_doubtful", "items/2/request", **who)
    letter.refresh_from_db()
    assert letter.state == LetterState.PARSED


def test_dates_are_checked_again_after_a_correction(who: dict[str, Any]) -> None:
    wrong = document(
        item("Knee brace"), date_of_injury="2017-01-01", problems=[problem("dates_contradict", "decision_date")]
    )
    letter = stored_letter(wrong)
    actions.correct_field(letter.pk, "date_of_injury", "2014-01-01", reason="misread", **who)
    assert open_letter(letter.pk).merged.record["problems"] == []


def test_problems_stay_with_their_item_when_numbers_shift(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("A"), item("B"), problems=[problem("value_doubtful", "items/2/rationale")]))
    single_changes.add_item(letter.pk, {"request": "New"}, reason="missed", **who)
    left = open_letter(letter.pk).merged.record["problems"]
    assert [problem["path"] for problem in left] == ["items/3/rationale"]


def test_corrections_apply_again_when_the_same_bytes_are_uploaded_again(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.correct_field(letter.pk, "items/1/decision", "overturned", reason="misread", **who)
    Case.objects.get(pk=letter.pk).delete()
    letter.delete()
    assert Correction.objects.count() == 1
    again = stored_letter(document(item("Knee brace")), sha256=letter.sha256)
    assert (decisions(again), Correction.objects.get().letter_id) == (["overturned"], again.pk)


@pytest.mark.parametrize("statement", ["UPDATE {} SET note = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_a_correction(who: dict[str, Any], statement: str) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.confirm_letter(letter.pk, **who)
    refused = pytest.raises(DatabaseError, match="never changed or deleted")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("determinations_correction"))


def test_a_confirmed_letter_has_every_value_confirmed_once(who: dict[str, Any]) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.correct_field(letter.pk, "items/1/decision", "overturned", reason="misread", **who)
    actions.confirm_letter(letter.pk, **who)
    assert Correction.objects.count() == len(LETTER_FIELDS) + len(ITEM_FIELDS)
    assert list(actions.unconfirmed(open_letter(letter.pk))) == []
