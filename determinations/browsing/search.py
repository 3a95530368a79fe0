"""Case numbers typed into the search box: one with a wrong digit finds similar numbers."""

import re

from determinations.models import Case

#: ``CM17-9000142``, also typed ``cm17 9000142`` or ``CM179000142``; at least the year and some digits. A complete
#: serial has seven digits, or eight (``CM16-10000001``).
_CASE_NUMBER = re.compile(r"\s*CM\s?(?P<year>\d{2})[\s-]?(?P<number>\d{3,8})\s*", re.IGNORECASE | re.ASCII)
#: The serial alone.
_SERIAL = re.compile(r"\s*(?P<number>\d{7,8})\s*", re.ASCII)
_SHORTEST = len("CM17-0000000")
_YEARS = range(13, 31)


def typed_case_number(typed: str) -> str | None:
    """Normalize a typed case number (or prefix) to its printed form; None if it isn't one."""
    match = _CASE_NUMBER.fullmatch(typed)
    return f"CM{match['year']}-{match['number']}" if match else None


def cases_numbered(typed: str, limit: int = 20) -> tuple[list[Case], bool]:
    """Current cases with a typed case number, and whether they match exactly.

    A complete number finds its case, or cases one typing error away; a serial number alone is tried with every year;
    the start of a number finds all cases that start with it, one of seven digits those of eight. One query, two for a
    typing error. Empty for other text.
    """
    number = typed_case_number(typed)
    cases = Case.objects.current().order_by("case_number")
    if number is None:
        serial = _SERIAL.fullmatch(typed)
        if serial is None:
            return [], False
        numbers = [f"CM{year}-{serial['number']}" for year in _YEARS]
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
