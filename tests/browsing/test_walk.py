"""The real stack in a real browser, as a case manager: find, read against the evidence, export, share, flag."""

import re
from typing import Any

import pytest

from determinations.models import Case, DisputedItem, ItemFact, LetterText, ProblemReport, SavedView
from determinations.synthetic import write_letter
from determinations.synthetic.pdf import letter_pdf
from tests.accessibility import DESK, faults_of, faults_when_open, settle
from tests.browsing.conftest import store_texts
from tests.cases.drawn import draw_all
from tests.cases.test_letter_pages import store_pdf
from tests.fixtures.people import People
from tests.postgresql.snapshots import start_with


def _write_letters() -> None:
    store_texts(write_letter(number, 5).text for number in range(12))
    draw_all(store_pdf(letter_pdf(write_letter(40, 5))))


@pytest.fixture
def cases(transactional_db: None) -> list[Case]:
    """Some text letters, and one PDF: written once, the same rows for each test."""
    start_with("letters_to_browse", _write_letters)
    return list(Case.objects.order_by("pk"))


@pytest.fixture
def desk(cases: list[Case], sign_in: Any, people: People) -> Any:
    """The browser of a case manager who has signed in."""
    return sign_in(people.casemanager)


def numbered(cases: list[Case]) -> Case:
    return next(case for case in cases if case.case_number and case.item_count > 1)


def test_a_case_is_found_by_its_number_with_two_keys(desk: Any, cases: list[Case]) -> None:
    case = numbered(cases)
    desk.goto("/cases/")
    desk.keyboard.press("/")
    desk.keyboard.type(case.case_number or "")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/cases/{case.pk}/")
    assert desk.locator("h1").inner_text() == case.case_number


def test_a_suggestion_is_chosen_with_the_keyboard(desk: Any, cases: list[Case]) -> None:
    desk.goto("/cases/")
    desk.keyboard.press("/")
    desk.keyboard.type("norc")
    box = desk.locator("#site-search")
    desk.locator("#site-search-list [role=option]").first.wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    desk.keyboard.press("ArrowDown")
    chosen = desk.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert chosen.get_attribute("aria-selected") == "true"
    assert faults_of(desk) == []
    desk.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    desk.keyboard.type("o")
    desk.locator("#site-search-list [role=option]").first.wait_for()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/search/?q=norco")


def test_cases_are_found_by_words_and_lead_to_the_place(desk: Any, cases: list[Case]) -> None:
    desk.goto("/search/?q=pain")
    assert desk.locator("mark").count() > 0
    desk.locator(".search-result a").first.click()
    desk.wait_for_url("**/cases/*/**")


def test_a_filter_changes_list_counts_and_address_and_the_link_can_be_shared(desk: Any, cases: list[Case]) -> None:
    fact = ItemFact.objects.filter(reviewer_families=4).first() or ItemFact.objects.exclude(reviewer_families=0)[0]
    family = {1: "mtus", 2: "acoem", 4: "odg", 8: "other"}.get(fact.reviewer_families, "mtus")
    desk.goto("/items/")
    desk.check(f"#f-reviewer_family-{family}")
    desk.wait_for_url(re.compile(rf"reviewer_family={family}"))
    desk.locator(".chip").first.wait_for()
    count = desk.locator(".list-count").inner_text()
    assert int(count) == sum(
        bool(each.reviewer_families & {"mtus": 1, "acoem": 2, "odg": 4, "other": 8}[family])
        for each in ItemFact.objects.all()
    )
    shared = desk.url
    desk.goto("/cases/")
    desk.goto(shared)
    assert desk.locator(".list-count").inner_text() == count
    assert desk.is_checked(f"#f-reviewer_family-{family}")
    desk.locator(".chip").first.click()
    desk.wait_for_url(re.compile(r"/items/\??$"))


def test_back_brings_the_list_as_it_was(desk: Any, cases: list[Case]) -> None:
    desk.goto("/cases/")
    before = desk.locator(".list-count").inner_text()
    desk.check("#f-outcome-upheld")
    desk.wait_for_url("**outcome=upheld**")
    # A person goes back from what they see; the address alone changes before the browser's own history knows it.
    desk.wait_for_function("before => document.querySelector('.list-count').innerText !== before", arg=before)
    desk.locator(".chip").first.wait_for()
    desk.go_back()
    desk.wait_for_url("**/cases/")
    desk.wait_for_function("before => document.querySelector('.list-count').innerText === before", arg=before)


