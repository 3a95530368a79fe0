"""An administrator at work, in a real browser."""

from datetime import date
from typing import Any

import pytest

from determinations.cases.open_letter import open_letter
from determinations.corrections import actions
from determinations.models import Case, Correction, DisputedItem, ItemFact, LetterText, ReviewEntry, ScannedPage
from determinations.synthetic import letter_pdf, write_letter
from tests.accessibility import faults_of
from tests.cases.drawn import draw_all
from tests.cases.test_letter_pages import store_pdf
from tests.corrections.letters import NOW, citation, document, item, problem, stored_letter
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = """Synthetic letter.
The injured worker is a 51 year old male, injured on January 9, 2015.

MRI and x-ray of the knee: Overturned

MAXIMUS guideline: Decision based on MTUS Knee Complaints 2004, Section(s): Special Studies.
"""


def span(words: str) -> list[int]:
    start = TEXT.index(words)
    return [start, start + len(words)]


def letter(number: int, **values: Any) -> Any:
    parsed = item(
        "MRI and x-ray of the knee",
        "upheld",
        spans={"request": span("MRI and x-ray of the knee"), "decision": span("Overturned")},
    )
    doubts = [problem("value_doubtful", "items/1/decision")]
    return stored_letter(document(parsed, problems=doubts, case_number=f"CM16-900000{number}", **values), text=TEXT)


