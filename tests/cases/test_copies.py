"""The same letter received again as another file: staff corrections are kept."""

import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from pypdf import PdfReader, PdfWriter

from determinations.cases.copies import ReadLetter, are_copies, how_much_it_says
from determinations.cases.merging import merge
from determinations.cases.open_letter import open_letter
from determinations.cases.review_entries import note_report
from determinations.corrections import actions, duplicates, removal
from determinations.intake.receiving import receive_files
from determinations.models import (
    Case,
    ItemFact,
    Letter,
    LetterPair,
    LetterState,
    PairDecision,
    ProblemReport,
    ReviewEntry,
    UploadedFile,
)
from determinations.reading.ingest import ingest_letters
from determinations.reading.scans import read_scans
from tests.corrections import single_changes
from tests.corrections.letters import NOW, document, item, store_reading, stored_letter
from tests.extraction.files import pdf, pdf_of_pictures, picture_of
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db

_HEAD = """\
Case Number: CM17-0000071
Date Assigned: 01/09/2017
Date of Injury: 11/06/2015
Decision Date: {decided}
UR Denial Date: 12/20/2016
Priority: Standard
Application Received: 12/28/2016
HOW THE IMR FINAL DETERMINATION WAS MADE
MAXIMUS Federal Services sent the complete case file to an expert reviewer. This {kind}letter is synthetic.
The Expert Reviewer has the following credentials:
State(s) of Licensure: California
Certification(s)/Specialty: Orthopedic Surgery
CLINICAL CASE SUMMARY
The expert reviewer developed the following clinical case summary based on a review of the case
file, including all medical records:
This synthetic worker is a 58 year old female who sustained an injury on 11-06-2015.
IMR ISSUES, DECISIONS AND RATIONALES
The Final Determination was based on decisions for the disputed items/services set forth below:
"""
_ITEM = """\
{request}: {decision}
Claims Administrator guideline: Decision based on MTUS Low Back Complaints 2004.
MAXIMUS guideline: Decision based on MTUS Chronic Pain Medical Treatment 2016.
Decision rationale: The guideline was weighed for this synthetic request of {request}. Therefore, the requested
treatment {conclusion} medically necessary.
"""
REQUESTS = ("Twelve physical therapy sessions", "One synthetic knee brace")


def pages(
    decisions: Sequence[str] = ("Upheld", "Overturned"), *, decided: str = "01/30/2017", amended: bool = False
) -> list[str]:
    """A letter of two pages with an item on each."""
    items = [
        _ITEM.format(request=request, decision=decision, conclusion="is" if decision == "Overturned" else "is not")
        for request, decision in zip(REQUESTS, decisions, strict=True)
    ]
    return [_HEAD.format(decided=decided, kind="amended " if amended else "") + items[0], items[1]]


def text(parts: Sequence[str]) -> bytes:
    return "\f".join(parts).encode()


def read(data: bytes, name: str = "letter.txt") -> Letter:
    batch = receive_files(by=None, files=[ContentFile(data, name=name)])
    ids = list(batch.files.values_list("letter_id", flat=True))
    ingest_letters(ids)
    duplicates.find_pairs(duplicates.unsigned(50), now=NOW)
    return Letter.objects.get(pk=ids[0])


def counting() -> list[int]:
    current = sorted(Case.objects.current().values_list("pk", flat=True))
    assert sorted(set(ItemFact.objects.values_list("case_id", flat=True))) == current
    return current


def correct(letter: Letter, by: User) -> None:
    actions.correct_field(letter.pk, "age", 44, by=by, now=NOW, reason="misread")
    actions.correct_field(letter.pk, "items/2/request", "A corrected brace", by=by, now=NOW, reason="misread")
    single_changes.confirm_value(letter.pk, "decision_date", by=by, now=NOW)


def values(pk: int) -> tuple[object, ...]:
    case = Case.objects.get(pk=pk)
    requests = list(case.items.order_by("number").values_list("request", flat=True))
    return case.age, requests, case.corrected, case.outcome