def test_rows_are_walked_by_keys_and_enter_opens(desk: Any, cases: list[Case]) -> None:
    desk.goto("/cases/")
    first = desk.locator("table.data tbody tr .main-link").first.inner_text()
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    desk.keyboard.press("k")
    assert desk.locator("tr.is-chosen .main-link").inner_text() == first
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/cases/*/?*list=cases*")
    desk.keyboard.press("]")
    desk.wait_for_function("first => document.querySelector('h1').innerText !== first", arg=first)
    desk.wait_for_load_state()  # keys are heard when the scripts have run
    desk.keyboard.press("[")
    desk.wait_for_function("first => document.querySelector('h1').innerText === first", arg=first)


@pytest.mark.parametrize("address", ["/cases/", "/admin/review/{}/", "/cases/{}/"])
def test_menus_folded_parts_and_dialogs_are_accessible_when_open(
    cases: list[Case], sign_in: Any, people: People, address: str
) -> None:
    page = sign_in(people.admin)
    page.goto(address.format(numbered(cases).pk))
    assert page.locator("details").count() > 0
    assert faults_when_open(page) == []


def test_keys_can_be_switched_off_and_on(desk: Any, cases: list[Case]) -> None:
    desk.goto("/cases/")
    desk.keyboard.press("?")
    desk.get_by_label("Use keyboard shortcuts in this browser").uncheck()
    desk.get_by_role("button", name="Close").click()
    desk.reload()
    desk.keyboard.press("j")
    desk.keyboard.press("/")
    assert desk.locator("tr.is-chosen").count() == 0
    assert desk.evaluate("document.activeElement.id") != "site-search"
    desk.locator(".user-menu summary").click()
    desk.locator(".user-menu [data-opens=keys-help]").click()
    desk.get_by_label("Use keyboard shortcuts in this browser").check()
    desk.get_by_role("button", name="Close").click()
    desk.keyboard.press("j")
    assert desk.locator("tr.is-chosen").count() == 1


def test_an_item_is_read_against_its_evidence_in_the_text(desk: Any, cases: list[Case]) -> None:
    case = numbered(cases)
    desk.goto(f"/cases/{case.pk}/")
    desk.locator("[data-evidence='items/1/decision']").click()
    chosen = desk.locator(".evidence.is-chosen")
    assert chosen.first.inner_text().strip() in ("Upheld", "Overturned")
    desk.locator(".evidence[data-paths~='items/2/rationale']").first.click()
    assert desk.locator("[data-path='items/2/rationale'].is-chosen").count() == 1
    assert desk.locator("#item-2.is-current").count() == 1


def test_an_item_is_read_against_its_evidence_on_the_pages(desk: Any, cases: list[Case]) -> None:
    case = cases[-1]
    text = LetterText.objects.get(letter=case.pk)
    assert text.page_offsets
    desk.goto(f"/cases/{case.pk}/")
    desk.wait_for_selector(".box")
    desk.keyboard.press("j")
    assert desk.locator("#item-1.is-current").count() == 1
    box = desk.locator(".box.is-chosen").first
    image = desk.locator(".letter-page img").first
    desk.wait_for_function("() => document.querySelector('.letter-page img').naturalWidth > 0")
    assert box.bounding_box()["width"] > 10
    assert box.bounding_box()["x"] >= image.bounding_box()["x"]
    desk.locator("[data-letter-view=text]").click()
    assert desk.locator(".evidence.is-chosen").count() > 0


def test_a_page_says_that_it_is_being_drawn_or_cannot_be(desk: Any, cases: list[Case]) -> None:
    held: list[Any] = []
    desk.route("**/pages/1*", lambda route: held.append(route))
    desk.goto(f"/cases/{cases[-1].pk}/", wait_until="domcontentloaded")
    words = desk.locator(".letter-page[data-page='1'] .picture-waits")
    words.wait_for()
    assert words.inner_text() == "Page 1 is being drawn…"
    seen = "words => document.elementFromPoint(innerWidth * 0.75, words.getBoundingClientRect().top + 20) === words"
    assert words.evaluate(seen), "the white paper is below the words"
    while not held:
        desk.wait_for_timeout(20)
    held[0].abort()
    desk.locator(".picture-waits", has_text="could not be drawn").wait_for()
    desk.unroute("**/pages/1*")
    desk.reload()
    desk.wait_for_function("() => document.querySelector('.letter-page img').naturalWidth > 0")
    assert not words.is_visible()


def test_a_list_is_exported(desk: Any, cases: list[Case]) -> None:
    desk.goto("/items/?decision=upheld")
    with desk.expect_download() as download:
        desk.get_by_role("button", name="CSV", exact=True).first.click()
    with open(download.value.path(), encoding="utf-8-sig") as file:
        assert len(file.readlines()) > ItemFact.objects.filter(overturned=False).count()


def test_a_value_is_flagged(desk: Any, cases: list[Case]) -> None:
    case = numbered(cases)
    desk.goto(f"/cases/{case.pk}/")
    desk.locator("#item-2 .item-links a", has_text="Report a problem").click()
    desk.fill("textarea", "The category looks wrong.")
    desk.locator("main button[type=submit]").click()
    desk.wait_for_url(f"**/cases/{case.pk}/")
    assert ProblemReport.objects.get().path == "items/2"
    assert "You reported a problem" in desk.content()


