"""Search: case numbers open their case, words find excerpts, typing errors are tolerated."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from determinations.browsing import search_results as ranking
from determinations.browsing.lists import CASES, ITEMS
from determinations.browsing.search import similar_numbers
from determinations.cases.effective import rewrite_old_words, write_cases
from determinations.cases.search_words import forget_old_words
from determinations.cases.typed_numbers import read_number_or_start
from determinations.casework.notes import add_note
from determinations.corrections.actions import correct_field
from determinations.filters.matching import Told
from determinations.filters.words import Matches, QueryWords
from determinations.models import Case, CaseText, ItemText, ParsedDocument
from determinations.models.found_by import case_words, item_words
from determinations.paging import looking
from determinations.searching.tsquery import Scope
from determinations.tasks import write_search_words
from tests.fixtures.people import People

pytestmark = pytest.mark.usefixtures("broker")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("CM17-9000142", "CM17-9000142"),
        (" cm17 9000142 ", "CM17-9000142"),
        ("CM179000142", "CM17-9000142"),
        ("CM17\u00a09000142", "CM17-9000142"),  # as Word and Outlook paste it
        ("CM17\u20119000142\u00a0", "CM17-9000142"),
        ("cm17\u2013900", "CM17-900"),
        ("\uff23\uff2d17-9000142", "CM17-9000142"),
        ("CM\u0661\u0667-9000142", None),
        ("CM17-900", "CM17-900"),
        ("cm17 90001420", "CM17-90001420"),
        ("CM17-900014200", None),
        ("lumbar fusion", None),
        ("CM", None),
    ],
)
def test_case_numbers_are_recognized_in_every_form(typed: str, number: str | None) -> None:
    assert read_number_or_start(typed) == number


def test_similar_numbers_differ_by_one_digit_or_two_swapped_ones() -> None:
    near = similar_numbers("CM17-9000142")
    assert {"CM17-9000143", "CM17-9000124", "CM16-9000142"} <= near
    assert "CM17-9000142" not in near
    assert "CM17-9000242" not in {n for n in near if n.endswith("43")}


@pytest.mark.parametrize(
    ("typed", "unpacked"),
    [
        ("", False),
        ("lumbar fusion", False),
        ("injection -epidural", False),
        ("tramadol OR norco", False),
        ("acupunct*", False),
        ('"lumbar spine"', True),
        ('"physical therapy"', False),
        ("L4-L5", False),
        ("rationale:pain", True),
        ("request:pain", False),
        ("-epidural", True),
        ("injection OR -epidural", True),
    ],
)
def test_searches_that_no_index_answers_alone_are_recognized(typed: str, unpacked: bool) -> None:
    assert QueryWords.read(typed).unpacked is unpacked


@pytest.fixture
def numbered(collection: list[Case]) -> Case:
    return next(case for case in collection if case.case_number)


def test_a_case_number_opens_the_case(as_casemanager: Client, numbered: Case) -> None:
    response = as_casemanager.get("/search/", {"q": (numbered.case_number or "").lower()})
    assert response.headers["Location"] == f"/cases/{numbered.pk}/"


def test_a_serial_number_alone_is_enough(as_casemanager: Client, numbered: Case) -> None:
    response = as_casemanager.get("/search/", {"q": (numbered.case_number or "")[5:]})
    assert response.headers["Location"] == f"/cases/{numbered.pk}/"


def test_a_mistyped_number_offers_similar_numbers(as_casemanager: Client, numbered: Case) -> None:
    number = numbered.case_number or ""
    slipped = number[:-1] + ("0" if number[-1] != "0" else "1")
    page = as_casemanager.get("/search/", {"q": slipped})
    assert page.status_code in (200, 302)
    if page.status_code == 200:
        assert numbered in page.context["numbered"]


def test_the_start_of_a_number_lists_the_cases(as_casemanager: Client, numbered: Case) -> None:
    page = as_casemanager.get("/search/", {"q": (numbered.case_number or "")[:9]})
    assert numbered in page.context["numbered"]


def test_numbers_of_eight_digits_are_found_whole_by_their_serial_their_start_and_with_a_slip(
    as_casemanager: Client, numbered: Case
) -> None:
    Case.objects.filter(pk=numbered.pk).update(case_number="CM16-10000001")
    for typed in ("CM16-10000001", "cm1610000001", "10000001"):
        assert as_casemanager.get("/search/", {"q": typed}).headers["Location"] == f"/cases/{numbered.pk}/", typed
    for typed in ("CM16-1000", "CM16-1000000", "CM16-10000002", "CM16-01000001"):
        assert as_casemanager.get("/search/", {"q": typed}).context["numbered"] == [numbered], typed


@pytest.mark.parametrize("order", ["best", "newest"])
def test_words_are_found_and_marked(order: str, as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get("/search/", {"q": "lumbar pain", "order": order})
    assert page.context["results"]
    assert b"<mark>" in page.content


def found(q: str) -> set[int]:
    query = QueryDict(mutable=True)
    query["q"] = q
    return set(CASES.filterset(query).qs.values_list("pk", flat=True))


def test_phrases_not_or_and_prefixes(collection: list[Case]) -> None:
    assert found("pain -opioid") == found("pain") - found("opioid")
    assert found("pain opioid") == found("pain") & found("opioid")
    assert found("acupuncture OR surgery") == found("acupuncture") | found("surgery")
    assert found("lumb*") >= found("lumbar")
    assert found("lumb* -opioid") == found("lumb*") - found("opioid")
    assert found('"back low"') <= found("back low")


def test_no_search_text_breaks_the_page(as_casemanager: Client, collection: list[Case]) -> None:
    for typed in ("'", '"', "-", "a:b & | !", "\\", "<script>", "OR", "-word*", '"lumbar', "((", "*"):
        page = as_casemanager.get("/search/", {"q": typed})
        assert page.status_code == 200, typed
        assert b"<script>" not in page.content, typed


def test_an_empty_search_shows_search_tips(as_casemanager: Client, db: None) -> None:
    empty = as_casemanager.get("/search/").content
    assert b"Search tips" in empty
    assert b"nothing to search" not in empty
    assert not QueryWords.read(" - ")


def test_the_page_says_what_of_a_text_is_not_searched(as_casemanager: Client, db: None) -> None:
    for typed in ("?!", "request:", "\N{SLIGHTLY SMILING FACE}"):
        page = as_casemanager.get("/search/", {"q": typed}).content.decode()
        assert f"There is nothing to search for in “{typed}”" in page
    assert b"first 300 characters" in as_casemanager.get("/search/", {"q": "pain " * 61}).content
    assert b"first 300 characters" not in as_casemanager.get("/search/", {"q": "pain " * 60}).content


@pytest.mark.parametrize(("typed", "first"), [("MTUS chronic pain", "mtus/chronic-pain"), ("odg", "odg/unspecified")])
def test_the_name_of_a_guideline_offers_the_cases_that_cite_it(
    typed: str, first: str, as_casemanager: Client, collection: list[Case]
) -> None:
    page = as_casemanager.get("/search/", {"q": typed})
    assert page.context["authorities"][0].key == first
    assert f"reviewer_authority={first.replace('/', '%2F')}".encode() in page.content


def test_an_unknown_case_number_is_reported(as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get("/search/", {"q": "CM29-0000001"})
    assert b"No case has this number" in page.content


def test_the_page_says_so_if_only_some_matches_were_ranked(
    as_casemanager: Client, collection: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = as_casemanager.get("/search/", {"q": "pain"}).content.decode()
    assert "Best match first, by how often" in every
    number = re.search(r'list-count">(\d+)', every)
    monkeypatch.setattr(ranking, "RANKED", 5)
    some = as_casemanager.get("/search/", {"q": "pain"}).content.decode()
    assert "Best match first among the newest 5 matches" in some
    assert number
    assert f'list-count">{number[1]}<' in some


@pytest.mark.parametrize(
    ("gathered", "found"),
    [
        (25_000, "The newest 9 of {candidates} letters that may match were checked"),
        (3, "The newest 9 letters of all were checked, since more than 3 may match"),
    ],
)
def test_a_phrase_is_looked_for_in_the_newest_letters_with_its_words_and_on_request_in_all(
    gathered: int, found: str, as_casemanager: Client, collection: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = as_casemanager.get("/search/", {"q": '"low back pain"'})
    assert every.context["looked"] is None
    monkeypatch.setattr(ranking, "LOOKED_THROUGH", 9)
    monkeypatch.setattr(looking, "_GATHERED", gathered)
    some = as_casemanager.get("/search/", {"q": '"low back pain"'})
    candidates = CASES.filterset(QueryDict('q="low back pain"')).words_told(Told.BY_INDEX).count()
    assert found.format(candidates=candidates) in " ".join(some.content.decode().split())
    newest = list(as_casemanager.get("/search/", {"q": '"low back pain"', "order": "newest"}).context["page"].rows)
    assert {case.pk for case in newest} == {case.pk for case in some.context["page"].rows}
    assert 0 < len(newest) <= 9
    assert newest == sorted(newest, key=lambda case: (case.decision_date, case.pk), reverse=True)
    none = as_casemanager.get("/search/", {"q": '"pain low"'}).content.decode()
    assert "No matches so far" in none
    whole = as_casemanager.get(f"/search/{some.context['whole_url']}")
    assert whole.context["looked"] is None
    assert whole.context["count"] == every.context["count"]
    assert str(some.context["count"]) == f"{len(newest)}+"


def test_the_index_tells_all_that_match_and_the_texts_of_a_row_tell_which(rewritten: Case) -> None:
    for typed in (
        '"not medically necessary"', '"low back" -norco', "rationale:pain", 'norco -"low back"', 'request:"norco 10"',
        'cites:"chronic pain" OR zygomycosis', "-lumbar", 'summary:"a worker"', "lumb* -pain", "reviewer:zymology",
        'only:"physical therapy"', "rationale:norco OR EMG L4-5", 'post-operative "low back"', "-post-operative",
    ):  # fmt: skip
        query = QueryDict(mutable=True)
        query["q"] = typed
        for kind, vector, scope in ((CASES, case_words(), Scope.CASES), (ITEMS, item_words(), Scope.ITEMS)):
            matching = kind.all_rows().filter(Matches(vector, QueryWords.read(typed).query(scope)))
            right = set(matching.values_list("pk", flat=True))
            filterset = kind.filterset(query)
            by_index, by_texts = (filterset.words_told(told) for told in (Told.BY_INDEX, Told.BY_TEXTS))
            assert right == set(filterset.qs.values_list("pk", flat=True)), typed
            assert right == set(by_texts.values_list("pk", flat=True)), typed
            assert right <= set(by_index.values_list("pk", flat=True)), typed


def test_what_a_note_says_is_told_by_the_index_and_by_the_texts_too(rewritten: Case, people: People) -> None:
    noted = Case.objects.exclude(pk=rewritten.pk).order_by("pk").first()
    assert noted is not None
    add_note(noted.pk, "A synthetic note: low zymotic pain.", by=people.admin, now=timezone.now())
    for typed, found in (
        ('"zymotic pain"', True), ('"zymotic pain" -zygomycosis', True), ('synthetic -"zymotic pain"', False),
        ('"low zymotic" OR "low back"', True), ('-"zymotic pain"', False),
    ):  # fmt: skip
        query = QueryDict(mutable=True)
        query["q"] = typed
        for kind in (CASES, ITEMS):
            filterset = kind.filterset(query, by=people.admin)
            right = set(filterset.qs.values_list("pk", flat=True))
            by_index, by_texts = (filterset.words_told(told) for told in (Told.BY_INDEX, Told.BY_TEXTS))
            assert right == set(by_texts.values_list("pk", flat=True)), typed
            assert right <= set(by_index.values_list("pk", flat=True)), typed
            if kind is CASES:
                assert (noted.pk in right) is found, typed


ITEM = {
    "request": "Norco 10/325mg",
    "disputed": "Norco 10/325mg",
    "rationale": "The EMG/NCS showed L4/5 <b>radiculopathy</b>. This is not medically necessary.",
    "claims_text": "Decision based on MTUS Chronic Pain, Section(s): H-wave.",
    "reviewer_text": "Decision based on ODG, Pain Chapter, NSAIDs GI symptoms.",
}


@pytest.fixture
def rewritten(collection: list[Case]) -> Case:
    """A case with words of its own in every field."""
    case = collection[5]
    document = ParsedDocument.objects.get(letter=case.pk)
    document.document["items"][0].update(ITEM)  # type: ignore[typeddict-item]  # some of its keys
    document.document |= {"summary": "Synthetic. A worker with zygomycosis.", "specialties": ["Zymology"]}
    document.save()
    write_cases([case.pk])
    return case


def test_a_result_says_where_it_matched_in_the_original_spelling(as_casemanager: Client, rewritten: Case) -> None:
    for typed, where, marked in (
        ("hydrocodone 10/325", "Request", "Norco"),
        ("EMG L4-5", "Rationale", "L4/5"),
        ('"not medically necessary" norco', "Rationale", "not medically necessary"),
        ("cites:h-wave norco", "Claims administrator", "H-wave"),
        ('"gi symptoms" norco', "Reviewer", "GI symptoms"),
        ("zygomycosis", "Clinical summary", "zygomycosis"),
        ("reviewer:zymology", "Reviewer", "Zymology"),
        ("summary:zygomycosis norco", "Clinical summary", "zygomycosis"),
    ):
        page = as_casemanager.get("/search/", {"q": typed})
        (result,) = [result for result in page.context["results"] if result.case == rewritten]
        assert any(where in label for label in result.where), typed
        assert f"<mark>{marked}" in page.content.decode(), typed


def test_excerpts_are_escaped(as_casemanager: Client, rewritten: Case) -> None:
    page = as_casemanager.get("/search/", {"q": "radiculopathy norco emg"}).content.decode()
    assert "&lt;b&gt;<mark>radiculopathy</mark>" in page
    assert "<b>radiculopathy" not in page


def test_each_field_is_a_filter_of_cases_and_items(rewritten: Case) -> None:
    """Words without a field mean, for items, what the items say."""
    for address, found in (
        ("request_words=norco", True),
        ("rationale_words=norco", False),
        ("rationale_words=EMG", True),
        ("summary_words=zygomycosis", True),
        ("summary_words=H-wave", False),
        ("cites_words=H-wave", True),
        ("reviewer_words=zymology", True),
        ("reviewer_words=zygomycosis", False),
        ("q=zygomycosis", None),
    ):
        cases = set(CASES.filterset(QueryDict(address)).qs.values_list("pk", flat=True))
        items = set(ITEMS.filterset(QueryDict(address)).qs.values_list("case", flat=True))
        assert (rewritten.pk in cases) is (found is not False), address
        assert (rewritten.pk in items) is bool(found), address


def test_notes_are_searched_only_for_those_who_may_read_them(people: People, rewritten: Case) -> None:
    as_admin, as_casemanager = Client(), Client()
    as_admin.force_login(people.admin)
    as_casemanager.force_login(people.casemanager)
    correct_field(
        letter_id=rewritten.pk, path="sex", value="male" if rewritten.sex == "female" else "female",
        reason="other", note="Zwieback wrote this.",
        by=people.admin, now=datetime(2026, 3, 5, tzinfo=UTC),
    )  # fmt: skip
    for typed in ("notes:zwieback", "zwieback"):
        assert [result.case for result in as_admin.get("/search/", {"q": typed}).context["results"]] == [rewritten]
        assert not as_casemanager.get("/search/", {"q": typed}).context["results"]
    assert b"Zwieback" in as_admin.get("/search/", {"q": "zwieback"}).content
    for address in ("notes_words=zwieback", "q=notes:zwieback"):
        assert as_admin.get(f"/cases/?{address}").context["count"].number == 1
        assert as_casemanager.get(f"/cases/?{address}").context["count"].number == 0
        assert as_casemanager.get(f"/statistics/?{address}").status_code == 403


def test_old_vectors_answer_until_a_worker_has_written_the_case_again(
    as_casemanager: Client, collection: list[Case], rewritten: Case
) -> None:
    _as_before_the_normal_form(rewritten)
    forget_old_words()
    for typed in ("radiculopathy - zygomycosis", "radiculopathy zygomycosis"):
        page = as_casemanager.get("/search/", {"q": typed})
        assert [result.case for result in page.context["results"]] == [rewritten]
    assert b"Search is being updated: 1 letters" in page.content
    assert rewritten.pk not in found("only:vicodin") | found("EMG L4-5")
    write_search_words()
    forget_old_words()
    assert rewritten.pk in found("EMG L4-5")
    assert b"being updated" not in as_casemanager.get("/search/", {"q": "radiculopathy zygomycosis"}).content


def _as_before_the_normal_form(case: Case) -> None:
    rationales = {text.pk: text.rationale for text in ItemText.objects.filter(item__case=case.pk)}
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE determinations_itemtext SET search = to_tsvector('english', %s) WHERE item_id = %s",
            [(rationale, pk) for pk, rationale in rationales.items()],
        )
        cursor.execute(
            "UPDATE determinations_casetext SET words_version = 0,"
            " search = to_tsvector('english', %s) || to_tsvector('english', %s) WHERE case_id = %s",
            [case.text.summary, " ".join(rationales.values()), case.pk],
        )
        cursor.execute("UPDATE determinations_case SET searched_hash = 1 WHERE letter_id = %s", [case.pk])


def test_a_case_that_cannot_be_written_again_does_not_wait_forever(rewritten: Case) -> None:
    ParsedDocument.objects.filter(letter=rewritten.pk).delete()
    CaseText.objects.filter(pk=rewritten.pk).update(words_version=0)
    assert rewrite_old_words(10) == 1
    assert rewrite_old_words(10) == 0
