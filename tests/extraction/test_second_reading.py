"""Words that the engine is unsure of are read again, dates as digits only."""

import pytest
from PIL import Image

from determinations.extraction.scanning.engine import Word
from determinations.extraction.scanning.rows import Row
from determinations.extraction.scanning.second_reading import read_twice

PAGE = Image.new("L", (400, 60), 255)


class SecondReader:
    """An engine that reads ``text`` in a line, and ``date`` where only digits are considered."""

    def __init__(self, text: str, date: str = "", confidence: float = 70) -> None:
        self.text, self.date, self.confidence = text, date, confidence

    def read_line(self, picture: Image.Image, dpi: int) -> list[Word]:
        return [Word(self.text, self.confidence, 13, 6, 13 + 104, 6 + 26)]  # the word below, enlarged by 1.3

    def read_date(self, picture: Image.Image, dpi: int) -> str:
        return self.date


def decided(word: str, reader: SecondReader, confidence: float = 70) -> str:
    ((sure,),) = read_twice(PAGE, [Row([Word(word, confidence, 20, 10, 100, 30)])], reader)  # type: ignore[arg-type]
    return sure.word.text + ("?" if sure.doubtful else "")


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ("patient", "patient", "patient"),
        ("paticnt", "patient", "patient?"),
        ("4", "4", "4?"),
        ("[0", "[0", "[0?"),
        ("C5O", "C5O", "C5O?"),
    ],
)
def test_two_equal_readings_are_sure_unless_both_may_be_mistaken_alike(first: str, second: str, result: str) -> None:
    assert decided(first, SecondReader(second, confidence=75)) == result


def test_a_word_that_the_engine_is_sure_of_is_not_read_again() -> None:
    assert decided("patient", SecondReader("other", confidence=99), confidence=95) == "patient"


@pytest.mark.parametrize(
    ("read", "digits", "result"),
    [
        ("(0-20-2016.", "10-20-2016", "10-20-2016.?"),
        ("12-(9-2016", "12-19-2016", "12-19-2016?"),
        ("(0-20-2016.", "70-20-2016", "(0-20-2016.?"),
        ("(0-20-2016.", "0-20-2016", "(0-20-2016.?"),
        ("11-20-2016", "11-20-2015", "11-20-2016?"),
    ],
)
def test_a_date_with_a_parenthesis_for_a_one_is_read_as_digits(read: str, digits: str, result: str) -> None:
    assert decided(read, SecondReader("unlike", digits, confidence=10)) == result
