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


def test_who_answers_reports_searches_those_of_all_users_by_words(
    client: Client, collection: list[Case], people: People
) -> None:
    numbered = [case for case in collection if case.case_number][:2]
    for case, user, note in zip(
        numbered, (people.casemanager, people.supervisor), ("The age is 100% off.", "Age and decision."), strict=True
    ):
        ProblemReport.objects.create(letter_id=case.pk, note=note, by=user, at=NOW)
    ProblemReport.objects.filter(by=people.supervisor).update(answer="Corrected the decision.")
    by_words = {
        "AGE": 2, "age corrected": 1, "0%": 1, "_": 0, "supervisor": 1, "wheelchair": 0,
        str(numbered[0].case_number): 1,
    }  # fmt: skip
    client.force_login(people.admin)
    assert client.get("/reports/").context["rows"] == []
    assert len(client.get("/reports/?who=all").context["rows"]) == 2
    for words, count in by_words.items():
        page = client.get("/reports/", {"q": words})
        assert (words, len(page.context["rows"])) == (words, count)
        event = AuditEvent.objects.filter(action="list.viewed").latest("pk")
        assert len(event.letter_ids or ()) == count
    client.force_login(people.casemanager)
    for query in ("", "?who=all", "?q=decision"):
        page = client.get(f"/reports/{query}")
        assert [report.by for report, _value in page.context["rows"]] == [people.casemanager]
        assert b"report-words" not in page.content


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


def test_items_keep_the_order_of_the_letter_in_lists_and_between_neighbors(as_casemanager: Client) -> None:
    """In both directions of a date, also where a letter follows another of the same day."""
    day, of_day = "2009-03-02", "decided_from=2009-03-02&decided_to=2009-03-02"
    for name in ("Knee brace", "Lumbar MRI"):
        made.stored_letter(
            made.document(*(made.item(f"{name} {at}") for at in (1, 2, 3)), case_number=None, decision_date=day)
        )
    for sort in ("-decided", "decided"):
        shown = [row.fact for row in as_casemanager.get(f"/items/?{of_day}&sort={sort}").context["table"].data]
        assert [fact.item.number for fact in shown] == [1, 2, 3, 1, 2, 3]
        at = f"/cases/{shown[0].case_id}/?list=items&{of_day}&sort={sort}&item=1"
        walked = []
        while at:
            place = as_casemanager.get(at).context["place"]
            walked.append((at.partition("item=")[2].partition("#")[0], str(place["position"])))
            at = place["following"]
        assert walked == [("1", "1"), ("2", "2"), ("3", "3"), ("1", "4"), ("2", "5"), ("3", "6")]
        back = as_casemanager.get(f"/cases/{shown[3].case_id}/?list=items&{of_day}&sort={sort}&item=1").context[
            "place"
        ]
        assert back["previous"].endswith("item=3#item-3")


def test_similar_requests_can_be_filtered_like_items(as_casemanager: Client) -> None:
    own, *others = (
        made.stored_letter(made.document(made.item("Lumbar brace", decision), case_number=None, sex=sex))
        for decision, sex in (("upheld", "male"), ("overturned", "female"), ("upheld", "male"))
    )
    at = f"/cases/{own.pk}/items/1/alike/"
    assert {row.fact.case_id for row in as_casemanager.get(at).context["rows"]} == {other.pk for other in others}
    page = as_casemanager.get(f"{at}?sex=female")
    assert [row.fact.case_id for row in page.context["rows"]] == [others[0].pk]
    assert [row.likeness for row in page.context["rows"]] == ["nearly the same"]
    assert [chip["value"] for chip in page.context["chips"]] == ["Female"]
    form = as_casemanager.get(page.context["selection_url"]).content.decode()
    assert f'action="{at}"' in form


def test_a_case_says_what_it_is_and_what_was_decided_before_what_is_to_be_done(as_casemanager: Client) -> None:
    items = [made.item(f"Knee brace {at}", "overturned" if at == 1 else "upheld") for at in range(10)]
    long = made.stored_letter(made.document(*items, case_number=None))
    page = as_casemanager.get(f"/cases/{long.pk}/").content.decode()
    parts = ("about-title", "decisions-title", "duties-title", "work-title", "summary-title", "items-title")
    order = [page.index(f'id="{part}"') for part in parts]
    assert order == sorted(order)
    index = page.partition('aria-labelledby="decisions-title"')[2].partition("</nav>")[0]
    assert re.findall(r'href="#(item-\d+)"', index) == [f"item-{number}" for number in range(1, 11)]
    assert index.index("Overturned") < index.index("2 more items")  # only the first eight are open
