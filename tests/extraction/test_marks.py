"""On coarse pages full stops and commas are told apart by their shape, whatever the engine read."""

import pytest
from PIL import Image, ImageDraw

from determinations.extraction.scanning.engine import Word
from determinations.extraction.scanning.marks import marks_by_shape, without_specks
from determinations.extraction.scanning.rows import Row
from determinations.extraction.scanning.second_reading import SureWord

LINE = 60  # the row that letters stand on


def row_with(word: str, depth: int, following: str, *, height: int = 4, dots: int = 1, is_coarse: bool = True) -> str:
    """What becomes of ``word``, whose mark is drawn ``depth`` pixels deep, between two words of a row."""
    picture = Image.new("L", (400, 100), 255)
    draw = ImageDraw.Draw(picture)
    words = []
    for left, text in ((10, "one"), (100, word), (210, following), (300, "more")):
        draw.rectangle((left, LINE - 16, left + 59, LINE - 1), fill=0)
        words.append(Word(text, 95, left, LINE - 16, left + 60, LINE))
    if depth is not None:
        draw.rectangle((163, LINE + depth - height, 166, LINE + depth - 1), fill=0)
        if dots == 2:
            draw.rectangle((163, LINE - 14, 166, LINE - 11), fill=0)
        words[1] = words[1]._replace(right=167)
    sure = [SureWord(each, False) for each in words]
    (row,) = (marks_by_shape if is_coarse else without_specks)(picture, [Row(words)], [sure])
    return row[1].word.text + ("?" if row[1].doubtful else "")


@pytest.mark.parametrize(
    ("word", "depth", "following", "right"),
    [
        ("pain,", 0, "The", "pain."),
        ("pain,", 4, "and", "pain,"),
        ("pain.", 4, "and", "pain,"),
        ("pain,", 0, "Naproxen", "pain.?"),
        ("Back,", 0, "Low", "Back,?"),
        ("2004,", 0, "Section(s):", "2004,"),
        ("pain.", 4, "The", "pain."),
        ("pain,", 2, "The", "pain.?"),
        ("pain.", 0, "The", "pain."),
    ],
)
def test_a_comma_reaches_below_the_line_and_a_full_stop_does_not(
    word: str, depth: int, following: str, right: str
) -> None:
    assert row_with(word, depth, following) == right


@pytest.mark.parametrize(("word", "depth", "right"), [("pain:", 4, "pain;"), ("pain;", 0, "pain:"), (";", 0, ";")])
def test_semicolons_and_colons_too(word: str, depth: int, right: str) -> None:
    assert row_with(word, depth, "and", dots=2) == right


def test_a_comma_that_reaches_half_as_deep_is_doubtful_before_a_capital() -> None:
    assert row_with("pain,", 0, "Naproxen", height=5) == "pain,?"
    assert row_with("pain,", 0, "and", height=5) == "pain,"


@pytest.mark.parametrize(
    ("word", "depth", "height", "right"),
    [("pain.", -5, 4, "pain?"), ("pain.", 0, 1, "pain?"), ("pain.", 0, 4, "pain."), ("pain,", 0, 4, "pain,")],
)
def test_on_a_fine_page_only_specks_are_told_by_their_shape(word: str, depth: int, height: int, right: str) -> None:
    assert row_with(word, depth, "and", height=height, is_coarse=False) == right
    assert row_with("pain:", 4, "and", dots=2, is_coarse=False) == "pain:"
