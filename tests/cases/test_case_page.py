"""One case: every value with its place, doubts and previous value; and its neighbors in the list."""

import re

import pytest
from django.test import Client

from determinations.cases.open_letter import open_letter
from determinations.cases.sheet import sheet_of
from determinations.cases.text_pieces import pieces_of
from determinations.corrections.actions import correct_field
from determinations.models import AuditEvent, Case, Letter, LetterText, ProblemReport
from determinations.wording.labels import read_labels
from tests.browsing.conftest import NOW
from tests.corrections import letters as made
from tests.fixtures.people import People

pytestmark = pytest.mark.usefixtures("broker")


def test_every_value_of_the_record_is_on_the_page(as_casemanager: Client, collection: list[Case]) -> None:
    case = next(case for case in collection if case.item_count > 2 and case.case_number)
    content = as_casemanager.get(f"/cases/{case.pk}/").content.decode()
    sheet = sheet_of(open_letter(case.pk), read_labels())
    for item in sheet.items:
        assert f'id="item-{item.number}"' in content
        assert item.sides[0].title in content
    assert str(case.case_number) in content
    assert "the utilization review denial stands" in content or "the treatment is medically necessary" in content


def test_the_letter_text_is_complete_and_evidence_is_marked(collection: list[Case]) -> None:
    for case in collection[:20]:
        stored = LetterText.objects.get(letter=case.pk)
        sheet = sheet_of(open_letter(case.pk), read_labels())
        pages = pieces_of(stored.text, stored.page_offsets, sheet.spans)
        shown = "".join(piece.text for pieces in pages for piece in pieces)
        assert shown == stored.text.replace("\f", "").replace("\r\n", "\n")
        marked = {path for pieces in pages for piece in pieces for path in piece.paths}
        assert marked == {path for path, _span in sheet.spans}


def test_evidence_can_be_selected_without_javascript(as_casemanager: Client, collection: list[Case]) -> None:
    content = as_casemanager.get(f"/cases/{collection[0].pk}/?value=items/1/decision&show=text").content.decode()
    assert "The evidence is highlighted." in content
    chosen = re.search(r'class="evidence is-chosen"[^>]*id="evidence">([^<]+)<', content)
    assert chosen is not None
    assert chosen[1].strip() in {"Upheld", "Overturned"}


