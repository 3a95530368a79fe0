"""What is typed into the search box, and what it finds, read by PostgreSQL itself; no table is needed."""

import re

import pytest
from django.db import connection

from determinations.filters.words import QueryWords
from determinations.searching.query import needs_places, only_not, read_query
from determinations.searching.tsquery import Scope, to_tsquery
from determinations.searching.vectors import ItemWords, LetterWords, item_vectors, letter_vector

pytestmark = pytest.mark.django_db

ITEM = ItemWords(
    request="Norco 10/325mg #60",
    rationale="The EMG/NCS showed L4/5 radiculopathy. The request is not medically necessary. PT was tried.",
    lines=("Decision based on MTUS Chronic Pain, Section(s): H-wave.", "ODG, NSAIDs, GI symptoms & risk."),
    names=("MTUS Low Back Complaints",),
)
LETTER = LetterWords(
    number="CM17-9000142",
    summary="A 52-year-old with diabetes fell. Post operative pain. Diagnoses include sprain/strain.",
    reviewer=("Pain Management", "California"),
    notes=("The adjuster called twice.",),
)


def holds(query: str, *, scope: Scope = Scope.CASES, notes: bool = False, item: ItemWords = ITEM) -> bool:
    """Whether PostgreSQL finds the letter by the query."""
    text = to_tsquery(read_query(query), scope, notes=notes)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (%s::tsvector || %s::tsvector) @@ %s::tsquery",
            [letter_vector(LETTER), *item_vectors([item]), text],
        )
        (found,) = cursor.fetchone()
    return bool(found)


@pytest.mark.parametrize(
    "query",
    [
        "hydrocodone", "norco", "only:norco", "vicodin", "10/325", "10-325", "10/325mg", "L4 - L5", "EMG", "NCV",
        "emg/ncv",
        "electromyography", "nerve conduction", "L4-5", "L4-L5", "L4", "radiculopathies", '"not medically necessary"',
        '"request is not medically necessary"', "physical therapy", '"PT was tried"', '"physical therapy was tried"',
        "H-wave", "NSAIDs GI symptoms", "request:norco", "request: hydrocodone", 'request:"norco 10/325"',
        "rationale:EMG", 'rationale:"not medically necessary"', "summary:diabetes", 'summary:"diabetes fell"',
        "cites:H-wave", "cites:MTUS", "cites:complaints", 'cites:"GI symptoms"', "reviewer:california",
        'reviewer:"pain management"', "sprain", "strain", "radicul*", "complaint*", "norco OR zebra", "norco -zebra",
        "zebra OR request:norco", "cm17-9000142", "the", "“not medically necessary”", "diagnosis", "guideline:h-wave",
        "REQUEST:norco", "request:only:norco", "-request:zebra norco", "#60", "norco®",
        "post-operative", "post operative",
    ],
)  # fmt: skip
def test_the_letter_is_found(query: str) -> None:
    assert holds(query)


@pytest.mark.parametrize(
    "query",
    [
        '"is medically necessary"', "only:vicodin", "only:hydrocodone", "oxycodone", "L5-S1", "C4-5", "10/500",
        "request:EMG", "rationale:norco", "summary:norco", "cites:norco", "reviewer:norco", "reviewer:diabetes",
        "-norco", "norco -EMG", '"medically not necessary"', "zebra", "zeb*", "notes:adjuster", "adjuster",
        "request:zebra", '"60 the"', '"tried decision"', "325/10", "norco zebra",
    ],
)  # fmt: skip
def test_the_letter_is_not_found(query: str) -> None:
    assert not holds(query)


@pytest.mark.parametrize("query", ["notes:adjuster", "adjuster", 'notes:"called twice"'])
def test_notes_are_found_only_by_those_who_may_read_them(query: str) -> None:
    assert holds(query, notes=True)
    assert not holds(query)
    assert not holds(f"-{query.replace('notes:', '')} zebra", notes=True)


@pytest.mark.parametrize(("query", "found"), [("norco", True), ("diabetes", False), ("summary:diabetes", True),
                                              ("california", False), ("reviewer:california", True)])  # fmt: skip
