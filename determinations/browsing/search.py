"""Case numbers typed into the search box: one with a wrong digit finds similar numbers."""

from determinations.cases.typed_numbers import read_number_or_start, read_serial
from determinations.models import Case

_SHORTEST = len("CM17-0000000")
_YEARS = range(13, 31)


def cases_numbered(typed: str, limit: int = 20) -> tuple[list[Case], bool]:
    """Current cases with a typed case number, and whether they match exactly.

    A complete number finds its case, or cases one typing error away; a serial number alone is tried with every year;
    the start of a number finds all cases that start with it, one of seven digits those of eight. One query, two for a
    typing error. Empty for other text.
    """
    number = read_number_or_start(typed)
    cases = Case.objects.current().order_by("case_number")
    if number is None:
        serial = read_serial(typed)
        if serial is None:
            return [], False
        numbers = [f"CM{year}-{serial}" for year in _YEARS]
        return list(cases.filter(case_number__in=numbers)[:limit]), True
    if len(number) < _SHORTEST:
        return list(cases.filter(case_number__startswith=number)[:limit]), False
    matching = list(cases.filter(case_number=number)[:limit])
    if matching:
        return matching, True
    near = similar_numbers(number)
    if len(number) == _SHORTEST:
        near |= {f"{number}{digit}" for digit in "0123456789"}
    return list(cases.filter(case_number__in=near)[:limit]), False


def similar_numbers(number: str) -> set[str]:
    """Every number that differs by one digit, or by two adjacent digits swapped."""
    digits = [at for at, letter in enumerate(number) if letter.isdigit()]
    near = {number[:at] + digit + number[at + 1 :] for at in digits for digit in "0123456789"}
    near |= {
        number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        for at in digits
        if number[at + 1 : at + 2].isdigit()
    }
    return near - {number}