def test_a_view_is_saved_and_opened(desk: Any, cases: list[Case]) -> None:
    desk.goto("/cases/?outcome=upheld")
    desk.locator("summary", has_text="Views").click()
    desk.fill("#view-name", "Upheld ones")
    desk.locator("form[action*='views/save'] button").click()
    desk.get_by_text("Saved as “Upheld ones”").wait_for()  # the address stays the same: only the words tell
    assert SavedView.objects.get().name == "Upheld ones"
    desk.goto("/views/")
    desk.locator("a", has_text="Upheld ones").click()
    desk.wait_for_url("**/cases/?outcome=upheld")
    desk.goto("/cases/")
    desk.locator("summary", has_text="Views").click()
    desk.locator(".menu-panel a", has_text="Upheld ones").click()
    desk.wait_for_url("**/cases/?outcome=upheld")


#: What can be pressed or filled in and stands partly outside the window, where no sideways scroll reaches it.
_OUT_OF_REACH = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(each => {
    if (!each.checkVisibility({visibilityProperty: true}) || each.closest(".skip")) return false;
    const box = each.getBoundingClientRect();
    return box.width > 0 && (box.left < 0 || box.right > document.documentElement.clientWidth + 1);
}).map(each => each.outerHTML.slice(0, 120))
"""


#: A window of 1280 by 900 at 200%.
TWICE_THE_SIZE = {"width": 640, "height": 450}


def test_at_twice_the_size_a_letter_is_filtered_and_read(desk: Any, cases: list[Case]) -> None:
    desk.set_viewport_size(TWICE_THE_SIZE)
    desk.goto("/cases/")
    settle(desk)
    assert desk.evaluate("document.documentElement.scrollWidth") <= 640
    assert desk.evaluate(_OUT_OF_REACH) == []
    desk.locator("a", has_text="Filters").click()
    desk.check("#f-outcome-upheld")
    desk.locator(".chip", has_text="Upheld").wait_for()
    desk.locator(".rail-close").click()
    desk.locator("table.data .main-link").first.click()
    desk.locator(".case-actions a", has_text="Letter").click()
    assert desk.locator("#letter").bounding_box()["y"] < 450


PAGES = [
    "/?home=yes", "/cases/", "/cases/?outcome=upheld&category=Pharmaceuticals", "/items/", "/decisions/",
    "/search/?q=pain", "/search/", "/cases/{pk}/", "/cases/{pdf}/", "/cases/{pk}/items/1/alike/",
    "/cases/{pk}/report/", "/reports/", "/views/", "/exports/", "/no-such-page/",
]  # fmt: skip


#: Whose tables fit a laptop beside their filters.
LISTS = ("/cases/", "/items/", "/decisions/")


@pytest.mark.parametrize("paths", [PAGES[start::4] for start in range(4)])
def test_every_page_is_accessible_in_both_themes_and_fits_a_phone_and_twice_the_size(
    paths: list[str], desk: Any, cases: list[Case]
) -> None:
    """Everything is within reach at twice the size."""
    found = []
    for path in paths:
        desk.set_viewport_size(DESK)
        desk.goto(path.format(pk=numbered(cases).pk, pdf=cases[-1].pk))
        if path in LISTS:
            frame = desk.locator(".table-frame")
            assert frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") <= 0, path
        found += [(path, *fault) for fault in faults_of(desk, impacts=("serious", "critical"))]
        desk.set_viewport_size(TWICE_THE_SIZE)
        settle(desk)
        assert desk.evaluate("document.documentElement.scrollWidth") <= 640, path
        assert desk.evaluate(_OUT_OF_REACH) == [], path
    assert found == []


def test_on_a_phone_the_mark_of_partial_approval_has_a_line_of_its_own(desk: Any, cases: list[Case]) -> None:
    DisputedItem.objects.update(partly_approved=True)
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.goto("/items/")
    head = desk.locator("table.data tbody th").first
    name, mark = (head.locator(part).bounding_box() for part in (".main-link", ".quiet"))
    assert mark["y"] >= name["y"] + name["height"]
    assert mark["x"] == pytest.approx(name["x"], abs=8)
    assert mark["height"] < 30


def test_filters_work_without_a_script(cases: list[Case], sign_in: Any, people: People, browser: Any,
                                       live_server: Any) -> None:  # fmt: skip
    cookies = sign_in(people.casemanager).context.cookies()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/cases/?show=counts")
    page.check("#f-outcome-upheld")
    page.locator(".rail button[type=submit]").click()
    page.wait_for_url("**outcome=upheld**")
    page.locator("table.data .main-link").first.click()
    page.locator("[data-evidence='items/1/decision']").click()
    page.locator("#evidence").wait_for()
    context.close()