def test_the_queue_is_worked_by_keyboard(sign_in: Any, people: People) -> None:
    last, first = letter(1), letter(2)
    page = sign_in(people.admin)
    page.goto("/admin/review/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{first.pk}/*")
    # The first doubtful field has the focus, and its evidence is marked in the letter.
    assert page.evaluate("document.activeElement.name").endswith("/decision")
    assert page.locator(".letter-lines mark").inner_text() == "Overturned"
    page.keyboard.press("o")
    page.keyboard.press("Alt+a")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/review/{last.pk}/*")
    assert DisputedItem.objects.get(case=first.pk).decision == "overturned"
    assert ItemFact.objects.filter(overturned=True).count() == 1
    assert not ReviewEntry.objects.filter(pk=first.pk).exists()
    page.locator("h1").click()
    page.keyboard.press("Alt+j")
    assert page.evaluate("document.activeElement.name").endswith("/decision")
    page.keyboard.press("Alt+c")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/admin/review/")
    page.get_by_text("Nothing needs review").wait_for()


class Keys:
    """Presses keys, and counts them."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.count = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1


def test_a_citation_is_added_retargeted_and_removed_with_few_keys(sign_in: Any, people: People) -> None:
    one = letter(1)
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{one.pk}/")
    keys = Keys(page)
    # The page opens at the doubtful decision. Added: to the claims administrator's guidelines, the reviewer's, typed.
    keys.press("Alt+g", "Alt+g", *"odg kn", "Enter")
    line = page.locator("[data-citations$='/reviewer'] .citation-line")
    assert line.nth(1).locator("input").nth(0).input_value() == "ODG Knee & Leg"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Edition"
    # The one above takes another guideline.
    keys.press("Alt+g", "Alt+g", "ArrowUp", "ArrowUp", *"knee", "Tab")
    assert line.nth(0).locator("input").nth(0).input_value() == "MTUS Knee Complaints"
    keys.press("Control+Shift+Enter")
    page.get_by_text("Saved: ").wait_for()
    assert keys.count <= 20
    cited = DisputedItem.objects.get(case=one.pk).citations.filter(side="reviewer")
    assert set(cited.values_list("authority__key", flat=True)) == {"odg/knee-leg", "mtus/knee"}
    # Removed, and the key list says how.
    page.wait_for_load_state()
    assert page.get_by_text("remove the guideline").is_visible()
    keys.press("Alt+g", "Alt+g", "ArrowUp", "Alt+Delete", "Control+Shift+Enter")
    page.locator("[data-citations$='/reviewer'] .citation-line").nth(2).wait_for(state="detached")
    assert DisputedItem.objects.get(case=one.pk).citations.filter(side="reviewer").count() == 1


def test_a_guideline_in_doubt_is_typed_over_and_is_marked_in_the_letter(sign_in: Any, people: People) -> None:
    words = "Decision based on MTUS Knee Complaints 2004, Section(s): Special Studies."
    parsed = item("MRI", reviewer=[{**citation("other/unrecognised", None), "span": span(words)}])
    one = stored_letter(document(parsed, problems=[problem("unknown_authority", "items/1/reviewer")]), text=TEXT)
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{one.pk}/")
    page.locator(".letter-lines mark", has_text=words).wait_for()
    page.keyboard.type("kn")
    page.get_by_role("option", name="MTUS Knee Complaints", exact=True).wait_for()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Shift+Enter")
    page.get_by_text("Saved: 1 value.").wait_for()
    cited = DisputedItem.objects.get(case=one.pk).citations.filter(side="reviewer")
    assert [citation.authority.key for citation in cited] == ["mtus/knee"]


def test_a_letter_is_assigned_and_snoozed_by_key(sign_in: Any, people: People) -> None:
    last, first = letter(1), letter(2)
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{first.pk}/")
    page.keyboard.press("Alt+t")
    page.get_by_role("button", name="Unassign").wait_for()
    page.wait_for_load_state()
    assert ReviewEntry.objects.get(pk=first.pk).assigned_to == people.admin
    page.keyboard.press("Alt+s")
    page.wait_for_url(f"**/review/{last.pk}/*")
    assert ReviewEntry.objects.filter(pk=first.pk, snoozed_until__gt=NOW).exists()
    page.goto("/admin/review/?rest=snoozed&whose=mine")
    page.get_by_text("snoozed until").wait_for()


def test_selected_text_fills_a_field_and_is_its_evidence(sign_in: Any, people: People) -> None:
    one = letter(1, date_of_injury=None)
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{one.pk}/")
    for field, words in (("age", "51"), ("date_of_injury", "January 9, 2015")):
        page.focus(f"#field-{field}")
        select(page, words)
        page.keyboard.press("Alt+f")
        page.locator(".letter-lines mark", has_text=words).wait_for()
    assert page.input_value("#field-date_of_injury") == "Jan 9, 2015"
    assert page.locator(".letter-lines mark").inner_text() == "January 9, 2015"
    line = page.locator("[data-citations$='/reviewer']")
    line.locator("input").nth(0).focus()
    select(page, "Decision based on MTUS Knee Complaints 2004, Section(s): Special Studies.")
    page.get_by_role("button", name="Fill “Reviewer cites”").click()
    line.locator(".citation-line").nth(2).wait_for()
    page.keyboard.press("Control+Shift+Enter")
    page.get_by_text("Saved: ").wait_for()
    case = Case.objects.get(pk=one.pk)
    assert (case.age, case.date_of_injury) == (51, date(2015, 1, 9))
    evidence = dict(Correction.objects.values_list("path", "evidence"))
    assert evidence["age"] == span("51")
    assert evidence["date_of_injury"] == span("January 9, 2015")
    cited = DisputedItem.objects.get(case=one.pk).citations.filter(side="reviewer", authority__key="mtus/knee").get()
    assert (cited.edition, cited.sections) == ("2004", ["Special Studies"])


def test_the_page_says_what_cannot_be_filled(sign_in: Any, people: People) -> None:
    one = letter(1)
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{one.pk}/")
    page.focus("#field-age")
    page.keyboard.press("Alt+f")
    page.get_by_text("Select the words in the letter first.").wait_for()
    select(page, "Synthetic letter.")
    page.keyboard.press("Alt+f")
    page.get_by_text("The selected text does not fit this field.").wait_for()
    page.route("**/line/", lambda route: route.abort())
    page.locator("[data-citations$='/reviewer'] input").nth(0).focus()
    page.keyboard.press("Alt+f")
    page.get_by_text("The guideline could not be read. Nothing was lost. Please try again.").wait_for()
    # Saving waits for a guideline that is being read, and keys pressed twice save once.
    page.route("**/line/", lambda route: (page.wait_for_timeout(300), route.continue_()))
    select(page, "Decision based on MTUS Knee Complaints 2004, Section(s): Special Studies.")
    page.keyboard.press("Alt+f")
    page.keyboard.press("Alt+f")
    page.keyboard.press("Control+Shift+Enter")
    page.keyboard.press("Control+Shift+Enter")
    page.get_by_text("Saved: 1 value.").wait_for()
    assert DisputedItem.objects.get(case=one.pk).citations.filter(side="reviewer").count() == 2


