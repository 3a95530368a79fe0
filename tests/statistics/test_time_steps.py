"""Months, quarters and years of decision: keys, filters, and the step that fits a selection."""

from datetime import date

import pytest
from django.test import Client

from determinations.filters.date_ranges import OF_LETTERS, range_on
from determinations.statistics.periods import Period, year_to_date, year_to_report
from determinations.statistics.time_steps import (
    STEPS,
    fitting_step,
    ordered_keys,
    step_filters,
    step_key,
    step_label,
    step_period,
)
from tests.corrections.letters import document, item, stored_letter


def months(year: int, decided: int) -> dict[date | None, int]:
    return {date(year, month, 1): decided for month in range(1, 13)}


@pytest.mark.parametrize(
    ("period", "earlier"),
    [
        (("2026-01-01", "2026-11-18"), ("2025-01-01", "2025-11-18")),
        (("2024-01-01", "2024-02-29"), ("2023-01-01", "2023-02-28")),  # whole months stay whole
        (("2025-02-01", "2025-02-28"), ("2024-02-01", "2024-02-29")),
        (("2024-02-10", "2024-02-29"), ("2023-02-10", "2023-02-28")),
        (("2023-11-01", "2024-01-31"), ("2022-11-01", "2023-01-31")),
        (("0001-03-04", "0001-03-05"), ("0001-03-04", "0001-03-05")),
        (("0001-01-01", "9999-12-31"), ("0001-01-01", "9998-12-31")),
    ],
)
def test_the_same_days_a_year_earlier(period: tuple[str, str], earlier: tuple[str, str]) -> None:
    first, last = (date.fromisoformat(day) for day in period)
    assert tuple(map(str, vars(Period(first, last).year_earlier).values())) == earlier


def test_a_year_to_date_has_the_same_days_a_year_earlier_after_a_leap_year() -> None:
    to_date = year_to_date(date(2025, 2, 28))
    assert to_date.same_days_earlier == Period(date(2024, 1, 1), date(2024, 2, 28))


@pytest.mark.parametrize(
    ("decided", "step"),
    [
        (months(2016, 30), "month"),
        (months(2016, 29), "quarter"),
        (months(2016, 10), "quarter"),
        (months(2016, 9), "year"),
        ({date(2016, month, 1): 30 if month < 7 else 1 for month in range(1, 13)}, "month"),  # half of the months
        ({None: 500, date(2016, 3, 1): 40}, "month"),  # items without a date do not count
        ({}, "year"),
    ],
)
def test_the_shortest_step_is_used_whose_periods_have_enough_items(decided: dict[date | None, int], step: str) -> None:
    assert fitting_step(decided, 30) == step


def test_the_months_of_every_step_belong_to_its_period() -> None:
    for step in STEPS:
        for month in range(1, 13):
            first = date(2016, month, 1)
            period = step_period(step_key(step, first))
            assert period.first <= first <= period.last
            assert period.months == {"month": 1, "quarter": 3, "year": 12}[step]


@pytest.mark.parametrize(
    ("key", "label", "first", "last"),
    [
        ("2016-02", "Feb 2016", "2016-02-01", "2016-02-29"),
        ("2016-12", "Dec 2016", "2016-12-01", "2016-12-31"),
        ("2016-Q1", "Q1 2016", "2016-01-01", "2016-03-31"),
        ("2016-Q4", "Q4 2016", "2016-10-01", "2016-12-31"),
        ("2016", "2016", "2016-01-01", "2016-12-31"),
    ],
)
def test_a_period_has_a_label_and_the_filters_of_its_days(key: str, label: str, first: str, last: str) -> None:
    assert step_label(key) == label
    assert step_filters(key) == {"decided_from": [first], "decided_to": [last]}


def test_periods_have_no_gaps_and_items_without_a_date_come_last() -> None:
    assert ordered_keys("month", ["2016-02", "unknown", "2015-12"]) == ["2015-12", "2016-01", "2016-02", "unknown"]
    assert ordered_keys("quarter", ["2016-Q3", "2016-Q1"]) == ["2016-Q1", "2016-Q2", "2016-Q3"]
    assert ordered_keys("year", ["2018", "2016"]) == ["2016", "2017", "2018"]
    assert ordered_keys("year", []) == []
    assert ordered_keys("month", ["0201-01", "2016-01"]) == ["0201-01", "2016-01"]  # a misread year fills no table


@pytest.mark.django_db
def test_the_overview_shows_the_step_that_fits_or_the_one_requested(as_supervisor: Client) -> None:
    for month in range(1, 13):
        requests = [item("Knee brace")] * (12 if month < 7 else 1)
        stored_letter(document(*requests, case_number=None, decision_date=f"2016-{month:02}-10"))
    page = as_supervisor.get("/statistics/")
    assert page.context["step"] == "quarter"
    assert [period["label"] for period in page.context["periods"]] == ["Q1 2016", "Q2 2016", "Q3 2016", "Q4 2016"]
    assert [period["enough"] for period in page.context["periods"]] == [True, True, False, False]
    by_month = as_supervisor.get("/statistics/?sex=male&step=month")
    assert by_month.context["step"] == "month"
    links = {link["label"]: link["url"] for link in by_month.context["step_links"]}
    assert links["By year"] == "/statistics/?sex=male&step=year"
    assert as_supervisor.get("/statistics/?step=week").context["step"] == "quarter"


@pytest.mark.parametrize(
    ("decided", "year"),
    [
        ({}, None),
        ({None: 50}, None),
        (months(2016, 30), 2016),  # full: it has a December
        ({**months(2016, 30), date(2017, 11, 1): 500}, 2016),
        ({**months(2015, 30), **months(2016, 1), date(2017, 1, 1): 500}, 2015),  # too few items in 2016
        ({**months(2016, 1), date(2017, 1, 1): 500}, 2016),  # no year has enough: the last full one
        ({date(2017, 1, 1): 500}, 2017),  # no year is full
    ],
)
def test_the_report_is_of_the_last_full_year_with_enough_items(
    decided: dict[date | None, int], year: int | None
) -> None:
    assert year_to_report(decided, 30) == year


@pytest.mark.parametrize(
    ("today", "ranges"),
    [
        (date(2026, 1, 1), "12-01 12-31 10-01 12-31 01-01 01-01 01-01 12-31 01-01 12-31"),
        (date(2026, 5, 31), "04-01 04-30 01-01 03-31 01-01 05-31 01-01 12-31 05-01 04-30"),
        (date(2028, 2, 29), "01-01 01-31 10-01 12-31 01-01 02-29 01-01 12-31 02-01 01-31"),
    ],
)
def test_usual_ranges_are_counted_from_today(today: date, ranges: str) -> None:
    days = [day for key in OF_LETTERS for day in range_on(key, today)]
    assert " ".join(f"{day:%m-%d}" for day in days) == ranges
    assert {day.year for day in days} == {today.year, today.year - 1}


def test_ranges_of_days_have_as_many_days_as_they_are_named_for() -> None:
    today = date(2026, 3, 1)
    assert range_on("last_7_days", today) == (date(2026, 2, 23), today)
    assert range_on("next_30_days", today) == (today, date(2026, 3, 30))