def test_items_are_found_by_what_they_say_themselves_or_by_a_field_that_is_named(query: str, found: bool) -> None:
    assert holds(query, scope=Scope.ITEMS) is found


@pytest.mark.parametrize("text", ["", "-", '"', "request:", "only:", '""', "- OR -", "*", "((", "'\\"])
def test_no_words_are_no_query(text: str) -> None:
    assert read_query(text) == ()


@pytest.mark.parametrize(
    "text", ["a:b & | !", "<script>", "OR x", "-word*", '"lumbar', "x'y\\z", "a' <-> b", "né*", "~a"]
)
def test_whatever_is_typed_is_a_query_that_postgresql_reads(text: str) -> None:
    holds(text)


def test_searches_that_need_more_than_an_index_are_known() -> None:
    assert needs_places(read_query('"lumbar pain"'))
    assert needs_places(read_query("rationale:pain"))
    assert needs_places(read_query("-pain"))
    assert only_not(read_query("lumbar OR -pain"))
    assert not needs_places(read_query("request:pain L4-5 cites:opioids norco -zebra lumb*"))


@pytest.mark.parametrize(
    "phrase",
    ['"drug testing"', '"drug testing twice"', '"the urine drug"', '"steroid injection was"', '"knee arthroplasty"'],
)
def test_phrases_are_found_within_terms_and_across_their_ends(phrase: str) -> None:
    text = "Ask for the urine drug testing twice. The epidural steroid injection was given. Total knee arthroplasty."
    assert holds(phrase, item=ItemWords(request="x", rationale=text))
    assert not holds('"testing drug"', item=ItemWords(request="x", rationale=text))


def test_phrases_are_found_where_places_have_run_out() -> None:
    """PostgreSQL keeps 256 places of a word and none beyond 16,383: pairs of neighbors are kept instead."""
    visits = (
        "Patient seen. " * 400
        + "Patient declined surgery. "
        + "Other words follow. " * 6_000
        + "Late fusion approved."
    )
    long = ItemWords(request="Norco", rationale=visits)
    for phrase in ('"patient declined surgery"', '"late fusion approved"', 'rationale:"patient declined"'):
        assert holds(phrase, item=long), phrase
    assert not holds('"patient approved"', item=long)
    assert not holds('"declined approved"', item=long)


def test_a_very_long_letter_has_a_vector_that_postgresql_takes() -> None:
    words = " ".join(f"word{n}x" for n in range(40_000))
    vectors = item_vectors([ItemWords(request=words, rationale=words, lines=(words, words)) for _ in range(2)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(%s::tsvector || %s::tsvector)", vectors)
        assert cursor.fetchone()[0] > 10_000


def test_places_are_counted_only_where_they_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    enough, one_too_many = (item_vectors([ItemWords("", "pain " * count)])[0] for count in (250, 251))
    assert (enough.count(","), "~pain~pain" in enough) == (249, False)
    assert (one_too_many.count(","), "~pain~pain" in one_too_many) == (249, True)
    many = [ItemWords("pain", "pain and no relief " * count, ("relief",)) for count in (120, 129, 2)]
    made = item_vectors([ITEM, ITEM]), letter_vector(LETTER), item_vectors(many[:1]), item_vectors(many)
    assert "~pain~and" in made[3][1], "the second item has more than the letter has places for"
    monkeypatch.setattr("determinations.searching.vectors._LATE", 0)  # as if the letter were long
    assert (item_vectors([ITEM, ITEM]), letter_vector(LETTER), item_vectors(many[:1]), item_vectors(many)) == made


@pytest.mark.parametrize(
    ("typed", "apart"),
    [
        ("lumbar therapy", ["lumbar", "therapy"]),
        ("lumbar -knee fusion", ["lumbar & !knee", "fusion"]),
        ("lumbar", ["lumbar"]),
        ("lumbar OR knee", ["lumbar | knee"]),
        ("-lumbar -knee", ["!lumbar & !knee"]),
    ],
)
def test_an_index_is_asked_for_each_word_apart(typed: str, apart: list[str]) -> None:
    queries = QueryWords.read(typed).queries(Scope.ITEMS)
    texts = [query.get_source_expressions()[0].value for query in queries]
    assert [re.sub("[()']", "", text) for text in texts] == apart
