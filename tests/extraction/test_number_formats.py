"""Whole numbers are read as their cell shows them, so that claim numbers keep their zeros and letters."""

import pytest

from determinations.extraction.spreadsheets.number_formats import shown


@pytest.mark.parametrize(
    ("number", "number_format", "text"),
    [
        (4217, "000000", "004217"),
        (42, '"WC-"0000', "WC-0042"),
        (12345678, "000-00-0000", "012-34-5678"),
        (123456789, r"00000\-0000;[Red]-0", "12345-6789"),
        (1234567, "0000", "1234567"),
        (1234567, "00-00", "12345-67"),
        (0, "000", "000"),
        (7, "##0-00#", "0-007"),
        (42, "[Blue]_(0000_)", "0042"),
        (42, "General", "42"),
        (42, "@", "42"),
        (42, "#,##0", "42"),
        (42, "0.00", "42"),
        (42, "0%", "42"),
        (42, "yyyy", "42"),
        (42, '"nothing"', "42"),
        (42, '0"', "42"),
        (42, "[<=9999999]000-0000;(000) 000-0000", "42"),
        (-42, "0000", "-42"),
    ],
)
def test_a_number_reads_as_it_is_shown(number: int, number_format: str, text: str) -> None:
    assert shown(number, number_format) == text
