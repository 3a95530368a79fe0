"""Working days and deadlines, against a table of examples that were worked out by hand."""

from datetime import date

import pytest

from determinations.duties.deadlines import (
    LetterDates,
    Rule,
    deadline,
    last_day,
    rule_in_force,
    services_given,
    task_rule,
)
from determinations.duties.working_days import add_working_days, is_working_day, state_holidays

AUTHORIZE = Rule("authorize", "Authorize", "receipt", 5, "working_days", outcome="overturned", services="not_given")
REIMBURSE = Rule("reimburse", "Reimburse", "receipt", 20, "days", outcome="overturned", services="given")
APPEAL = Rule("appeal", "Appeal", "mailing", 30, "days", task=False, by_mail=5, rolls=True)
BAR = Rule("repeat_bar", "Bar", "ur_denial", 12, "months", task=False, outcome="upheld")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-09", "2026-11-17"),  # Monday; Veterans Day on Wednesday
        ("2026-11-20", "2026-12-01"),  # Friday; Thanksgiving and the day after
        ("2026-11-21", "2026-12-01"),  # Saturday: the first day that counts is Monday
        ("2026-07-02", "2026-07-09"),  # July 4 is a Saturday: Friday is a working day (Government Code 6701)
        ("2023-11-09", "2023-11-17"),  # November 11 is a Saturday: Friday is a holiday
        ("2022-12-21", "2022-12-29"),  # Christmas is a Sunday: Monday is a holiday
        ("2021-12-29", "2022-01-05"),  # January 1 is a Saturday: December 31 is a working day
        ("2017-12-29", "2018-01-08"),  # Friday; New Year's Day on Monday
        ("2026-03-27", "2026-04-06"),  # Friday; Cesar Chavez Day on Tuesday
        ("2026-02-12", "2026-02-20"),  # Lincoln's birthday is a working day; Presidents' Day on Monday
        ("2028-02-25", "2028-03-03"),  # Friday; February 29
        ("2026-09-04", "2026-09-14"),  # Friday; Labor Day
        ("2023-06-16", "2023-06-26"),  # Friday; Juneteenth on Monday
    ],
)
def test_treatment_is_authorized_within_five_working_days(received: str, due: str) -> None:
    assert last_day(AUTHORIZE, date.fromisoformat(received)) == date.fromisoformat(due)


def test_further_closed_days_do_not_count() -> None:
    assert last_day(AUTHORIZE, date(2026, 6, 1), {date(2026, 6, 3)}) == date(2026, 6, 9)


@pytest.mark.parametrize(
    ("rule", "event", "by_mail", "due"),
    [
        (REIMBURSE, "2026-11-07", False, "2026-11-27"),  # calendar days, and a holiday is no reason to be late
        (APPEAL, "2026-10-08", False, "2026-11-09"),  # November 7 is a Saturday
        (APPEAL, "2026-10-08", True, "2026-11-12"),
        (APPEAL, "2026-10-27", False, "2026-11-30"),  # November 26 and 27 are holidays, then a weekend
        (BAR, "2024-02-29", False, "2025-02-28"),
        (BAR, "2025-11-28", False, "2026-11-28"),
        (Rule("r", "R", "mailing", 36, "months"), "2021-02-28", False, "2024-02-28"),
        (Rule("r", "R", "mailing", 1, "months"), "2026-01-31", False, "2026-02-28"),
    ],
)
def test_days_and_months_are_counted_by_the_calendar(rule: Rule, event: str, by_mail: bool, due: str) -> None:
    assert last_day(rule, date.fromisoformat(event), by_mail=by_mail) == date.fromisoformat(due)


def test_only_days_on_which_the_state_is_closed_are_holidays() -> None:
    assert {f"{day:%m-%d}" for day in state_holidays(2026)} == {
        "01-01", "01-19", "02-16", "03-31", "05-25", "06-19", "07-04", "09-07", "11-11", "11-26", "11-27", "12-25",
    }  # fmt: skip
    assert is_working_day(date(2014, 6, 19))  # before Juneteenth was a holiday
    assert add_working_days(date(2026, 1, 1), 0) == date(2026, 1, 1)


def test_without_the_date_of_receipt_the_deadline_is_a_range_up_to_the_upload() -> None:
    dates = LetterDates(date(2026, 11, 2), None, None, uploaded=date(2026, 11, 9))
    last = deadline(AUTHORIZE, dates)
    assert (last.day, last.earliest, last.latest) == (None, date(2026, 11, 9), date(2026, 11, 17))
    assert (last.missing, last.first_possible) == ("receipt", date(2026, 11, 9))


def test_a_letter_without_any_date_is_due_by_its_upload_at_the_latest() -> None:
    last = deadline(AUTHORIZE, LetterDates(None, None, None, uploaded=date(2026, 11, 9)))
    assert (last.earliest, last.latest, last.first_possible) == (None, date(2026, 11, 17), date(2026, 11, 17))


def test_the_way_of_service_decides_the_last_day_to_appeal() -> None:
    unknown = LetterDates(date(2026, 10, 8), None, None, uploaded=date(2026, 10, 9))
    last = deadline(APPEAL, unknown)
    assert (last.day, last.earliest, last.latest, last.missing) == (
        None, date(2026, 11, 9), date(2026, 11, 12), "service",
    )  # fmt: skip
    by_fax = LetterDates(date(2026, 10, 8), date(2026, 10, 8), None, date(2026, 10, 9), by_mail=False)
    assert deadline(APPEAL, by_fax).day == date(2026, 11, 9)
    assert deadline(BAR, by_fax).missing == "ur_denial"


def test_the_version_of_a_rule_in_force_on_the_day_counts() -> None:
    old = Rule("authorize", "A", "receipt", 5, "working_days", valid_from=date(2013, 1, 1), valid_to=date(2026, 3, 31))
    new = Rule("authorize", "A", "receipt", 3, "working_days", valid_from=date(2026, 4, 1))
    assert rule_in_force([old, new], "authorize", date(2026, 3, 31)) is old
    assert rule_in_force([old, new], "authorize", date(2026, 4, 1)) is new
    assert rule_in_force([old], "authorize", date(2026, 4, 1)) is None


@pytest.mark.parametrize(
    ("request_text", "given"),
    [
        ("Retrospective request for a synthetic knee brace", True),
        ("Retro: urine drug screen", True),
        ("Urine drug screen, DOS 10/1/2016", True),
        ("Injection (date of service 5/2/2016)", True),
        ("Twelve visits of physical therapy", False),
        ("Retroperitoneal ultrasound", False),
    ],
)
def test_services_already_given_are_told_by_the_request(request_text: str, given: bool) -> None:
    assert services_given(request_text) is given
    rule = task_rule([AUTHORIZE, REIMBURSE, APPEAL], given=given, on=date(2026, 1, 1))
    assert rule is (REIMBURSE if given else AUTHORIZE)
