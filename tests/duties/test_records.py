"""Duties follow their case until they are closed, and are then kept as they were."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from determinations.cases.effective import remove_letters, write_cases
from determinations.corrections import actions
from determinations.duties import actions as duty_actions
from determinations.duties import renewing
from determinations.duties.actions import DutyRefused
from determinations.duties.renewing import DutiesFailed
from determinations.models import AuditEvent, Case, Duty, DutyRule, DutySettings, DutyState, Receipt, Service
from tests.browsing.conftest import NOW, store_texts
from tests.corrections import single_changes
from tests.duties.conftest import ISSUED, UPLOADED, Store, duties_of, letter_text
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db

ITEMS = {
    "Twelve physical therapy sessions": "Overturned",
    "One synthetic knee brace": "Upheld",
    "Retrospective urine drug screen": "Overturned",
}
RECEIVED = date(2026, 3, 4)  # a Wednesday


def test_each_overturned_item_has_a_duty_with_the_range_of_its_due_date(store: Store) -> None:
    therapy, screen = duties_of(store(1, ITEMS))
    assert (therapy.rule.key, therapy.item_number, therapy.due_on) == ("authorize", 1, None)
    assert (therapy.earliest_on, therapy.latest_on) == (date(2026, 3, 10), date(2026, 3, 11))
    assert (screen.rule.key, screen.item_number) == ("reimburse", 3)
    assert (screen.earliest_on, screen.latest_on) == (date(2026, 3, 23), date(2026, 3, 24))


def test_the_date_of_receipt_gives_the_due_date(store: Store, people: People) -> None:
    pk = store(1, ITEMS)
    assert duty_actions.enter_receipt([pk], RECEIVED, Service.MAIL, by=people.casemanager, now=NOW) == 1
    assert list(duties_of(pk).values_list("due_on", flat=True)) == [date(2026, 3, 11), date(2026, 3, 24)]
    event = AuditEvent.objects.get(action="receipt.entered")
    assert (event.letter_id, event.detail) == (pk, {"on": "2026-03-04", "service": "mail"})


@pytest.mark.parametrize("day", [UPLOADED + timedelta(days=1), ISSUED - timedelta(days=1)])
def test_an_impossible_date_of_receipt_is_refused_for_all(store: Store, people: People, day: date) -> None:
    one, other = store(1, ITEMS), store(2, ITEMS, issued=date(2026, 1, 5))
    with pytest.raises(DutyRefused, match="Nothing was saved"):
        duty_actions.enter_receipt([one, other], day, Service.FAX, by=people.casemanager, now=NOW)
    assert not Receipt.objects.exists()


def test_letters_that_are_records_create_no_duties(store: Store) -> None:
    assert not duties_of(store(1, ITEMS, issued=UPLOADED - timedelta(days=181))).exists()
    assert duties_of(store(2, ITEMS, issued=UPLOADED - timedelta(days=180))).count() == 2


def test_receipt_may_be_presumed_by_rule_and_is_marked_so(store: Store, people: People) -> None:
    DutySettings.objects.update_or_create(pk=1, defaults={"mail_days": 5})
    pk = store(1, ITEMS, issued=date(2026, 2, 20))
    duty = duties_of(pk)[0]
    assert (duty.received_on, duty.presumed, duty.due_on) == (date(2026, 2, 25), True, date(2026, 3, 4))
    duty_actions.enter_receipt([pk], date(2026, 2, 27), Service.MAIL, by=people.casemanager, now=NOW)
    duty = duties_of(pk)[0]
    assert (duty.received_on, duty.presumed, duty.due_on) == (date(2026, 2, 27), False, date(2026, 3, 6))


def test_a_correction_to_upheld_ends_an_open_duty_and_back_again_begins_it(store: Store, people: People) -> None:
    pk = store(1, ITEMS)
    actions.correct_field(pk, "items/1/decision", "upheld", by=people.admin, now=NOW, reason="misread")
    assert list(duties_of(pk).values_list("item_number", flat=True)) == [3]
    single_changes.revert(pk, "items/1/decision", by=people.admin, now=NOW)
    assert list(duties_of(pk).values_list("item_number", flat=True)) == [1, 3]


def test_a_closed_duty_is_kept_whatever_is_read_later(store: Store, people: People) -> None:
    pk = store(1, ITEMS)
    duty_actions.enter_receipt([pk], RECEIVED, Service.MAIL, by=people.casemanager, now=NOW)
    duty = duties_of(pk)[0]
    now = datetime(2026, 3, 13, 20, tzinfo=UTC)
    closed = duty_actions.close(
        [duty.pk], done_on=date(2026, 3, 13), required=True, note="Sent", by=people.casemanager, now=now
    )
    assert closed == 1
    actions.correct_field(pk, "items/1/decision", "upheld", by=people.admin, now=NOW, reason="misread")
    duty.refresh_from_db()
    assert (duty.state, duty.due_on, duty.days_late, duty.note) == (DutyState.DONE, date(2026, 3, 11), 2, "Sent")
    assert duty.closed_by_name == "casemanager"


def test_a_new_version_of_a_rule_moves_open_duties_and_leaves_closed_ones(store: Store, people: People) -> None:
    pk, other = store(1, ITEMS), store(2, ITEMS)
    duty_actions.enter_receipt([pk, other], RECEIVED, Service.MAIL, by=people.casemanager, now=NOW)
    done = duties_of(pk)[0]
    duty_actions.close([done.pk], done_on=RECEIVED, required=True, note="", by=people.casemanager, now=NOW)
    DutyRule.objects.filter(key="authorize").update(valid_to=date(2026, 2, 28))
    first = DutyRule.objects.get(key="authorize")
    first.pk, first.valid_from, first.valid_to, first.amount = None, date(2026, 3, 1), None, 3
    first.save()
    DutySettings.objects.update_or_create(pk=1, defaults={"reached": None})
    assert renewing.refresh_outdated(100) == 2
    assert renewing.refresh_outdated(100) == 0
    done.refresh_from_db()
    assert done.due_on == date(2026, 3, 11)
    assert duties_of(other)[0].due_on == date(2026, 3, 9)


def test_reopening_reverses_and_keeps_the_note(store: Store, people: People) -> None:
    pk = store(1, ITEMS)
    duty = duties_of(pk)[0]
    duty_actions.close(
        [duty.pk], done_on=UPLOADED, required=False, note="Liability disputed", by=people.admin, now=NOW
    )
    duty_actions.reopen([duty.pk], by=people.casemanager, now=NOW)
    duty.refresh_from_db()
    assert (duty.state, duty.closed_on, duty.note) == (DutyState.OPEN, None, "Liability disputed")
    assert duty.closed_by_name == people.admin.username, "whose note it is"
    actions_seen = list(AuditEvent.objects.filter(action__startswith="duty.").values_list("action", flat=True))
    assert actions_seen == ["duty.closed", "duty.reopened"]


def test_not_required_needs_a_reason(store: Store, people: People) -> None:
    duty = duties_of(store(1, ITEMS))[0]
    with pytest.raises(DutyRefused, match="why"):
        duty_actions.close([duty.pk], done_on=UPLOADED, required=False, note=" ", by=people.admin, now=NOW)


def test_services_already_given_change_the_rule_and_stay_set(store: Store, people: People) -> None:
    pk = store(1, ITEMS)
    duty_actions.set_services(duties_of(pk)[0].pk, given=True, by=people.casemanager, now=NOW)
    write_cases([pk])
    duty = duties_of(pk)[0]
    assert (duty.rule.key, duty.given_by_hand) == ("reimburse", True)


def test_duties_are_assigned_to_users_who_may_work_on_them(store: Store, people: People) -> None:
    duty = duties_of(store(1, ITEMS))[0]
    assert duty_actions.assign([duty.pk], people.supervisor, by=people.casemanager, now=NOW) == 1
    with pytest.raises(DutyRefused, match="outsider"):
        duty_actions.assign([duty.pk], people.outsider, by=people.casemanager, now=NOW)
    duty.refresh_from_db()
    assert duty.assigned_to == people.supervisor


def test_users_without_the_permission_change_nothing(store: Store, people: People) -> None:
    duty = duties_of(store(1, ITEMS))[0]
    with pytest.raises(PermissionDenied):
        duty_actions.close([duty.pk], done_on=UPLOADED, required=True, note="", by=people.outsider, now=NOW)
    with pytest.raises(PermissionDenied):
        duty_actions.enter_receipt([duty.letter_id], UPLOADED, Service.FAX, by=people.outsider, now=NOW)
    duty.refresh_from_db()
    assert duty.state == DutyState.OPEN


def test_a_copy_that_counts_instead_takes_over_receipt_and_closed_duties(store: Store, people: People) -> None:
    pk = store(1, ITEMS)
    duty_actions.enter_receipt([pk], RECEIVED, Service.MAIL, by=people.casemanager, now=NOW)
    duty_actions.close([duties_of(pk)[0].pk], done_on=RECEIVED, required=True, note="", by=people.casemanager, now=NOW)
    (copy,) = store_texts([letter_text(1, ITEMS) + "\n"])
    counting = Case.objects.current().get(case_number="CM26-0000001")
    assert {pk, copy} > {counting.pk}
    assert [(duty.item_number, duty.state) for duty in duties_of(counting.pk)] == [(1, "done"), (3, "open")]
    assert duties_of(counting.pk)[1].due_on == date(2026, 3, 24)
    assert Duty.objects.count() == 2


def test_a_removed_copy_leaves_receipt_and_closed_duties_to_the_one_that_remains(store: Store, people: People) -> None:
    pk = store(1, ITEMS)
    (copy,) = store_texts([letter_text(1, ITEMS) + "\n"])
    counting = Case.objects.current().get(case_number="CM26-0000001").pk
    duty_actions.enter_receipt([counting], RECEIVED, Service.MAIL, by=people.casemanager, now=NOW)
    closed = duties_of(counting)[0].pk
    duty_actions.close([closed], done_on=RECEIVED, required=True, note="", by=people.casemanager, now=NOW)
    remove_letters([counting])
    (remaining,) = {pk, copy} - {counting}
    assert [(duty.item_number, duty.state) for duty in duties_of(remaining)] == [(1, "done"), (3, "open")]
    assert Receipt.objects.get(pk=remaining).received_on == RECEIVED


def test_letters_that_were_read_before_there_were_duties_get_theirs(store: Store, people: People) -> None:
    pk, other = store(1, ITEMS), store(2, ITEMS)
    Duty.objects.all().delete()
    DutySettings.objects.update_or_create(pk=1, defaults={"reached": 0})
    assert [renewing.refresh_outdated(1) for _turn in range(4)] == [1, 1, 0, 0]
    assert duties_of(pk).count() == duties_of(other).count() == 2
    assert DutySettings.now().reached is None


def test_a_letter_whose_duties_cannot_be_worked_out_stops_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [store(number, ITEMS) for number in range(1, 6)]
    bad = letters[1]
    Duty.objects.update(computed_at=NOW - timedelta(days=400))
    Duty.objects.filter(letter=letters[4]).delete()  # it was read before there were duties
    DutySettings.objects.update_or_create(pk=1, defaults={"reached": 0})
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_duty() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'words'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse_duty BEFORE UPDATE ON determinations_duty"
            f" FOR EACH ROW WHEN (NEW.letter_id = {bad}) EXECUTE FUNCTION refuse_duty()"
        )
    for _turn in range(5):
        with pytest.raises(DutiesFailed, match="1 letters"):
            renewing.refresh_outdated(3)
    old = Duty.objects.filter(computed_at__lt=NOW - timedelta(days=300))
    assert set(old.values_list("letter", flat=True)) == {bad}
    assert duties_of(letters[4]).count() == 2
    assert (DutySettings.now().failed, DutySettings.now().reached) == ([bad], None)
    monkeypatch.setattr(renewing, "_TRIED_AGAIN", 1)
    DutySettings.objects.update(failed=[bad, letters[0]])
    for failed in ([letters[0], bad], [bad]):  # each in its turn
        with suppress(DutiesFailed):
            renewing.refresh_outdated(3)
        assert DutySettings.now().failed == failed
    monkeypatch.setattr(renewing, "_MOST_FAILED", 1)
    Duty.objects.filter(letter=letters[2]).update(computed_at=NOW - timedelta(days=400))
    with pytest.raises(DutiesFailed):
        renewing.refresh_outdated(3)
    assert set(old.values_list("letter", flat=True)) == {bad, letters[2]}, "no others are begun"
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse_duty ON determinations_duty")
    renewing.refresh_outdated(3)
    renewing.refresh_outdated(3)
    assert (DutySettings.now().failed, old.exists()) == ([], False)
