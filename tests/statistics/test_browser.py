"""A supervisor reads the overview, filters, opens the list of a number, compares, exports and prints."""

import random
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.accessibility import violations
from tests.corrections.letters import document, item, stored_letter
from tests.statistics.worlds import stored_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(sign_in: Any, people: Any) -> Any:
    stored_world(random.Random(21), 10)
    return sign_in(people.supervisor)


def _counted(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def test_few_items_are_counted_in_whole_numbers_and_have_no_axis_of_rates(page: Any) -> None:
    page.goto("/statistics/?category=Surgery")
    assert 0 < _counted(page.locator(".tile", has_text="disputed treatment requests").locator("a").inner_text()) < 5
    page.locator("figure[data-chart] canvas").first.wait_for()
    ticks = page.evaluate("Chart.getChart(document.querySelector('figure[data-chart] canvas')).scales.y.ticks")
    assert len(ticks) > 1
    assert all(tick["value"] == int(tick["value"]) for tick in ticks), ticks
    scales = "Object.keys(Chart.getChart(document.querySelector('figure[data-chart=trend] canvas')).scales)"
    assert page.evaluate(scales) == ["x", "y"]
    stored_letter(document(*[item("Synthetic knee brace")] * 60, decision_date="2016-12-01"))
    page.goto("/statistics/?category=Surgery")
    page.locator("figure[data-chart=trend] canvas").wait_for()
    assert page.evaluate(scales) == ["x", "y", "rate"]


def test_a_supervisor_filters_compares_and_exports(page: Any) -> None:
    page.goto("/")
    page.get_by_role("link", name="Statistics", exact=True).click()
    page.get_by_role("heading", name="Overview").wait_for()
    number = page.locator(".tile", has_text="disputed treatment requests").locator("a")
    items = _counted(number.inner_text())
    number.click()
    assert _counted(page.locator(".list-count").inner_text()) == items

    page.goto("/statistics/")
    page.get_by_role("link", name="Change selection").click()
    page.get_by_text("Sex", exact=True).click()
    page.locator("#f-sex-male").check()
    page.get_by_role("button", name="Show results").first.click()
    page.get_by_text("Sex:").wait_for()
    assert "sex=male" in page.url
    letters = page.locator(".tile", has_text="determination letters").locator("a")
    count = _counted(letters.inner_text())
    letters.click()
    assert _counted(page.locator(".list-count").inner_text()) == count
    page.go_back()
    assert "sex=male" in page.url

    page.get_by_role("navigation", name="Statistics").get_by_role("link", name="Compare").click()
    page.get_by_role("link", name="This selection vs. all other items").click()
    page.get_by_role("heading", name="Compare two selections").wait_for()
    page.get_by_role("columnheader", name="Items A").wait_for()
    expect(page.locator(".later")).to_have_count(0)  # B and the table load in their own requests
    shown = [_counted(number) for number in page.locator("section.card dl dd:nth-of-type(2)").all_inner_texts()]
    assert sum(shown) == items

    page.goto("/statistics/breakdowns/category/")
    assert page.locator("figure[data-chart] canvas").count() == 2
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "category.csv"
    with page.expect_download() as picture:
        page.get_by_role("button", name="PNG").first.click()
    assert picture.value.suggested_filename.endswith(".png")
    with page.expect_download() as drawing:
        page.get_by_role("button", name="SVG").first.click()
    drawn = ElementTree.parse(drawing.value.path()).getroot()
    bars = drawn.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 1 + min(15, page.locator("#rows tbody tr").count())  # and the background
    with page.expect_download() as rates:
        page.get_by_role("button", name="SVG").last.click()
    drawn = ElementTree.parse(rates.value.path()).getroot()
    assert "percent overturned" in drawn.itertext()
    assert all(bar.get("stroke") != "none" for bar in drawn.findall("{http://www.w3.org/2000/svg}rect")[1:])

    page.goto("/statistics/report/?decided_from=2016-01-01&decided_to=2016-12-31")
    page.emulate_media(media="print")
    assert page.locator(".footnotes").is_visible()
    assert not page.locator(".site-header").is_visible()
    assert len(page.pdf()) > 10_000


#: Pages with distinct layouts, and whether to check them in dark mode too; the others have no colors of their own.
ACCESSIBLE = {
    "/statistics/": True, "/statistics/breakdowns/category/": True, "/statistics/breakdowns/days-from-denial/": False,
    "/citations/": True, "/citations/editions/": False, "/citations/authorities/mtus/chronic-pain/": False,
    "/statistics/compare/": False, "/statistics/report/": False, "/statistics/glossary/": False,
    "/statistics/quality/": True, "/statistics/selection/?for=/statistics/": False,
}  # fmt: skip


def test_without_scripts_there_is_no_empty_chart_and_no_button_that_does_nothing(page: Any, browser: Any) -> None:
    page.goto("/statistics/report/")
    assert page.locator("[data-chart=trend]").is_visible()
    assert page.locator("[data-print]").is_visible()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(page.url)
    assert plain.locator("[data-chart]").count()
    assert plain.locator("[data-chart]:visible, [data-print]:visible, [data-save-chart]:visible").count() == 0
    plain.goto(page.url.replace("report/", ""))
    assert plain.locator("details.months summary").is_visible()
    context.close()


def test_pages_are_accessible(page: Any) -> None:
    """All rules in light mode; color contrast in dark mode."""
    page.emulate_media(color_scheme="light")
    for path, dark_too in ACCESSIBLE.items():
        page.goto(path)
        expect(page.locator(".later")).to_have_count(0)
        _is_accessible(page)
        if dark_too:
            page.emulate_media(color_scheme="dark")
            _is_accessible(page, runOnly=["color-contrast"])
            page.emulate_media(color_scheme="light")


def test_wide_tables_scroll_in_their_frame_on_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/citations/", "/citations/authorities/odg/neck-upper-back/parts/"):
        page.goto(path)
        assert page.locator(".table-frame table").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path


def _is_accessible(page: Any, **options: Any) -> None:
    found = violations(page, **options)
    assert not found, (page.url, [(rule["id"], rule["nodes"][0]["html"]) for rule in found])
