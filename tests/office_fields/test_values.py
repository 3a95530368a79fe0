"""What users type, by the kind of the field."""

import pytest

from determinations.cases.typed_numbers import read_case_number
from determinations.models import FieldKind, OfficeField
from determinations.office_fields.values import BadValue, normal_form, read_value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME Inc", "Acme, Inc."),
        ("Acme  Inc.", "acme inc"),
        ("Smith & Sons", "SMITH AND SONS"),
        ("O'Brien Builders", "O’BRIEN BUILDERS"),
        ("A.B.C. Freight", "ABC Freight"),
        ("WC-123-456", "wc 123 456"),
        ("ＡＣＭＥ Inc", "Acme Inc"),
        ("Café Été", "café été"),
    ],
)
def test_spellings_of_one_name_have_one_form(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(("one", "other"), [("12-3", "1-23"), ("Acme Inc", "Acme Ink"), ("10", "100"), ("-", "--")])
def test_different_values_stay_apart(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@pytest.mark.parametrize(
    ("kind", "typed", "printed"),
    [
        (FieldKind.TEXT, "  Acme,\t Inc. ", "Acme, Inc."),
        (FieldKind.TEXT, "=1+1", "=1+1"),
        (FieldKind.TEXT, "unknown", "Unknown"),
        (FieldKind.TEXT, "abc\u202egpj", "abc gpj"),
        (FieldKind.NUMBER, "$1,234.50", "1234.5"),
        (FieldKind.NUMBER, "007", "7"),
        (FieldKind.NUMBER, "-0", "0"),
        (FieldKind.DATE, "6-9-16", "2016-06-09"),
        (FieldKind.DATE, "6/9/2016 12:00:00 AM", "2016-06-09"),
        (FieldKind.DATE, "Jun 9, 2016", "2016-06-09"),
        (FieldKind.CHOICE, "NEW YORK", "New York"),
    ],
)
def test_values_are_read_by_kind(kind: str, typed: str, printed: str) -> None:
    value = read_value(OfficeField(kind=kind, choices=["Texas", "New York"]), typed)
    assert value
    assert value.printed == printed


@pytest.mark.parametrize(
    ("kind", "typed", "reason"),
    [
        (FieldKind.NUMBER, "12 apples", "is not a number"),
        (FieldKind.NUMBER, "1,23", "is not a number"),
        (FieldKind.NUMBER, "9" * 19, "at most 18 digits"),
        (FieldKind.DATE, "13/45/2016", "is not a date"),
        (FieldKind.CHOICE, "Ohio", "Texas, New York"),
        (FieldKind.TEXT, "x" * 201, "at most 200 characters"),
    ],
)
def test_what_is_no_value_is_refused_with_a_reason(kind: str, typed: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        read_value(OfficeField(kind=kind, choices=["Texas", "New York"]), typed)


@pytest.mark.parametrize("kind", FieldKind.values)
def test_an_empty_text_is_no_value(kind: str) -> None:
    assert read_value(OfficeField(kind=kind), " \t ") is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (" cm17 9000142 ", "CM17-9000142"),
        ("CM17\u00a09000142", "CM17-9000142"),
        ("\uff23\uff2d\uff11\uff17\uff0d\uff19\uff10\uff10\uff10\uff11\uff14\uff12", "CM17-9000142"),
        ("CM17\u20119000142", "CM17-9000142"),
        ("CM17\u20139000142", "CM17-9000142"),
        ("CM17-900014\u0662", None),
        ("CM17-900014", None),
    ],
)
def test_a_case_number_is_read_in_the_form_that_letters_print(typed: str, read: str | None) -> None:
    assert read_case_number(typed) == read
