"""A supervisor builds a report with the keyboard, previews and schedules it; the pages are accessible."""

import random
from typing import Any

import pytest
from playwright.sync_api import expect

from determinations.models import ReportSchedule, SavedReport
from tests.accessibility import faults_of
from tests.fixtures.people import People
from tests.statistics.worlds import stored_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_report_is_built_with_the_keyboard_and_scheduled(sign_in: Any, people: People) -> None:
    stored_world(random.Random(21), 10)
    page = sign_in(people.supervisor)
    page.goto("/statistics/reports/")
    page.get_by_role("button", name="New report of statistics").click()
    page.get_by_role("heading", name="Sections").wait_for()
    page.wait_for_load_state()
    page.get_by_role("button", name="Move Overview: letters, items, outcomes down").press("Enter")
    page.get_by_text("is now number 2 of 14").wait_for(state="attached")
    page.wait_for_load_state()
    down = page.get_by_role("button", name="Move Overview: letters, items, outcomes down")
    expect(down).to_be_focused()
    down.press("Enter")
    page.get_by_text("is now number 3 of 14").wait_for(state="attached")
    page.wait_for_load_state()
    assert faults_of(page) == []
    page.get_by_role("button", name="Save and preview").click()
    page.get_by_text("preview, as your account sees it").wait_for()
    page.wait_for_load_state()
    assert [title for title in page.locator("h2").all_inner_texts()][2] == "Overview"
    assert faults_of(page) == []
    report = SavedReport.objects.get()
    page.goto(f"/statistics/reports/{report.pk}/schedules/")
    page.get_by_label("How often").select_option("monthly")
    page.get_by_role("button", name="Schedule", exact=True).click()
    page.get_by_role("rowheader", name="On the last day of every month at 06:00").wait_for()
    page.wait_for_load_state()
    assert ReportSchedule.objects.get().recipients.get().user == people.supervisor
    assert faults_of(page) == []
    page.goto("/statistics/reports/")
    assert faults_of(page) == []
