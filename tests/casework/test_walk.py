"""A morning of a case manager and a month's end of a supervisor, in a real browser, by keyboard where it helps."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from determinations.casework import digests
from determinations.duties import actions as duty_actions
from determinations.models import Case, CaseWork, Duty, DutyState, Letter, Receipt, Upload, UploadedFile
from tests.accessibility import faults_of
from tests.browsing.conftest import store_texts
from tests.casework.test_mail import Inbox, inbox
from tests.duties.conftest import letter_text
from tests.fixtures.people import People
from tests.office_fields.conftest import Enter, enter

__all__ = ["enter", "inbox"]  # fixtures

OVERTURNED = {"Twelve physical therapy sessions": "Overturned"}
UPHELD = {"One synthetic knee brace": "Upheld"}


@pytest.fixture
def batch(transactional_db: None, people: People) -> Upload:
    """A batch of this morning: two letters overturned, one upheld."""
    issued = timezone.localdate() - timedelta(days=7)
    ids = store_texts(
        letter_text(number, items, issued) for number, items in enumerate([OVERTURNED, OVERTURNED, UPHELD], 1)
    )
    now = timezone.now()
    Letter.objects.filter(pk__in=ids).update(received_at=now)
    upload = Upload.objects.create(by=people.casemanager, started_at=now)
    for pk in ids:
        UploadedFile.objects.create(
            upload=upload, name="synthetic.pdf", outcome="accepted", letter_id=pk, received_at=now
        )
    return upload


def test_a_morning_of_a_case_manager(batch: Upload, sign_in: Any, people: People, inbox: Inbox) -> None:
    page = sign_in(people.casemanager)
    page.goto("/?home=yes")
    assert faults_of(page) == []
    for label, figure in (("New letters", "3"), ("Overturned among them", "2")):
        assert page.get_by_role("link", name=label).locator(".figure").inner_text() == figure
    # The batch says what was decided; its date of receipt is entered.
    page.goto(f"/uploads/{batch.pk}/")
    page.get_by_role("link", name="2 of 3 cases overturned").wait_for()
    page.get_by_role("link", name="Enter receipt").click()
    page.locator("input[name=received_on]").wait_for()
    page.wait_for_load_state()
    page.fill("input[name=received_on]", f"{timezone.localdate() - timedelta(days=1):%m/%d/%Y}")
    page.locator("input[name=received_on]").press("Enter")
    page.get_by_text("Entered the date of receipt of 3 letters.").wait_for()
    assert Receipt.objects.count() == 3
    # A range of rows is selected by keyboard: the first, then with Shift the third.
    page.goto("/cases/")
    page.wait_for_load_state()
    boxes = page.locator("#list input[data-row]")
    boxes.nth(0).press(" ")
    boxes.nth(2).press("Shift+Space")
    page.get_by_text("3 selected", exact=True).wait_for()
    boxes.nth(1).press(" ")
    page.get_by_text("2 selected", exact=True).wait_for()
    # The overturned ones: both selected by keyboard and assigned, one of them to the supervisor.
    page.goto("/?home=yes")
    page.get_by_role("link", name="Overturned among them").press("Enter")
    page.locator("#list input[data-row]").first.wait_for()
    page.wait_for_load_state()  # keys act once the page's scripts have run
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("input[data-row]").nth(1).focus()
    page.keyboard.press("Shift+Space")
    page.get_by_text("2 selected", exact=True).wait_for()
    assert faults_of(page) == []
    page.fill("#rows-to", "casemanager")
    page.locator("#rows-to").press("Enter")
    page.get_by_text("Assigned 2 cases to casemanager.").wait_for()
    assert CaseWork.objects.filter(owner=people.casemanager).count() == 2
    page.get_by_role("button", name="Undo").press("Enter")
    page.get_by_text("Undone for 2 cases.").wait_for()
    first, second = Case.objects.filter(outcome="overturned").order_by("pk")
    page.goto(f"/cases/{second.pk}/")
    page.select_option("#work-owner", "supervisor")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    page.get_by_text("Saved.").wait_for()
    page.locator("#note-text").press_sequentially("Please call the provider, @superv")
    page.locator(".mentions-list [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    assert page.locator("#note-text").input_value() == "Please call the provider, @supervisor "
    page.get_by_role("button", name="Add note").press("Enter")
    page.locator(".note-list .mention").wait_for()
    assert faults_of(page) == []
    # The other is authorized.
    duty = Duty.objects.get(letter=first.pk)
    page.goto(f"/worklist/{duty.pk}/")
    page.get_by_role("button", name="Done").press("Enter")
    page.get_by_text("Done: Authorize the treatment").wait_for()
    duty.refresh_from_db()
    assert duty.state == DutyState.DONE
    # The supervisor reads the digest, and the notification that it leads to.
    people.supervisor.email = "supervisor@example.org"
    people.supervisor.save()
    page = sign_in(people.supervisor)
    page.goto("/notifications/")
    page.select_option("#mail-choice", "at_once")
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_text("Saved.").wait_for()
    assert digests.send_due(now=timezone.now() + timedelta(minutes=2)) == 1
    assert "- 1 assignment" in inbox.messages[0]
    assert faults_of(page) == []
    page.get_by_role("link", name="mentioned you in a note").press("Enter")
    page.locator(".note-list li:target .mention").wait_for()


def test_a_months_end_of_a_supervisor(batch: Upload, sign_in: Any, people: People, enter: Enter) -> None:
    """Timeliness, by person and by employer; each number opens its list; the report is printed."""
    now, today = timezone.now(), timezone.localdate()
    letters = sorted(Letter.objects.values_list("pk", flat=True))
    duty_actions.enter_receipt(letters, today - timedelta(days=7), "mail", by=people.casemanager, now=now)
    first, second = Duty.objects.order_by("pk")
    duty_actions.close([first.pk], done_on=today, required=True, note="", by=people.casemanager, now=now)
    duty_actions.close([second.pk], done_on=today, required=True, note="", by=people.supervisor, now=now)
    for serial, employer in ((1, "Acme, Inc."), (2, "ACME INC"), (3, "Globex")):
        enter(serial, employer=employer)
    page = sign_in(people.supervisor)
    page.goto("/statistics/timeliness/?by=office-employer")
    assert faults_of(page) == []
    by_person = page.get_by_role("table", name="By person")
    assert by_person.get_by_role("row", name=people.supervisor.username).locator("td a").count() == 1
    acme = page.get_by_role("row", name="Acme, Inc.").filter(has=page.locator("td"))
    assert acme.locator("td a").first.inner_text() == "2"
    acme.locator("td a").first.press("Enter")
    page.wait_for_url("**/items/?**field_2=Acme**")
    page.locator("#list tbody tr").first.wait_for()
    assert page.locator("#list tbody tr").count() == 2
    page.goto("/statistics/breakdowns/office-employer/")
    page.wait_for_function("() => document.querySelector('.chart-frame canvas').width > 300")  # drawn
    assert faults_of(page) == []  # also in a window that was narrowed
    assert page.locator("main tbody tr th").all_inner_texts() == ["Acme, Inc.", "Globex"]
    page.goto("/statistics/report/")
    assert faults_of(page) == []
    page.evaluate("window.print = () => { window.wasPrinted = true; }")
    page.locator("[data-print]").first.press("Enter")
    page.wait_for_function("() => window.wasPrinted")
    page.emulate_media(media="print")
    assert page.get_by_role("heading", name="By year, with statewide figures").is_visible()
    assert not page.locator(".site-nav").is_visible()


def test_a_note_that_is_not_sent_is_asked_about_before_the_case_is_left(
    batch: Upload, sign_in: Any, people: People
) -> None:
    page = sign_in(people.casemanager)
    letter = batch.files.order_by("pk").values_list("letter_id", flat=True).first()
    page.goto(f"/cases/{letter}/")
    page.fill("#note-text", "Called the provider")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="Items", exact=True).click()
    assert asked == ["beforeunload"]
    assert page.locator("#note-text").input_value() == "Called the provider"
    page.get_by_role("button", name="Add note").click()
    page.locator(".note-list").get_by_text("Called the provider").wait_for()
    page.get_by_role("link", name="Items", exact=True).click()
    page.wait_for_url("**/items/")
