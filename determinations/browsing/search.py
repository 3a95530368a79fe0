"""Search over requests, rationales, summaries and case numbers: what was typed, and which rows it finds.

Words are searched as a web search does: every word, ``"a phrase"``, ``-not``, ``OR``; ``word*`` finds longer words.
Typing errors are met where they hurt: a case number with one slip finds its neighbours, and a drug's name that nearly
is one of the drugs known is offered in its right spelling.
"""

import difflib
import re
from functools import lru_cache

from determinations.filters.words import WORD
from determinations.models import Case
from determinations.parsing.categories import DRUGS

#: ``CM17-9000142``, also typed ``cm17 9000142`` or ``CM179000142``; at least the year and some digits.
_CASE_NUMBER = re.compile(r"\s*CM\s?(?P<year>\d{2})[\s-]?(?P<number>\d{3,7})\s*", re.IGNORECASE)
#: The serial alone.
_SERIAL = re.compile(r"\s*(?P<number>\d{7})\s*")
_YEARS = range(13, 31)


def typed_case_number(typed: str) -> str | None:
    """What was typed as a case number in its printed form, or the start of one; None when it is none."""
    match = _CASE_NUMBER.fullmatch(typed)
    return f"CM{match['year']}-{match['number']}" if match else None


def cases_numbered(typed: str, limit: int = 20) -> tuple[list[Case], bool]:
    """Current cases of a typed case number, and whether they are exactly what was typed.

    A whole number finds its case, or cases one slip away; a serial alone is tried with every year; the start of a
    number finds the cases that begin so. One query, two for a slip. Nothing for what is no case number.
    """
    number = typed_case_number(typed)
    cases = Case.objects.current().order_by("case_number")
    if number is None:
        serial = _SERIAL.fullmatch(typed)
        if serial is None:
            return [], False
        numbers = [f"CM{year}-{serial['number']}" for year in _YEARS]
        return list(cases.filter(case_number__in=numbers)[:limit]), True
    if len(number) < len("CM17-0000000"):
        return list(cases.filter(case_number__startswith=number)[:limit]), False
    found = list(cases.filter(case_number=number)[:limit])
    if found:
        return found, True
    return list(cases.filter(case_number__in=one_slip_away(number))[:limit]), False


def one_slip_away(number: str) -> set[str]:
    """Every number that differs by one digit, or by two neighbours that changed places."""
    digits = [at for at, letter in enumerate(number) if letter.isdigit()]
    near = {number[:at] + digit + number[at + 1 :] for at in digits for digit in "0123456789"}
    near |= {
        number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        for at in digits
        if number[at + 1 : at + 2].isdigit()
    }
    return near - {number}


@lru_cache(maxsize=1)
def _drug_names() -> frozenset[str]:
    return frozenset(drug.name for drug in DRUGS.values() if drug.name.isalpha() and len(drug.name) >= 5)


@lru_cache(maxsize=1024)
def spelled_right(text: str) -> str | None:
    """The search with words that nearly name a drug spelled right: ``hydrocodne`` gives ``hydrocodone``.

    None when nothing is misspelled. Only words of five letters and more that are themselves no drug's name count.
    """
    names = _drug_names()
    changed = False

    def mended(match: re.Match[str]) -> str:
        nonlocal changed
        word = match[0].lower()
        if len(word) < 5 or word in names or not word.isalpha():
            return match[0]
        near = difflib.get_close_matches(word, names, n=1, cutoff=0.84)
        changed = changed or bool(near)
        return near[0] if near else match[0]

    mended_text = WORD.sub(mended, text)
    return mended_text if changed else None