def test_neighbors_come_from_the_list_the_user_came_from(as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get("/cases/?outcome=upheld")
    rows = [row.case.pk for row in page.context["table"].data.data]
    here = as_casemanager.get(f"/cases/{rows[3]}/?list=cases&outcome=upheld").context["place"]
    assert here["previous"].startswith(f"/cases/{rows[2]}/?")
    assert here["following"].startswith(f"/cases/{rows[4]}/?")
    assert str(here["position"]) == "4"
    assert here["back"] == "/cases/?outcome=upheld"


def test_neighbors_in_the_item_list_are_items(as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get("/items/?sort=denied")
    rows = page.context["table"].data.data
    fact = rows[2].fact
    place = as_casemanager.get(f"/cases/{fact.case_id}/?list=items&sort=denied&item={fact.item.number}").context[
        "place"
    ]
    assert f"#item-{rows[3].fact.item.number}" in place["following"]
    assert place["following"].startswith(f"/cases/{rows[3].fact.case_id}/")


def test_a_staff_value_is_shown_with_the_parsed_value(
    as_casemanager: Client, collection: list[Case], people: People
) -> None:
    case = next(case for case in collection if case.case_number)
    correct_field(case.pk, "case_number", "CM17-9999999", by=people.admin, now=NOW, reason="misread")
    content = as_casemanager.get(f"/cases/{case.pk}/").content.decode()
    assert "CM17-9999999" in content
    assert f"<del>{case.case_number}</del>" in content


def test_opening_a_case_is_recorded(as_casemanager: Client, collection: list[Case], people: People) -> None:
    as_casemanager.get(f"/cases/{collection[0].pk}/")
    event = AuditEvent.objects.get(action="case.viewed")
    assert (event.letter_id, event.by_id) == (collection[0].pk, people.casemanager.pk)


def test_a_reader_reports_a_problem_and_sees_the_answer(
    as_casemanager: Client, collection: list[Case], people: People
) -> None:
    url = f"/cases/{collection[0].pk}/report/?path=items/1/decision"
    assert b"item 1, decision" in as_casemanager.get(url).content
    response = as_casemanager.post(url, {"path": "items/1/decision", "note": "It says overturned."})
    assert response.headers["Location"] == f"/cases/{collection[0].pk}/"
    report = ProblemReport.objects.get()
    assert (report.path, report.by) == ("items/1/decision", people.casemanager)
    assert b"waiting for an administrator" in as_casemanager.get("/reports/").content
    ProblemReport.objects.update(
        state="accepted", answer="Corrected the decision.", answered_by=people.admin, answered_at=NOW
    )
    assert b"Corrected the decision." in as_casemanager.get("/reports/").content
    assert b"Corrected the decision." in as_casemanager.get(f"/cases/{collection[0].pk}/").content


def test_an_empty_report_is_refused(as_casemanager: Client, collection: list[Case]) -> None:
    response = as_casemanager.post(f"/cases/{collection[0].pk}/report/", {"note": " "})
    assert b"Describe what is wrong" in response.content
    assert not ProblemReport.objects.exists()


def test_an_unknown_case_is_reported_as_not_found(as_casemanager: Client, collection: list[Case]) -> None:
    assert as_casemanager.get("/cases/999999/").status_code == 404


def test_similar_requests_show_how_they_were_decided(as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get(f"/cases/{collection[0].pk}/items/1/alike/")
    similar = page.context["similar"]
    assert all(row.similarity >= 0.3 for row in similar.rows)
    assert similar.overturned <= similar.decided == len([r for r in similar.rows if r.fact.overturned is not None])
    assert all(row.fact.case_id != collection[0].pk for row in similar.rows)


def test_a_doubt_that_a_value_has_several_times_is_shown_once(as_casemanager: Client) -> None:
    unclear = [{**made.problem("ocr_doubt", "items/1/request"), "span": [at, at + 1]} for at in range(3)]
    letter = made.stored_letter(
        made.document(made.item("Knee brace"), problems=[*unclear, made.problem("ocr_doubt", "summary")])
    )
    content = as_casemanager.get(f"/cases/{letter.pk}/").content.decode()
    assert content.count("data-doubt") == 2
    assert content.count("Unclear on the scan in 3 places") == 1
    assert "4 doubts" in content


def test_doubts_about_scanned_words_name_them_and_every_doubted_value_is_linked(as_casemanager: Client) -> None:
    text = "A synthetic Kncc brace of 1.5-S1"
    unclear = [
        {**made.problem("ocr_doubt", "items/1/request"), "span": [text.index(word), text.index(word) + len(word)]}
        for word in ("Kncc", "1.5-S1")
    ]
    letter = made.stored_letter(
        made.document(made.item("Knee brace"), problems=[*unclear, made.problem("value_doubtful", "age")]), text=text
    )
    content = as_casemanager.get(f"/cases/{letter.pk}/").content.decode()
    assert "Unclear on the scan: “Kncc”, “1.5-S1”</summary>" in content
    assert 'href="#doubted"' in content
    links = re.findall(r'href="#(doubt-[^"]+)"', content)
    assert links == ["doubt-items/1/request", "doubt-age"]
    assert all(content.count(f'id="{anchor}"') == 1 for anchor in links)


def test_how_the_text_was_obtained_is_said_in_words(as_casemanager: Client) -> None:
    letter = made.stored_letter(made.document(made.item("Knee brace")))
    Letter.objects.filter(pk=letter.pk).update(text_method="pdf")
    assert "text from a PDF." in as_casemanager.get(f"/cases/{letter.pk}/").content.decode()