CORRECTED = (44, [REQUESTS[0], "A corrected brace"], True, "partly")

BUNDLE = [*pages(), _HEAD.format(decided="01/30/2017", kind="").replace("0000071", "0000072") + pages()[1]]
FORMS = {
    "saved again": pdf(*pages()),
    "text export": text([page.replace("\n", "\r\n") for page in pages()]),
    "last page missing": pdf(pages()[0]),
    "bundle": text(BUNDLE),
    "first page missing": text(["The first page is missing.\n" + pages()[0].split("CLINICAL", 1)[1], pages()[1]]),
}


def test_corrections_are_kept_when_the_letter_arrives_in_other_forms(people: People) -> None:
    letter = read(text(pages()))
    correct(letter, people.admin)
    assert values(letter.pk) == CORRECTED
    for form in ("saved again", "text export", "last page missing", "bundle"):
        copy = read(FORMS[form], form)
        case = Case.objects.get(pk=copy.pk)
        assert (form, case.superseded_by_id, case.is_copy) == (form, letter.pk, True)
    assert values(letter.pk) == CORRECTED
    other = Case.objects.get(case_number="CM17-0000072")
    assert counting() == sorted([letter.pk, other.pk])
    assert list(Case.objects.current().filter(corrected=True)) == [Case.objects.get(pk=letter.pk)]


def saved_by_another_program(data: bytes) -> bytes:
    document, target = pypdfium2.PdfDocument(data), io.BytesIO()
    document.save(target)
    document.close()
    return target.getvalue()


def recompressed(data: bytes) -> bytes:
    writer, target = PdfWriter(clone_from=PdfReader(io.BytesIO(data))), io.BytesIO()
    for page in writer.pages:
        page.compress_content_streams()
    writer.compress_identical_objects()
    writer.write(target)
    return target.getvalue()


def printed_from_a_browser(parts: Sequence[str]) -> bytes:
    lines = [f"1/30/2017 Letter\n{page}\nfile:///letter.pdf {n}/{len(parts)}" for n, page in enumerate(parts, start=1)]
    return pdf(*lines)


#: ``pdf(*pages())``, written with ``qpdf --linearize``: its first page comes first, for display while it loads.
LINEARIZED = Path(__file__).with_name("linearized.pdf").read_bytes()


@pytest.mark.slow
def test_a_case_keeps_its_corrections_after_the_same_letter_came_back_in_five_forms(
    people: People, as_admin: Client
) -> None:
    original = pdf(*pages())
    letter = read(original, "original.pdf")
    correct(letter, people.admin)
    single_changes.confirm_value(letter.pk, "items/1/decision", by=people.admin, now=NOW, note="Seen on paper")
    ProblemReport.objects.create(letter=letter, by=people.casemanager, at=NOW, path="sex", note="synthetic")
    forms = {
        "saved.pdf": saved_by_another_program(original),
        "small.pdf": recompressed(original),
        "linearized.pdf": LINEARIZED,
        "printed.pdf": printed_from_a_browser(pages()),
        "scan.pdf": pdf_of_pictures(*picture_of(*pages())),
    }
    assert len({original, *forms.values()}) == 6
    assert b"/Linearized" in LINEARIZED[:200]
    for name, data in forms.items():
        copy = read(data, name)
        if Letter.objects.get(pk=copy.pk).state == LetterState.SCAN_WAITING:
            read_scans([copy.pk])
            duplicates.find_pairs(duplicates.unsigned(50), now=NOW)
        (counts,) = counting()
        assert (name, values(counts)) == (name, CORRECTED)
        assert {"decision_date", "items/1/decision"} <= single_changes.standings(counts).keys()
    (counts,) = counting()
    page = as_admin.get(f"/cases/{counts}/").content.decode()
    received_as = {"original.pdf", *forms} - {UploadedFile.objects.get(letter=counts).name}
    assert all(name in page.split("Also added as", 1)[1] for name in received_as)
    assert f'href="/cases/{counts}/' in as_admin.get("/cases/?corrected=yes").content.decode()
    assert ReviewEntry.objects.filter(reasons__contains=["reported"]).get().pk == counts
    for _ in forms:
        removal.remove_letter(counting()[0], by=people.admin, now=NOW, reason="synthetic")
        assert values(counting()[0]) == CORRECTED


