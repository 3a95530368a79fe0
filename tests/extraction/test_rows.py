"""The lines of tables are no words; a one in prose is, however high it was seen."""

import pytest

from determinations.extraction.scanning.engine import Word
from determinations.extraction.scanning.rows import rows_of


@pytest.mark.parametrize(
    ("text", "space", "kept"),
    [
        ("week to | or less", 9, "week to | or less"),
        ("week to | or less", 40, "week to or less"),
        ("UR Denial Date: | 12/20/2016", 14, "UR Denial Date: 12/20/2016"),
        ("ninety days. [ Then", 9, "ninety days. Then"),
        ("| week to", 9, "week to"),
    ],
)
def test_a_high_line_is_a_word_only_between_small_words(text: str, space: int, kept: str) -> None:
    words, left = [], 100
    for word in text.split():
        high = 8 if word in "|[" else 0
        words.append(Word(word, 90, left, 100 - high, left + 10 * len(word), 124 + high))
        left += 10 * len(word) + space
    (row,) = rows_of(words)
    assert " ".join(word.text for word in row.words) == kept
