"""Search: case numbers open their case, words find excerpts, typing errors are tolerated."""

import re

import pytest
from django.http import QueryDict
from django.test import Client

from determinations.browsing import search_results as ranking
from determinations.browsing.lists import CASES
from determinations.browsing.search import corrected_spelling, similar_numbers, typed_case_number
from determinations.filters.words import QueryWords
from determinations.models import Case

pytestmark = pytest.mark.usefixtures("broker")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("CM17-9000142", "CM17-9000142"),
        (" cm17 9000142 ", "CM17-9000142"),
        ("CM179000142", "CM17-9000142"),
        ("CM17-900", "CM17-900"),
        ("CM17-90001420", None),
        ("lumbar fusion", None),
        ("CM", None),
    ],
)
def test_case_numbers_are_recognized_in_every_form(typed: str, number: str | None) -> None:
    assert typed_case_number(typed) == number


def test_similar_numbers_differ_by_one_digit_or_two_swapped_ones() -> None:
    near = similar_numbers("CM17-9000142")
    assert {"CM17-9000143", "CM17-9000124", "CM16-9000142"} <= near
    assert "CM17-9000142" not in near
    assert "CM17-9000242" not in {n for n in near if n.endswith("43")}


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("hydrocodne", "hydrocodone"),
        ("tramadol", None),
        ("lumbar pain", None),
        ("gabapentn 600mg", "gabapentin 600mg"),
    ],
)
def test_a_misspelled_drug_is_offered_in_its_correct_spelling(typed: str, right: str | None) -> None:
    assert corrected_spelling(typed) == right


@pytest.mark.parametrize(
    ("typed", "unpacked"),
    [
        ("", False),
        ("lumbar fusion", False),
        ("injection -epidural", False),
        ("tramadol OR norco", False),
        ("acupunct*", False),
        ('"physical therapy"', True),
        ("L4-L5", True),
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


@pytest.mark.parametrize("typed", ["'", '"', "-", "a:b & | !", "\\", "<script>", "OR", "-word*", '"lumbar', "((", "*"])
def test_no_search_text_breaks_the_page(typed: str, as_casemanager: Client, collection: list[Case]) -> None:
    page = as_casemanager.get("/search/", {"q": typed})
    assert page.status_code == 200
    assert b"<script>" not in page.content


def test_an_empty_search_shows_search_tips(as_casemanager: Client, db: None) -> None:
    assert b"Search tips" in as_casemanager.get("/search/").content
    assert not QueryWords.read(" - ")


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
