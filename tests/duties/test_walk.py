"""A morning at the worklist in a real browser, by keyboard."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from determinations.duties import documents
from determinations.models import CaseWork, Duty, DutyState, Letter
from tests.accessibility import faults_of
from tests.browsing.conftest import store_texts
from tests.duties.conftest import letter_text
from tests.duties.test_documents import PDF
from tests.fixtures.people import People

ITEMS = {"Twelve physical therapy sessions": "Overturned", "One synthetic knee brace": "Overturned"}


@pytest.fixture
def morning(transactional_db: None) -> list[int]:
    """Two letters that arrived today, issued a week ago."""
    issued = timezone.localdate() - timedelta(days=7)
    ids = store_texts(letter_text(number, ITEMS, issued) for number in (1, 2))
    Letter.objects.filter(pk__in=ids).update(received_at=timezone.now())
    return ids


def test_a_case_manager_works_through_the_morning(morning: list[int], sign_in: Any, people: People) -> None:
    page = sign_in(people.casemanager)
    page.goto("/?home=yes")
    page.get_by_role("link", name="Receipt missing").click()
    page.wait_for_url("**/worklist/?when=undated")
    assert faults_of(page) == []
    page.focus("#select-all")
    page.keyboard.press("Space")
    assert page.locator("[data-selected]").inner_text() == "4 selected"
    received = timezone.localdate() - timedelta(days=1)
    page.fill("#received_on", f"{received:%m/%d/%Y}")
    page.select_option("#service", "mail")
    page.get_by_role("button", name="Enter receipt").press("Enter")
    page.get_by_text("Entered the date of receipt of 2 letters.").wait_for()
    page.goto("/worklist/")
    assert page.locator("tbody tr").count() == 4
    page.focus('input[name="duty"] >> nth=0')
    page.keyboard.press("Space")
    page.fill("#note", "Authorization sent, employee and provider informed")
    page.get_by_role("button", name="Done").press("Enter")
    page.get_by_text("Closed 1 duty.").wait_for()
    page.get_by_role("link", name="Closed", exact=True).click()
    page.wait_for_url("**when=closed")
    assert "Authorization sent" in page.locator("tbody").inner_text()
    duty = Duty.objects.get(state=DutyState.DONE)
    assert (duty.received_on, duty.closed_by_name) == (received, "casemanager")
    page.goto(f"/cases/{duty.letter_id}/")
    assert "Done" in page.locator("#duties .duty-list").inner_text()
    page.locator("#duties").get_by_role("link", name="Close or assign").click()
    page.wait_for_url(f"**/worklist/{duty.pk + 1}/")
    assert faults_of(page) == []


def test_what_is_printed_has_what_is_to_be_done_and_no_forms(morning: list[int], sign_in: Any, people: People) -> None:
    page = sign_in(people.casemanager)
    page.emulate_media(media="print")
    duty = Duty.objects.filter(letter=morning[0]).first()
    assert duty
    documents.attach(duty, SimpleUploadedFile("Sent.pdf", PDF), by=people.casemanager, now=timezone.now())
    for address in ("/worklist/", f"/worklist/{duty.pk}/"):
        page.goto(address)
        printed = page.locator("main").inner_text()
        assert "Authorize the treatment" in printed
        assert "Printed from imrsite by casemanager" in printed
        assert ("Sent.pdf" in printed) == (address != "/worklist/")
        assert page.locator("button:visible, input:visible, select:visible").count() == 0
    page.goto(f"/cases/{morning[0]}/")
    assert page.get_by_text("Labor Code 4610.6(h)").is_visible(), (
        "the windows are open, whatever was open on the screen"
    )
    page.goto(f"/selection/print/?letter={morning[0]}")
    assert (
        page.locator("ol.printed-items > li").first.evaluate("item => getComputedStyle(item).listStyleType")
        == "decimal"
    )


def test_enter_does_what_its_field_is_for_and_nothing_in_a_row(
    morning: list[int], sign_in: Any, people: People
) -> None:
    page = sign_in(people.casemanager)
    page.goto("/worklist/")
    page.focus('input[name="duty"] >> nth=0')
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("Choose what to do with the selected rows.").wait_for()
    page.fill("#rows-tag", "Urgent")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Undo").wait_for()
    page.goto("/worklist/")
    page.focus('input[name="duty"] >> nth=0')
    page.keyboard.press("Space")
    received = timezone.localdate() - timedelta(days=1)
    page.fill("#received_on", f"{received:%m/%d/%Y}")
    page.keyboard.press("Enter")
    page.get_by_text("Entered the date of receipt of 1 letter.").wait_for()
    assert not Duty.objects.exclude(state=DutyState.OPEN).exists()
    assert Duty.objects.filter(received_on=received).count() == 2
    assert CaseWork.objects.get().tags == ["Urgent"]


@pytest.mark.parametrize("address", ["/worklist/", "/items/"])
def test_the_row_that_is_selected_is_never_below_what_can_be_done_with_it(
    morning: list[int], sign_in: Any, people: People, address: str
) -> None:
    page = sign_in(people.casemanager)
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(address)
    boxes = page.locator("input[data-row]")
    for at in range(boxes.count()):
        boxes.nth(at).focus()
        page.keyboard.press("Space")
        bar = page.locator("[data-rows-bar], [data-opens-with-rows]").bounding_box()
        box = boxes.nth(at).bounding_box()
        assert bar
        assert box
        assert box["y"] + box["height"] <= bar["y"]


def test_what_a_range_of_due_dates_means_takes_no_room_of_the_requests(
    morning: list[int], sign_in: Any, people: People
) -> None:
    page = sign_in(people.casemanager)
    for width, is_below in ((1440, True), (1800, False)):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/worklist/")
        value = page.locator(".due-value").first
        line, badge = value.bounding_box(), value.locator(".badge").bounding_box()
        assert (badge["y"] > line["y"] + 10) == is_below, width
        assert (line["width"] <= 272) == is_below, width
