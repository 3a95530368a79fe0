"""Words divided at a line's end. All texts are synthetic."""

import pytest

from determinations.parsing import parse_letter
from determinations.parsing.words import join_divided_words, known_words
from tests.parsing.letters import text_of


@pytest.mark.parametrize(
    ("printed", "joined"),
    [
        ("The documen- \ntation shows", "The documentation \n shows"),
        ("The documen-tation shows", "The documentation shows"),
        ("a lumbar radicul-\nopathy.", "a lumbar radiculopathy\n."),
        ("electro-\n\fmyography of", "electromyography\n\f of"),
        ("Guidelines and Guidelines, Guide-\nlines", "Guidelines and Guidelines, Guidelines\n"),
    ],
)
def test_a_divided_word_is_joined(printed: str, joined: str) -> None:
    arranged = join_divided_words(printed)
    assert arranged.text.split() == joined.split()


@pytest.mark.parametrize(
    "printed",
    [
        "a follow-\nup visit",
        "an anti-\ninflammatory",
        "some anti-inflammatories",
        "non-\ncertified",
        "re-\nevaluation",
        "post-operatively",
        "a flare-up",
        "an x-\nray",
        "H2-\nreceptor",
        "10-\n28-2016",
        "https://example.org/documen-tation.html",
        "well-established",
        "self-directed",
        "Smith-\nJones",
        "a - b",
        "-",
    ],
)
def test_a_compound_keeps_its_hyphen(printed: str) -> None:
    assert join_divided_words(printed).text == printed


def test_a_joined_word_is_found_where_both_halves_are() -> None:
    printed = "The documen- \ntation shows"
    arranged = join_divided_words(printed)
    at = arranged.text.index("documentation")
    start, end = arranged.place(type(arranged.pieces[0])(at, at + len("documentation")))
    assert printed[start:end] == "documen- \ntation"


def test_a_value_holds_the_joined_word_and_its_span_the_divided_one() -> None:
    text = text_of("synthetic_page_edges").replace(
        "The gel has not been evaluated", "The gel has not been evalu-\nated"
    )
    letter = parse_letter(text)
    assert "The gel has not been evaluated" in (letter.items[2].rationale or "")
    start, end = letter.items[2].spans["rationale"]
    assert "evalu-\nated" in text[start:end]


def test_the_word_lists_are_there() -> None:
    assert {"documentation", "radiculopathy", "evaluation"} <= known_words()
