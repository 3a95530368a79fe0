"""Letters that no parser could read are entered by hand, and the entered values are kept."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from determinations.cases.open_letter import CorrectionsRefused, open_letter
from determinations.corrections import actions
from determinations.intake.receiving import receive_files
from determinations.models import Case, ItemFact, Letter, LetterState, ReviewEntry
from determinations.reading import turns
from determinations.reading.ingest import ingest_letters, retry_letters
from tests.cases.drawn import draw_all
from tests.corrections import single_changes
from tests.corrections.letters import NOW, citation
from tests.extraction.files import locked_pdf, scanned_pdf
from tests.fixtures.people import People

NOTHING_KNOWN = b"""Synthetic letter. INDEPENDENT MEDICAL REVIEW FINAL DETERMINATION, told in no layout that is known.
The reviewer found that the brace for the knee is medically necessary and overturned the denial.
"""
SHOPPING = b"A synthetic shopping list: apples, pears, a pound of nails and nothing else to be found in it at all."


def received(data: bytes, name: str, by: Any) -> Letter:
    """The letter after uploading and reading."""
    before = set(Letter.objects.values_list("pk", flat=True))
    receive_files(files=[ContentFile(data, name)], by=by)
    letter = Letter.objects.exclude(pk__in=before).get()
    ingest_letters([letter.pk])
    letter.refresh_from_db()
    return letter


def enter(letter: Letter, by: Any, number: str = "CM16-9000001") -> None:
    """The values that staff enter from the pages."""
    values = {"request": "Brace for the knee", "decision": "overturned", "reviewer": [citation("mtus/knee")]}
    single_changes.add_item(letter.pk, values, by=by, now=NOW, reason="not_read")
    for path, value in (("case_number", number), ("decision_date", "2016-03-01")):
        actions.correct_field(letter.pk, path, value, by=by, now=NOW, reason="not_read")


def is_entered(letter: Letter) -> bool:
    """Check that lists and statistics show the letter as entered."""
    case = Case.objects.filter(pk=letter.pk).first()
    facts = ItemFact.objects.filter(case_id=letter.pk, overturned=True, decision_month__year=2016)
    return bool(case and case.case_number == "CM16-9000001" and case.item_count == 1 and facts.count() == 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (scanned_pdf(2), "scan.pdf", "no_text"),
        (locked_pdf("Synthetic"), "locked.pdf", "password_needed"),
        (b"%PDF-1.4 cut short", "damaged.pdf", "damaged"),
        (SHOPPING, "list.txt", "not_a_determination"),
        (NOTHING_KNOWN, "odd.txt", "layout_not_known"),
    ],
    ids=["scan", "locked", "damaged", "not a determination", "unknown layout"],
)
def test_an_unread_letter_is_queued_and_its_entered_values_are_kept(
    people: People, data: bytes, name: str, reason: str
) -> None:
    letter = received(data, name, people.casemanager)
    assert reason in ReviewEntry.objects.get(pk=letter.pk).reasons
    actions.correct_field(letter.pk, "case_number", "CM16-9000001", by=people.admin, now=NOW, reason="not_read")
    assert ReviewEntry.objects.filter(pk=letter.pk).exists()  # a case without items still needs review

    enter(letter, people.admin)
    assert is_entered(letter)
    assert not ReviewEntry.objects.filter(pk=letter.pk).exists()
    letter.refresh_from_db()
    assert (letter.state, letter.message) == (LetterState.PARSED, "")

    Letter.objects.filter(pk=letter.pk).update(state=LetterState.NEEDS_REVIEW)
    retry_letters(by=people.admin, letters=Letter.objects.filter(pk=letter.pk))
    with pytest.raises(CorrectionsRefused):  # the letter is waiting to be read again
        enter(letter, people.admin)
    ingest_letters([letter.pk])
    assert is_entered(letter)
    assert open_letter(letter.pk).merged.record["items"][0]["reviewer"][0]["authority"] == "mtus/knee"


@pytest.mark.django_db
def test_a_letter_that_stops_its_workers_needs_review(people: People) -> None:
    letter = received(SHOPPING, "list.txt", people.casemanager)
    Letter.objects.filter(pk=letter.pk).update(state=LetterState.PARSING, attempts=turns.ATTEMPTS)
    ingest_letters([letter.pk])
    assert ReviewEntry.objects.get(pk=letter.pk).reasons == ["set_aside"]


@pytest.mark.django_db(transaction=True)
def test_a_scan_is_entered_next_to_its_pages(sign_in: Any, people: People) -> None:
    letter = draw_all(received(scanned_pdf(2), "scan.pdf", people.casemanager))
    page = sign_in(people.admin)
    page.goto("/admin/review/")
    page.get_by_text("no text", exact=True).first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{letter.pk}/*")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.letter-pictures img')].some((picture) => picture.naturalWidth > 0)"
    )
    assert page.locator(".picture").count() == 2
    # The first empty field has the focus.
    assert page.evaluate("document.activeElement.id") == "field-case_number"
    page.keyboard.type("CM16-9000001")
    page.keyboard.press("Alt+p")
    page.keyboard.type("2016-03-01")
    page.fill("#new_request", "Brace for the knee")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Not saved yet").wait_for()
    page.wait_for_load_state()
    page.locator("select[id$='-decision']").select_option("overturned")
    page.locator("[id$='-rationale']").fill("Synthetic rationale from the page.")
    line = page.locator("[data-citations$='/reviewer'] input")
    line.nth(0).fill("mtus/knee")
    line.nth(1).fill("2004")
    page.keyboard.press("Control+Shift+Enter")
    page.get_by_text("Saved: ").wait_for()
    assert is_entered(letter)
    page.get_by_text("Entered by hand").wait_for()