def test_corrections_of_a_less_complete_copy_apply_to_a_better_one_received_later(people: People) -> None:
    poorer = read(FORMS["last page missing"])
    actions.correct_field(poorer.pk, "age", 44, by=people.admin, now=NOW, reason="misread")
    ProblemReport.objects.create(letter=poorer, by=people.casemanager, at=NOW, path="age", note="synthetic")
    ReviewEntry.objects.update_or_create(
        pk=poorer.pk, defaults={"reasons": ["reported"], "urgency": 9, "assigned_to": people.supervisor}
    )
    better = read(text(pages()))
    assert counting() == [better.pk]
    case = Case.objects.get(pk=better.pk)
    assert (case.age, case.item_count, case.corrected) == (44, 2, True)
    entry = ReviewEntry.objects.get()
    assert (entry.pk, entry.assigned_to) == (better.pk, people.supervisor)
    assert "reported" in entry.reasons
    assert [row.letter_id for row in open_letter(better.pk).corrections] == [poorer.pk]


def test_a_correction_made_on_a_copy_applies_to_the_letter_that_counts_and_can_be_undone_there(
    people: People,
) -> None:
    letter, copy = read(text(pages())), read(FORMS["saved again"])
    (made,) = actions.correct_field(copy.pk, "age", 44, by=people.admin, now=NOW, reason="misread")
    assert Case.objects.get(pk=letter.pk).age == 44
    single_changes.revert(letter.pk, "age", by=people.admin, now=NOW)
    assert Case.objects.get(pk=letter.pk).age == 58
    assert made.letter_id == copy.pk


def test_corrections_and_reports_come_and_go_with_a_copy(people: People) -> None:
    letter, copy = (stored_letter(document(item("Knee brace"))) for _ in range(2))
    (of_both,) = counting()
    other = copy if of_both == letter.pk else letter
    ProblemReport.objects.create(letter=other, by=people.casemanager, at=NOW, path="age", note="synthetic")
    note_report(other.pk)
    correct_field = partial(actions.correct_field, other.pk, by=people.admin, now=NOW, reason="misread")
    correct_field("sex", "female")
    for number, sex, reported in (("CM16-9000002", "", other.pk), ("CM16-9000001", "female", of_both)):
        correct_field("case_number", number)
        case = Case.objects.get(pk=of_both)
        assert (case.sex, case.corrected) == (sex, bool(sex))
        assert ReviewEntry.objects.get().letter_id == reported
    store_reading(other, document(item("Knee brace", "overturned"), decision_date="2016-12-10"))
    assert counting() == [other.pk]  # it is a later version by now, and the other one has nothing of it
    assert not Case.objects.get(pk=of_both).corrected


def test_what_staff_did_with_a_removed_copy_stays_in_force_on_the_others(people: People) -> None:
    letter = read(text(pages()))
    correct(letter, people.admin)
    ProblemReport.objects.create(letter=letter, by=people.casemanager, at=NOW, path="age", note="synthetic")
    ReviewEntry.objects.update_or_create(
        pk=letter.pk, defaults={"reasons": ["reported"], "urgency": 9, "assigned_to": people.supervisor}
    )
    saved_again, exported = read(FORMS["saved again"]), read(FORMS["text export"])
    removal.remove_letter(letter.pk, by=people.admin, now=NOW, reason="synthetic")
    (counts,) = counting()
    assert values(counts) == CORRECTED
    assert {report.letter_id for report in ProblemReport.objects.all()} <= {saved_again.pk, exported.pk}
    entry = ReviewEntry.objects.get()
    assert (entry.pk, entry.assigned_to, "reported" in entry.reasons) == (counts, people.supervisor, True)
    removal.remove_letter(counts, by=people.admin, now=NOW, reason="synthetic")
    (last,) = counting()
    assert values(last) == CORRECTED
    assert "decision_date" in single_changes.standings(last)  # which was confirmed
    again = read(text(pages()))
    assert values(counting()[0]) == CORRECTED
    single_changes.revert(again.pk, "age", by=people.admin, now=NOW)
    assert Case.objects.get(pk=counting()[0]).age == 58