def select(page: Any, words: str) -> None:
    page.evaluate(
        """(words) => {
            const pages = [...document.querySelectorAll(".letter-lines")];
            const lines = pages.find((node) => node.textContent.includes(words));
            lines.normalize();
            const walker = document.createTreeWalker(lines, NodeFilter.SHOW_TEXT);
            let node = walker.nextNode();
            while (!node.data.includes(words)) node = walker.nextNode();
            const start = node.data.indexOf(words);
            document.getSelection().setBaseAndExtent(node, start, node, start + words.length);
        }""",
        words,
    )


def test_words_of_the_letter_are_chosen_by_keyboard(sign_in: Any, people: People) -> None:
    one = letter(1, age=None)
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{one.pk}/")
    page.focus("#field-age")
    page.keyboard.press("Alt+l")
    for key in ("ArrowDown", *["ArrowRight"] * 5, "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("document.getSelection().toString()") == "51 year old"
    page.keyboard.press("Enter")
    assert page.input_value("#field-age") == "51"
    assert page.evaluate("document.activeElement.id") == "field-age"
    page.keyboard.press("Alt+l")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "field-age"
    page.keyboard.press("Control+Shift+Enter")
    page.get_by_text("Saved: ").wait_for()
    assert Correction.objects.get().evidence == span("51 year old")


def test_evidence_is_marked_on_the_pages(sign_in: Any, people: People) -> None:
    one = draw_all(store_pdf(letter_pdf(write_letter(40, 5))))
    offsets = LetterText.objects.get(pk=one.pk).page_offsets
    items = open_letter(one.pk).merged.record["items"]
    later = next(candidate for candidate in items if candidate["spans"]["decision"][0] > offsets[1])
    number = 1 + sum(offset <= later["spans"]["decision"][0] for offset in offsets[1:])
    page = sign_in(people.admin)
    page.route(f"**/pages/{number}.png", lambda route: (page.wait_for_timeout(500), route.continue_()))
    page.goto(f"/admin/review/{one.pk}/")
    heads = "[...document.querySelectorAll('.fix-head')].filter(head => head.scrollWidth > head.clientWidth).length"
    assert page.evaluate(heads) == 0, "names of fields fit their columns"
    page.focus("#field-age")
    page.keyboard.press("Alt+v")
    page.get_by_text(f"Loading page {number}").wait_for()
    page.locator("[data-page='1'] .picture-mark").wait_for()
    assert page.locator(".picture-mark").count() == 1
    page.focus(f"#field-items-{later['key']}-decision")
    page.locator(f"[data-page='{number}'] .picture-mark").wait_for()
    assert page.locator("[data-page='1'] .picture-mark").count() == 0
    page.get_by_text(f"Loading page {number}").wait_for(state="hidden")
    mark, drawn = (
        page.locator(f"[data-page='{number}'] {selector}").bounding_box() for selector in (".picture-mark", "img")
    )
    assert drawn["x"] < mark["x"] < mark["x"] + mark["width"] < drawn["x"] + drawn["width"]
    assert drawn["y"] < mark["y"] < drawn["y"] + drawn["height"]
    # Words are selected in the text, and the page says so.
    assert page.get_by_text("To select words, switch to Text").is_visible()
    page.keyboard.press("Alt+f")
    page.get_by_text("choose Text above the letter").wait_for()
    page.keyboard.press("Alt+v")
    page.locator(
        ".letter-lines mark", has_text=LetterText.objects.get(pk=one.pk).text[slice(*later["spans"]["decision"])]
    ).wait_for()


def test_a_scan_says_so_and_its_unclear_words_stay_underlined(sign_in: Any, people: People) -> None:
    unclear = span("x-ray")
    doubt = {**problem("ocr_doubt", "items/1/request"), "span": unclear}
    request = "MRI and x-ray of the knee"
    parsed = item(request, spans={"request": span(request), "decision": span("Overturned")})
    one = stored_letter(document(parsed, problems=[doubt], spans={"age": span("51")}), text=TEXT)
    type(one).objects.filter(pk=one.pk).update(text_method="scan", pages=1)
    ScannedPage.objects.create(letter=one, number=0, words=[[*unclear, 0.1, 0.1, 0.1, 0.02, 55, 1, None]])
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{one.pk}/?evidence={unclear[0] - 8}-{unclear[1]}")
    assert page.get_by_text("Read from a scan: 1 page recognized from its picture.").is_visible()
    assert page.get_by_text("unclear on the scan: “x-ray”.").is_visible()
    marked, underlined = page.locator(".letter-lines mark"), page.locator(".letter-lines .unclear")
    page.focus("#field-age")
    assert marked.all_inner_texts() == ["51"]
    page.get_by_label("Evidence for request in the letter").click()
    assert "".join(marked.all_inner_texts()) == request
    assert underlined.all_inner_texts() == ["x-ray"]
    assert underlined.get_attribute("title") == "Unclear in the scan."
    assert page.locator(".letter-lines").evaluate("lines => lines.textContent") == TEXT
    assert faults_of(page) == []


def test_a_phone_has_the_letter_under_a_button(sign_in: Any, people: People) -> None:
    one = letter(1)
    page = sign_in(people.admin)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/admin/review/{one.pk}/")
    assert not page.locator(".letter-lines").is_visible()
    page.get_by_role("button", name="Letter").click()
    assert page.locator(".letter-lines mark").is_visible()
    field, side = page.locator(".needs-review").bounding_box(), page.locator(".letter-side").bounding_box()
    assert field["y"] < side["y"]


def test_an_item_is_split_by_keyboard(sign_in: Any, people: People) -> None:
    one = letter(1)
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{one.pk}/")
    page.locator("summary", has_text="Change items").focus()
    page.keyboard.press("Enter")
    box = page.get_by_label("Split: one request per line")
    box.fill("MRI of the knee\nx-ray of the knee")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Not saved yet").wait_for()
    page.wait_for_load_state()  # keys are heard when the scripts have run
    assert page.input_value(":focus") == "MRI of the knee"
    page.locator("select[id$='-decision']").nth(1).select_option("overturned")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Saved: ").wait_for()
    rows = DisputedItem.objects.filter(case=one.pk).order_by("number").values_list("request", "decision")
    assert list(rows) == [("MRI of the knee", "upheld"), ("x-ray of the knee", "overturned")]


def test_a_race_is_lost_gracefully(sign_in: Any, people: People) -> None:
    one = letter(1)
    page = sign_in(people.admin)
    page.goto(f"/admin/review/{one.pk}/")
    page.fill("#field-age", "51")
    page.fill("#field-summary", "Typed with care.")
    actions.correct_field(one.pk, "age", 60, by=people.admin, now=NOW, reason="misread")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Nothing was saved").wait_for()
    page.wait_for_load_state()
    assert page.input_value("#field-age") == "51"
    assert page.input_value("#field-summary") == "Typed with care."
    assert page.get_by_text("Someone else saved 60 in the meantime").is_visible()
    page.keyboard.press("Control+Enter")
    page.get_by_text("Saved: ").wait_for()
    assert Case.objects.get(pk=one.pk).age == 51


def test_queue_and_screen_are_accessible(sign_in: Any, people: People) -> None:
    one = letter(1)
    actions.correct_field(one.pk, "age", 60, by=people.admin, now=NOW, reason="misread")
    page = sign_in(people.admin)
    for address in ("/admin/review/", f"/admin/review/{one.pk}/", f"/admin/review/{one.pk}/remove/"):
        page.goto(address)
        assert faults_of(page) == [], address
