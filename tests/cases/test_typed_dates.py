"""Dates as staff type them."""

from datetime import date

import pytest

from determinations.cases.typed_dates import read_typed_date


@pytest.mark.parametrize(
    "typed",
    [
        "06/09/2016", "6/9/2016", "6/9/16", "6-9-16", "06.09.2016", "6 / 9 / 2016", "6 9 2016", "06092016",
        "2016-06-09", "2016/6/9", "20160609", "Jun 9, 2016", "June 9 2016", "Jun. 9th, 2016", "june 9, 16",
        "Thursday, June 9, 2016", "9 June 2016", "9th of June, 2016", "  June  9,  2016 ",
    ],
)  # fmt: skip
def test_american_dates_are_read(typed: str) -> None:
    assert read_typed_date(typed) == date(2016, 6, 9)


@pytest.mark.parametrize(("typed", "year"), [("1/2/97", 1997), ("1/2/49", 2049), ("1/2/50", 1950), ("1/2/1899", None)])
def test_the_century_follows_from_two_digits(typed: str, year: int | None) -> None:
    day = read_typed_date(typed)
    assert (day.year if day else None) == year


@pytest.mark.parametrize(
    "typed", ["", "13/06/2016", "02/30/2016", "June 2016", "6/9", "unknown", "6/9/2016 or later", "²/9/16"]
)
def test_other_text_is_not_a_date(typed: str) -> None:
    assert read_typed_date(typed) is None
