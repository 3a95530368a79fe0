"""Grounds in a real browser: a nurse before a denial, a supervisor with the figures, an administrator who corrects."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from determinations.models import Correction, DisputedItem, Letter, StatisticsLimits
from tests.accessibility import faults_of
from tests.corrections.letters import document, item, problem, stored_letter
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Synthetic exam shows no deficit. Synthetic quantity exceeds the limit. Synthetic MRI shows a tear."
SENTENCES = [match.span() for match in re.finditer(r"Synthetic (?:exam|quantity|MRI)[^.]*\.", TEXT)]
THERAPY = {"category": "Rehabilitation", "subcategory": "PT/OT"}
PROFILE = "/statistics/treatments/Rehabilitation/PT/OT/"


def ground(code: str, sentence: int) -> dict[str, Any]:
    return {"code": code, "rule": "test", "span": list(SENTENCES[sentence])}


@pytest.fixture
def letters() -> list[Letter]:
    upheld = [ground("criteria_not_met", 0), ground("exceeds_limits", 1)]
    stored = [
        stored_letter(
            document(
                item(
                    f"Therapy, {6 * n} visits",
                    "overturned" if n == 3 else "upheld",
                    **THERAPY,
                    grounds=[ground("criteria_met", 2)] if n == 3 else upheld,
                ),
                case_number=f"CM16-900000{n}",
            ),
            text=TEXT,
        )
        for n in (1, 2, 3)
    ]
    StatisticsLimits.objects.update_or_create(pk=1, defaults={"rate_needs": 2})
    return stored


def test_a_nurse_reads_what_decided_requests_like_hers(sign_in: Any, people: People, letters: list[Letter]) -> None:
    page = sign_in(people.casemanager)
    page.goto("/")
    page.get_by_role("link", name="Treatments", exact=True).click()
    page.get_by_role("link", name="Rehabilitation: PT/OT").click()
    expect(page.locator(".later")).to_have_count(0)  # sections and documentation have loaded
    # From a question to the sentences that answered it, and from a sentence to its place in the letter.
    page.get_by_role("link", name="Sentences: Were the guideline's criteria met?").click()
    expect(page.locator("blockquote")).to_have_count(3)
    overturned = page.locator("section", has=page.locator("#side-overturned"))
    expect(overturned.locator("blockquote")).to_contain_text("Synthetic MRI shows a tear.")
    overturned.get_by_role("link", name="Show in the letter").click()
    expect(page.locator(".evidence.is-chosen").first).to_have_text("Synthetic MRI shows a tear.")
    # From the case back to the profile, and to similar requests on one ground.
    page.get_by_role("link", name="Treatment profile").click()
    page.get_by_label("How similar requests ended").fill("Therapy 12 visits")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("navigation", name="Grounds of similar requests").get_by_role(
        "link", name="Beyond limits"
    ).click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.get_by_text("0 of 2 similar requests")).to_be_visible()


def test_a_supervisor_filters_by_ground_and_opens_the_list(
    sign_in: Any, people: People, letters: list[Letter]
) -> None:
    page = sign_in(people.supervisor)
    page.goto("/statistics/grounds/")
    page.get_by_role("link", name="Treatment", exact=True).click()
    cell = page.locator("#grounds tbody td[data-label='Beyond limits'] a")
    expect(cell).to_have_text("2")
    cell.click()
    assert "ground=exceeds_limits" in page.url
    expect(page.locator(".list-count")).to_contain_text("2")
    page.goto("/statistics/grounds/")
    page.get_by_role("link", name="Change selection").click()
    page.get_by_text("Grounds of the decision", exact=True).click()
    page.locator("#f-ground-criteria_met").check()
    page.get_by_role("button", name="Show results").first.click()
    page.wait_for_url("**ground=criteria_met**")
    page.get_by_role("link", name="Overturned", exact=True).click()
    expect(page.locator("#grounds tbody td[data-label='Criteria met'] a")).to_have_text("1")


def test_an_administrator_corrects_and_confirms_grounds(sign_in: Any, people: People) -> None:
    doubt = problem("grounds_not_found", "items/1/grounds")
    certain, unclear = (
        stored_letter(document(item("Therapy", **THERAPY, grounds=grounds), problems=[doubt], case_number=number),
                      text=TEXT)
        for number, grounds in (("CM16-9000001", [ground("risk", 0)]), ("CM16-9000002", []))
    )  # fmt: skip
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{unclear.pk}/")
    field = page.locator("fieldset, .fix").filter(has=page.locator("input[name$='/grounds']")).last
    field.get_by_label("Beyond limits", exact=True).check()
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/admin/review/{certain.pk}/*")
    page.keyboard.press("Alt+c")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing needs review")).to_be_visible()
    assert DisputedItem.objects.get(case=unclear.pk).grounds == ["exceeds_limits"]
    assert list(Correction.objects.values_list("letter_id", "operation").order_by("pk")) == [
        (unclear.pk, "set"),
        (certain.pk, "confirm"),
    ]
    page.goto(f"/cases/{unclear.pk}/")
    expect(page.locator(".item-grounds")).to_contain_text("Beyond limits")
    expect(page.locator(".item-grounds")).to_contain_text("admin")


def test_pages_about_grounds_are_accessible_and_fit_a_phone(
    sign_in: Any, people: People, letters: list[Letter]
) -> None:
    page = sign_in(people.supervisor)
    for path in (
        PROFILE, "/statistics/grounds/", "/statistics/grounds/sentences/", "/statistics/accuracy/",
        "/statistics/quantities/Rehabilitation/PT/OT/?unit=visits", "/reports/",
        "/items/similar/?treatment=Rehabilitation/PT/OT&request=Therapy",
    ):  # fmt: skip
        page.goto(path)
        expect(page.locator(".later")).to_have_count(0)
        assert faults_of(page) == [], path


def test_a_profile_is_printed_without_controls(sign_in: Any, people: People, letters: list[Letter]) -> None:
    page = sign_in(people.casemanager)
    page.goto(f"{PROFILE}?whole=1")
    page.emulate_media(media="print")
    for control in (".site-header", ".tabs", ".selection", ".compare-request", "[data-print]"):
        expect(page.locator(control).first).to_be_hidden()
    expect(page.locator("#questions")).to_be_visible()
    assert len(page.pdf(format="Letter")) > 10_000


def test_the_line_of_a_trend_stops_at_periods_with_too_few_items(sign_in: Any, people: People) -> None:
    for month, requests in ((1, 2), (2, 1), (3, 2)):
        stored_letter(document(*[item("Therapy", **THERAPY)] * requests, case_number=None,
                               decision_date=f"2016-{month:02}-10"))  # fmt: skip
    StatisticsLimits.objects.update_or_create(pk=1, defaults={"rate_needs": 2})
    page = sign_in(people.supervisor)
    page.goto("/statistics/")
    assert page.locator("#periods tbody tr").count() == 3
    drawn = page.evaluate("Chart.getChart(document.querySelector('[data-chart=trend] canvas')).data.datasets[0].data")
    assert drawn == [0, None, 0]
