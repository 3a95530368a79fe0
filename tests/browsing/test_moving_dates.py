"""Dates of saved filters that move with the day."""

from dataclasses import replace
from datetime import date

import pytest
from django.http import QueryDict

from determinations.filters.moving_dates import as_of, kept_moving, moved_to, offers, saved_in_words, still_moving
from determinations.models import FieldKind, OfficeField
from determinations.wording.labels import Labels

NOV_30, DEC_1 = date(2026, 11, 30), date(2026, 12, 1)
LABELS = Labels((), ())


def saved(query: str, *chosen: str, day: date = NOV_30) -> QueryDict:
    return kept_moving(QueryDict(query), chosen, day)


@pytest.mark.parametrize(
    ("chosen", "words", "opened"),
    [
        ("decided:last_month", "last month", "decided_from=2026-11-01&decided_to=2026-11-30"),
        ("decided:year_to_date", "year to date", "decided_from=2026-01-01&decided_to=2026-12-01"),
        ("decided:days.-6.0", "from 6 days ago through today", "decided_from=2026-11-25&decided_to=2026-12-01"),
        ("decided:days..14", "through 14 days ahead", "decided_to=2026-12-15"),
        ("decided:days.-1.", "from yesterday", "decided_from=2026-11-30"),
    ],
)
def test_a_saved_range_has_the_dates_of_the_day_on_which_it_is_opened(chosen: str, words: str, opened: str) -> None:
    query = saved("decided_from=2026-10-01&decided_to=2026-10-31&sex=male", chosen)
    assert sorted(as_of(query, DEC_1).urlencode().split("&")) == sorted([*opened.split("&"), "sex=male"])
    assert saved_in_words(query, LABELS) == f"Decided: {words}; Sex: Male"
    assert as_of(moved_to(query, DEC_1), NOV_30) == as_of(query, NOV_30), "it moves both ways"
    assert moved_to(query, NOV_30) == query, "on the same day nothing moves"


@pytest.mark.parametrize(
    "chosen", ["", "decided:", "decided:soon", "decided:days..", "decided:days.1", "evil_from:last_month", "x" * 5000]
)
def test_what_is_no_range_keeps_the_dates(chosen: str) -> None:
    query = saved("decided_from=2026-10-01&sex=male", chosen)
    assert query.urlencode() == as_of(query, DEC_1).urlencode() == "decided_from=2026-10-01&sex=male"


def test_a_range_beyond_the_calendar_keeps_the_dates_that_it_had() -> None:
    query = saved("decided_to=2026-10-01", "decided:days..99999")
    last = date(9999, 12, 30)
    assert as_of(query, last)["decided_to"] == as_of(query, NOV_30)["decided_to"]


def test_each_date_filter_is_offered_with_the_ranges_that_it_has_today() -> None:
    (decided,) = offers(QueryDict("decided_from=2026-10-01&decided_to=10/31/2026&sex=male"), NOV_30, LABELS)
    assert (decided.label, [value for value, _label in decided.options]) == (
        "Decided", ["decided:last_month", "decided:days.-60.-30", ""],
    )  # fmt: skip
    assert decided.options[-1][1] == "Always 2026-10-01 through 10/31/2026"
    (due,) = offers(QueryDict("due_to=2026-12-14"), NOV_30, LABELS)
    assert [value for value, _label in due.options] == ["", "due:days..14"], "no usual range: the dates are kept"
    (new_year,) = offers(QueryDict("decided_from=2025-01-01&decided_to=2025-12-31"), date(2026, 1, 5), LABELS)
    assert [value for value, _label in new_year.options][:2] == ["decided:last_year", "decided:last_12_months"]
    assert (
        offers(QueryDict("decided_from=2013-01-01&added_from=2026-11-28T08:15:00Z&injured_to=soon"), NOV_30, LABELS)
        == []
    )


def test_a_number_that_reads_as_a_date_does_not_move() -> None:
    query = QueryDict("field_3_from=20261101&field_3_to=20261130")
    for kind, offered in ((FieldKind.DATE, 1), (FieldKind.NUMBER, 0)):
        field = OfficeField(slot=3, key="reserve", name="Reserve", kind=kind)
        assert len(offers(query, NOV_30, replace(LABELS, office_fields=(field,)))) == offered


def test_filters_that_are_chosen_again_move_where_their_dates_are_the_same() -> None:
    query = saved("sex=male", "decided:last_month", "due:days..14")
    again = still_moving(query, QueryDict("decided_from=2026-10-01&decided_to=2026-10-31&due_to=2026-12-01"), NOV_30)
    assert again.getlist("moving") == ["decided:last_month"]
    assert again["due_to"] == "2026-12-01"
