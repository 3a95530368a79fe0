"""Rows that the engine is unsure of are read again in two other sizes; numbers as nothing else than digits."""

from typing import Any

import pytest
from PIL import Image

from determinations.extraction.scanning.engine import Word
from determinations.extraction.scanning.rows import Row
from determinations.extraction.scanning.second_reading import read_twice

PAGE = Image.new("L", (400, 60), 255)


class OtherReadings:
    """An engine that reads these words in smaller and in larger pictures, and ``number`` where only digits count."""

    def __init__(self, smaller: str, larger: str = "", number: str = "", confidence: float = 70) -> None:
        self.smaller, self.larger, self.number, self.confidence = smaller, larger, number, confidence
        self.lines = 0

    def read_line(self, picture: Image.Image, dpi: int) -> list[Word]:
        self.lines += 1
        text = self.smaller if dpi < 200 else self.larger
        return [Word(word, self.confidence, 40 * at, 6, 40 * at + 30, 26) for at, word in enumerate(text.split())]

    def read_only(self, characters: str, picture: Image.Image, dpi: int) -> str:
        return self.number


def row_of(text: str, confidence: float = 70) -> Row:
    return Row([Word(word, confidence, 50 * at, 10, 50 * at + 40, 30) for at, word in enumerate(text.split())])


def decided(text: str, readings: Any, confidence: float = 70) -> str:
    (row,) = read_twice(PAGE, [row_of(text, confidence)], readings)
    return " ".join(sure.word.text + ("?" if sure.doubtful else "") for sure in row)


@pytest.mark.parametrize(
    ("first", "smaller", "larger", "result"),
    [
        ("the patient has", "the patient has", "", "the patient has"),
        ("the paticnt has", "the patient has", "the patient has", "the patient? has"),
        ("the patient has", "the paticnt has", "the patient has", "the patient? has"),
        ("TMS pain", "TMJ pain", "TMT pain", "TMS? pain"),
        ("said “no”", "said \"no''", "", "said “no”"),
        ("6 weeks ofcare", "6 weeks of care", "", "6 weeks ofcare"),
        ("10 days 3,4] on", "10 days [3,4] on", "10 days [3,4] on", "10 days [3,4]? on"),
        ("a visit. Then", "a visit. [ Then", "a visit. [ Then", "a visit.? [? Then"),
        ("a speck . here", "a speck here", "a speck here", "a speck .? here"),
    ],
)
def test_what_two_of_three_readings_show_is_taken_and_doubtful(
    first: str, smaller: str, larger: str, result: str
) -> None:
    assert decided(first, OtherReadings(smaller, larger), confidence=92) == result


@pytest.mark.parametrize(("word", "result"), [("4", "4?"), ("[0", "[0?"), ("C5O", "C5O?"), ("L5", "L5")])
def test_equal_readings_are_doubtful_where_all_may_be_mistaken_alike(word: str, result: str) -> None:
    assert decided(word, OtherReadings(word, confidence=75)) == result


def test_a_row_that_the_engine_is_sure_of_is_not_read_again() -> None:
    readings = OtherReadings("other")
    assert decided("patient", readings, confidence=96) == "patient"
    assert readings.lines == 0


def test_only_the_least_certain_rows_of_a_poor_page_are_read_again() -> None:
    readings: Any = OtherReadings("other", "patient")
    rows = [row_of("patient", 50 + number) for number in range(40)]
    read = read_twice(PAGE, rows, readings)
    assert readings.lines == 26
    assert [sure.doubtful for (sure,) in read] == [True] * 30 + [False] * 10


@pytest.mark.parametrize(
    ("read", "digits", "result"),
    [
        ("(0-20-2016.", "10-20-2016", "10-20-2016.?"),
        ("12-(9-2016", "12-19-2016", "12-19-2016?"),
        ("O1/12/20l7", "01/12/2017", "01/12/2017?"),
        ("(0-20-2016.", "70-20-2016", "(0-20-2016.?"),
        ("(0-20-2016.", "0-20-2016", "(0-20-2016.?"),
        ("11-20-2016", "11-20-2015", "11-20-2016"),
        ("CMl7-00O0007", "CM17-0000007", "CM17-0000007?"),
        ("CM17-00O0007", "17-0000007", "CM17-00O0007?"),
        ("CM17-0000007", "CM17-0000001", "CM17-0000007"),
        ("(Medication,", "CM17-0000001", "(Medication,"),
    ],
)
def test_a_number_that_is_not_in_its_form_is_read_as_digits_only(read: str, digits: str, result: str) -> None:
    assert decided(read, OtherReadings(read, number=digits), confidence=92) == result


@pytest.mark.parametrize(
    ("smaller", "larger", "digits", "result"),
    [
        ("CM17-0000001", "CM17-0000007", "CM17-0000001", "CM17-0000001?"),
        ("CM17-0000001", "CM17-0000007", "CM17-0000004", "CM17-0000007?"),
        ("CM17-0000001", "CM17-0000007", "17-0000001", "CM17-0000007?"),
        ("CM17-0000007,", "CM17-0000007", "CM17-0000007", "CM17-0000007"),
    ],
)
def test_digits_decide_between_readings_of_a_number(smaller: str, larger: str, digits: str, result: str) -> None:
    assert decided("CM17-0000007", OtherReadings(smaller, larger, digits), confidence=92) == result