def test_an_amended_letter_counts_and_does_not_inherit_corrections(people: People) -> None:
    letter = read(text(pages()))
    correct(letter, people.admin)
    amended_file = text(pages(("Overturned", "Overturned"), decided="02/20/2017", amended=True))
    amended = read(amended_file)
    assert counting() == [amended.pk]
    assert not Case.objects.get(pk=letter.pk).is_copy
    assert values(amended.pk) == (58, list(REQUESTS), False, "overturned")
    read(FORMS["saved again"])  # the original of the amended letter arrives again
    assert counting() == [amended.pk]
    same_text = read(amended_file.replace(b"\n", b"\r\n"))  # both say that they are amended
    assert Case.objects.get(pk=same_text.pk).superseded_by_id == amended.pk
    assert Case.objects.get(pk=same_text.pk).is_copy


def test_an_administrator_can_choose_the_other_copy_and_corrections_follow(people: People) -> None:
    letter = read(text(pages()))
    correct(letter, people.admin)
    copy = read(FORMS["saved again"])
    pair = LetterPair.objects.get()
    duplicates.decide(pair.pk, PairDecision.MERGED, counts=copy.pk, by=people.admin, now=NOW)
    assert counting() == [copy.pk]
    assert values(copy.pk) == CORRECTED
    duplicates.decide(pair.pk, PairDecision.APART, by=people.admin, now=NOW)
    assert counting() == [letter.pk, copy.pk]
    assert (values(letter.pk), Case.objects.get(pk=copy.pk).corrected) == (CORRECTED, False)


def test_a_copy_without_its_first_page_is_matched_by_its_items(people: People) -> None:
    letter = read(text(pages()))
    correct(letter, people.admin)
    copy = read(FORMS["first page missing"])
    case = Case.objects.get(pk=copy.pk)
    assert (case.case_number, case.superseded_by_id) == (None, letter.pk)
    assert counting() == [letter.pk]


def letter_of(number: int, *items: dict[str, object], pages: int = 2, **values: Any) -> ReadLetter:
    record: Any = document(*items, **values)
    return ReadLetter(number, record, merge(record, []).record, pages)


def test_which_letters_are_copies_and_which_is_more_complete() -> None:
    brace, therapy = item("Knee brace"), item("Physical therapy, twelve sessions")
    whole = letter_of(1, brace, therapy)
    misread = letter_of(2, brace, item("Physica1 therapy, twe1ve sessions"))
    part = letter_of(3, brace)
    decided_otherwise = letter_of(4, {**brace, "decision": "overturned"}, therapy)
    decided_later = letter_of(5, brace, therapy, decision_date="2031-01-01")
    about_something_else = letter_of(6, brace, item("A synthetic wheelchair"))
    assert are_copies(whole, misread)
    assert are_copies(whole, part)
    assert are_copies(part, whole)
    assert not are_copies(whole, decided_otherwise)
    assert not are_copies(whole, decided_later)
    assert not are_copies(whole, about_something_else)
    assert how_much_it_says(whole) > how_much_it_says(part)
    assert how_much_it_says(whole) > how_much_it_says(letter_of(7, brace, therapy, pages=1))
    scan = replace(letter_of(8, brace, therapy, pages=3), is_scan=True)
    assert how_much_it_says(whole) > how_much_it_says(scan) > how_much_it_says(part)
