"""Undoing what was done with cases: what others changed meanwhile stays, and work that moved is followed."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from determinations.browsing import selected_rows
from determinations.casework import changes, work
from determinations.casework.changes import Change, Held
from determinations.corrections import actions
from determinations.models import (
    AuditEvent,
    Case,
    CaseWork,
    RowsAction,
)
from tests.casework.conftest import Store
from tests.casework.worked import kept
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def test_changes_are_recorded_and_undone(store: Store, people: People) -> None:
    one, other, now = store(1), store(2), timezone.now()
    work.assign([one], people.supervisor, by=people.supervisor, now=now)
    before = work.assign([one, other], people.casemanager, by=people.supervisor, now=now)
    assert set(before) == {one, other}
    assert not work.assign([one], people.casemanager, by=people.supervisor, now=now), "nothing changed"
    events = AuditEvent.objects.filter(action="case.assigned", letter_id=one)
    assert [event.detail["to"] for event in events.order_by("pk")] == [people.supervisor.pk, people.casemanager.pk]
    assert work.undo(before.items(), by=people.supervisor, now=now) == 2
    assert CaseWork.objects.get(pk=one).owner == people.supervisor
    assert CaseWork.objects.get(pk=other).owner is None


def test_undoing_leaves_what_others_changed_meanwhile(store: Store, people: People) -> None:
    pk, other, now = store(1), store(2), timezone.now()
    work.change_tags([pk], add=["old", "both"], by=people.admin, now=now)
    assigned = work.assign([pk, other], people.casemanager, by=people.supervisor, now=now)
    tagged = work.change_tags([pk], add=["mine"], remove=["old"], by=people.supervisor, now=now)
    work.set_status([pk], "done", by=people.admin, now=now)
    work.assign([other], people.admin, by=people.admin, now=now)
    work.change_tags([pk], add=["theirs"], by=people.admin, now=now)
    assert work.undo(assigned.items(), by=people.supervisor, now=now) == 1
    assert work.undo(tagged.items(), by=people.supervisor, now=now) == 1
    row = CaseWork.objects.get(pk=pk)
    assert (row.owner, row.status, row.tags) == (None, "done", ["both", "theirs", "old"])
    assert CaseWork.objects.get(pk=other).owner == people.admin
    of_release_before = {pk: Change(Held(people.admin.pk, "new", ("x",)), None)}
    assert work.undo(of_release_before.items(), by=people.supervisor, now=now) == 1
    row.refresh_from_db()
    assert (row.owner, row.status, row.tags) == (people.admin, "new", ["x"])


def test_undoing_reaches_a_case_of_which_another_letter_counts_by_now(store: Store, people: People) -> None:
    pk, now = store(1), timezone.now()
    changed = work.assign([pk], people.casemanager, by=people.supervisor, now=now)
    newer = store(2)
    actions.correct_field(newer, "case_number", "CM26-0000001", by=people.admin, now=now, reason="misread")
    counting = Case.objects.current().get(case_number="CM26-0000001").pk
    if counting == pk:  # the other way round
        changed, pk = {newer: changed[pk]}, newer
    assert CaseWork.objects.get(pk=counting).owner == people.casemanager
    assert work.undo(changed.items(), by=people.supervisor, now=now) == 1
    assert CaseWork.objects.get(pk=counting).owner is None


def test_undoing_leaves_what_the_letter_that_counts_by_now_had_of_its_own(store: Store, people: People) -> None:
    """The same owner and tag were set apart on another letter, which then came to count."""
    counting, pk, now = store(1), store(2), timezone.now()
    by = {"by": people.supervisor, "now": now}
    done = [
        selected_rows.act(do, [pk], tags, people.casemanager, **by)
        for do, tags in (("assign", ""), ("tag", "urgent,mine"), ("status", "authorizing"))
    ]
    for outcome in done:
        selected_rows.remember(outcome, **by)
    work.assign([counting], people.casemanager, by=people.admin, now=now)
    work.change_tags([counting], add=["urgent", "theirs"], by=people.admin, now=now)
    actions.correct_field(pk, "case_number", "CM26-0000001", by=people.admin, now=now, reason="misread")
    row = CaseWork.objects.get()
    assert row.letter_id == counting
    assert sorted(row.tags) == ["mine", "theirs", "urgent"]
    for action in RowsAction.objects.all():
        selected_rows.undo(action, **by)
    row.refresh_from_db()
    assert (row.owner, sorted(row.tags)) == (people.casemanager, ["theirs", "urgent"])
    assert row.status == "new", "the letter that counts had none, so the action's came to it, and is taken back"


def test_undoing_follows_work_that_moved_twice_and_leaves_what_each_letter_had(store: Store, people: People) -> None:
    last, middle, first, now = store(1), store(2), store(3), timezone.now()
    by = {"by": people.supervisor, "now": now}
    selected_rows.remember(selected_rows.act("assign", [first], "", people.casemanager, **by), **by)
    selected_rows.remember(selected_rows.act("tag", [middle, first], "urgent", None, **by), **by)
    corrected = {"by": people.admin, "now": now, "reason": "misread"}
    actions.correct_field(first, "case_number", "CM26-0000002", **corrected)
    assert CaseWork.objects.get().letter_id == middle
    work.assign([last], people.casemanager, by=people.admin, now=now)
    for pk in (middle, first):
        actions.correct_field(pk, "case_number", "CM26-0000001", **corrected)
    assert kept(last) == ("casemanager", "new", ["urgent"], 0)
    assert [{row[0] for row in action.before} for action in RowsAction.objects.all()] == [{last}, {last}]
    for action in RowsAction.objects.all():
        selected_rows.undo(action, **by)
    assert kept(last) == ("casemanager", "new", [], 0), "the owner is the letter's own"


@pytest.mark.django_db(transaction=True)
def test_an_action_that_a_worker_holds_follows_after_the_move(
    store: Store, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, first, now = store(1), store(2), timezone.now()
    by = {"by": people.supervisor, "now": now}
    for do in ("assign", "tag"):
        selected_rows.remember(selected_rows.act(do, [first], "urgent", people.casemanager, **by), **by)
    held, free = RowsAction.objects.order_by("pk")
    is_held, is_moved = threading.Event(), threading.Event()
    after_move = changes._rewrite_held

    def hold() -> None:
        with transaction.atomic():
            RowsAction.objects.select_for_update().get(pk=held.pk)
            is_held.set()
            is_moved.wait(20)
        connection.close()

    def release(*details: Any) -> None:
        named = dict(RowsAction.objects.values_list("pk", "before__0__0"))
        assert named == {held.pk: first, free.pk: last}
        is_moved.set()
        after_move(*details)

    monkeypatch.setattr(changes, "_rewrite_held", release)
    worker = threading.Thread(target=hold)
    worker.start()
    assert is_held.wait(20)
    actions.correct_field(first, "case_number", "CM26-0000001", by=people.admin, now=now, reason="misread")
    worker.join(20)
    assert set(RowsAction.objects.values_list("before__0__0", flat=True)) == {last}


def test_undoing_takes_back_what_two_letters_had_that_are_of_one_case_by_now(store: Store, people: People) -> None:
    one, other, now = store(1), store(2), timezone.now()
    by = {"by": people.supervisor, "now": now}
    changed = {
        **work.change_tags([one], add=["first"], **by),
        **work.change_tags([other], add=["second"], **by),
    }
    actions.correct_field(other, "case_number", "CM26-0000001", by=people.admin, now=now, reason="misread")
    assert sorted(CaseWork.objects.get().tags) == ["first", "second"]
    assert work.undo(changed.items(), **by) == 1
    assert CaseWork.objects.get().tags == []
