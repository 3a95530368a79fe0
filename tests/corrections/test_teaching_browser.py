"""Aliases, re-reading and duplicates, in a real browser with a real worker."""

from typing import Any

import pytest

from determinations.cases.open_letter import open_letter
from determinations.corrections import actions, duplicates
from determinations.models import CitationFact, Correction, CorrectionState, Letter, ParsedDocument
from determinations.parsing import parse_letter
from determinations.parsing.results import to_record
from determinations.synthetic.demo import UNLISTED
from determinations.synthetic.letters import SyntheticLetter, write_letter
from tests.accessibility import faults_of
from tests.corrections import single_changes
from tests.corrections.letters import NOW, document, item, problem, store_reading, stored_letter
from tests.fixtures.people import People
from tests.fixtures.worker import Worker
from tests.reading.test_reparsing import SOURCE, letter

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_citation_is_aliased_and_the_statistics_move(sign_in: Any, people: People, worker: Worker) -> None:
    letters = [stored(write_letter(number, seed=3, relies_on=UNLISTED)) for number in range(1, 4)]
    cited = CitationFact.objects.filter(authority__key="odg/knee-leg", side="reviewer", edition="")
    before = set(cited.values_list("fact__case_id", flat=True))
    page = sign_in(people.admin)
    page.goto("/admin/citations/")
    page.get_by_role("link", name=UNLISTED).click()
    page.get_by_label("Authority", exact=True).fill("odg/knee-leg")
    page.keyboard.press("Enter")
    page.get_by_text("3 of 3 letters would change").wait_for()
    assert set(cited.values_list("fact__case_id", flat=True)) == before
    shown = mentions_shown(page)
    page.go_back()
    page.get_by_text("3 of 3 letters would change").wait_for()
    page.get_by_role("button", name="Apply and change 3 letters").click()
    page.get_by_text("3 letters re-read, 3 changed").wait_for()
    assert set(cited.values_list("fact__case_id", flat=True)) >= before | {one.pk for one in letters}
    assert mentions_shown(page) == shown + 3
    # An alias can be removed, with a preview too; its history stays listed.
    page.goto("/admin/citations/")
    assert page.get_by_text("No unknown citations").is_visible()
    page.get_by_role("button", name="Remove…").click()
    page.get_by_text("3 of 3 letters would change").wait_for()
    page.get_by_role("button", name="Apply and change 3 letters").click()
    page.get_by_text("3 letters re-read, 3 changed").wait_for()
    assert set(cited.values_list("fact__case_id", flat=True)) == before
    page.goto("/admin/citations/")
    page.get_by_role("link", name=UNLISTED).first.wait_for()
    assert page.get_by_text("ended by admin").is_visible()


def mentions_shown(page: Any) -> int:
    """Items whose reviewer cites the authority, as its page of statistics says."""
    page.goto("/citations/authorities/odg/knee-leg/")
    tile = page.locator(".tile", has_text="Cited by the reviewer")
    return int(tile.locator(".figure").inner_text())


def stored(written: SyntheticLetter) -> Letter:
    return stored_letter(to_record(parse_letter(written.text)), text=written.text)


def test_a_reparse_keeps_every_correction(sign_in: Any, people: People, worker: Worker) -> None:
    one = letter(1)
    today = ParsedDocument.objects.get(letter=one).document
    store_reading(one, {**today, "age": 17, "sex": None}, "0.1")
    for path, value in (("age", 18), ("sex", today["sex"]), ("items/1/rationale", "Synthetic words by staff.")):
        actions.correct_field(one.pk, path, value, by=people.admin, now=NOW, reason="misread")
    page = sign_in(people.admin)
    page.goto("/admin/reparse/")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Re-read 1 letter").click()
    page.get_by_text("All corrections were kept.").wait_for()
    record = open_letter(one.pk).merged.record
    assert (record["age"], record["sex"]) == (18, today["sex"])
    assert record["items"][0]["rationale"] == "Synthetic words by staff."
    states = dict(Correction.objects.values_list("path", "state"))
    assert states == {
        "age": CorrectionState.CONFLICT,
        "sex": CorrectionState.CONFIRMED,
        "items/1/rationale": CorrectionState.ACTIVE,
    }
    page.goto("/admin/review/?reason=value_changed")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_text("the parser's value changed").first.wait_for()


def test_the_other_pages_are_accessible(sign_in: Any, people: People, worker: Worker) -> None:
    letter(1, source=SOURCE)
    other = stored_letter(document(item("Brace"), age=40, problems=[problem("value_missing", "age")]))
    twin = stored_letter(document(item("Brace"), age=41))
    single_changes.confirm_value(other.pk, "age", by=people.admin, now=NOW)
    duplicates.find_pairs([other.pk, twin.pk], now=NOW)
    page = sign_in(people.admin)
    page.goto("/admin/citations/")
    page.get_by_role("link", name=SOURCE).click()
    page.get_by_label("Authority", exact=True).fill("odg/knee-leg")
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_text("letters would change").wait_for()
    addresses = [
        page.url, "/admin/citations/", f"/admin/citations/map/?printed={SOURCE}", "/admin/categories/",
        "/admin/reparse/", "/admin/versions/", "/admin/lessons/", f"/admin/history/?letter={other.pk}",
    ]  # fmt: skip
    page.goto("/admin/versions/")
    addresses.append(page.locator("a.main-link").first.get_attribute("href"))

    for address in addresses:
        page.goto(address)
        assert faults_of(page) == [], address
