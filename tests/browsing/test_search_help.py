"""Help of the search box: corrections of typing errors for few or no results, and suggestions while typing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from determinations.browsing.vocabulary import count_words, did_you_mean, is_due
from determinations.models import Case, SearchVocabulary, SearchWord
from determinations.searching.spelling import KnownWord, best_of, edits

NOW = datetime(2026, 3, 6, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("broker")


@pytest.fixture(scope="module")
def _counted(_collection_ids: list[int]) -> None:
    count_words(now=NOW)


@pytest.fixture
def counted(_counted: None, collection: list[Case]) -> list[Case]:
    """The collection with its words counted."""
    return collection


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("hydrocodne", "hydrocodone"),
        ("gabapentn 600mg", "gabapentin 600mg"),
        ("lumbr pain", "lumbar pain"),
        ("request:shouder", "request:shoulder"),
        ("acupunture -lumbar", "acupuncture -lumbar"),
        ("lumbar pain", None),
        ("shoulders", None),
        ("tramadol", None),
        ("xyzzyplugh", None),
        ("CM17-9000142", None),
        ("lumbr*", None),
    ],
)
def test_misspelled_words_are_corrected(typed: str, right: str | None, counted: list[Case]) -> None:
    assert did_you_mean(typed) == right


@pytest.mark.parametrize(
    ("word", "other", "distance"),
    [("lumbar", "lumbar", 0), ("lumbr", "lumbar", 1), ("lubmar", "lumbar", 1), ("lumbar", "cervical", 3)],
)
def test_edits_are_counted_up_to_the_most(word: str, other: str, distance: int) -> None:
    assert edits(word, other, 2) == distance


def test_of_words_as_near_the_most_frequent_is_offered() -> None:
    assert best_of("hipp", [KnownWord("hips", 2), KnownWord("hip", 90)]) == "hip"
    assert best_of("hip", [KnownWord("hip", 1), KnownWord("hips", 90)]) is None


def test_no_results_offer_a_better_spelling_that_finds_something(as_casemanager: Client, counted: list[Case]) -> None:
    page = as_casemanager.get("/search/", {"q": "lumbr pain"}).content.decode()
    assert 'Did you mean <a href="?q=lumbar%20pain">' in page
    assert "Did you mean" not in as_casemanager.get("/search/", {"q": "pain"}).content.decode()
    assert "Did you mean" not in as_casemanager.get("/search/", {"q": "lumbr zzzzzz"}).content.decode()


@pytest.mark.parametrize(
    ("typed", "value", "note"),
    [
        ("lum", "lumbar", ""),
        ("knee lum", "knee lumbar", ""),
        ("request:lum", "request:lumbar", ""),
        ("-lum", "-lumbar", ""),
        ("norc", "norco", "hydrocodone"),
        ("mri", "MRI", "magnetic resonance imaging"),
        ("reque", "request:", "this field only"),
    ],
)
def test_words_terms_and_fields_are_suggested(
    typed: str, value: str, note: str, as_casemanager: Client, counted: list[Case]
) -> None:
    found = as_casemanager.get("/search/suggestions/", {"q": typed}).json()["suggestions"]
    assert 0 < len(found) <= 8
    (match,) = [suggestion for suggestion in found if suggestion["value"] == value]
    assert note in match["note"]


def test_names_that_letters_have_are_suggested_before_others(as_casemanager: Client, counted: list[Case]) -> None:
    SearchWord.objects.update_or_create(word="norco", defaults={"letters": 1_000})
    found = as_casemanager.get("/search/suggestions/", {"q": "nor"}).json()["suggestions"]
    labels = [suggestion["label"] for suggestion in found]
    assert labels.index("norco") < labels.index("norvasc")


def test_the_start_of_a_case_number_suggests_cases(as_casemanager: Client, counted: list[Case]) -> None:
    case = next(case for case in counted if case.case_number)
    (first, *_) = as_casemanager.get("/search/suggestions/", {"q": (case.case_number or "")[:-1]}).json()[
        "suggestions"
    ]
    assert first["url"] == f"/cases/{Case.objects.get(case_number=first['value']).pk}/"


@pytest.mark.parametrize("typed", ["", "l", "  ", '"', "'\\", "\x00", "ü" * 400])
def test_whatever_is_typed_is_answered(typed: str, as_casemanager: Client, counted: list[Case]) -> None:
    assert as_casemanager.get("/search/suggestions/", {"q": typed}).status_code == 200


def test_suggestions_need_the_permission_to_browse(client: Client, db: None) -> None:
    assert client.get("/search/suggestions/", {"q": "lum"}).status_code == 302


def test_suggestions_take_one_query_and_are_recorded(
    as_casemanager: Client, counted: list[Case], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(6):  # session, user, permissions, words; the trail, which notes one search once
        as_casemanager.get("/search/suggestions/", {"q": "lum"})


def test_words_are_counted_when_letters_have_come_in(collection: list[Case]) -> None:
    SearchVocabulary.objects.all().delete()
    SearchWord.objects.all().delete()
    assert is_due(NOW)
    count_words(now=NOW)
    assert SearchWord.objects.get(word="lumbar").letters > 1
    assert not is_due(NOW + timedelta(days=2))
    SearchVocabulary.objects.update(last_letter=collection[-1].pk - 1)
    assert not is_due(NOW + timedelta(hours=1))
    assert is_due(NOW + timedelta(days=1))
    SearchVocabulary.objects.update(last_letter=1)
    assert is_due(NOW)
