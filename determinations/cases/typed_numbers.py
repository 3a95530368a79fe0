"""Case numbers as people type and paste them, into the search box and into tables of the office."""

import re
import unicodedata

#: ``CM17-9000142``, also ``cm17 9000142`` and ``CM179000142``, with any hyphen and a dash for one: as programs write
#: them that keep a number on one line or improve what is typed. A complete serial has seven digits, or eight.
_NUMBER = re.compile(
    r"CM\s?(?P<year>\d{2})[\s\-\u2010\u2012\u2013\u2212]?(?P<serial>\d{3,8})", re.IGNORECASE | re.ASCII
)
_SERIAL = re.compile(r"\d{7,8}", re.ASCII)
_COMPLETE = 7


def read_number_or_start(typed: str) -> str | None:
    """A case number, or the start of one with at least three digits of its serial, as letters print it; else None."""
    match = _NUMBER.fullmatch(_plain(typed))
    return f"CM{match['year']}-{match['serial']}" if match else None


def read_case_number(typed: str) -> str | None:
    """A complete case number in the form that letters print; None if it is none."""
    match = _NUMBER.fullmatch(_plain(typed))
    return f"CM{match['year']}-{match['serial']}" if match and len(match["serial"]) >= _COMPLETE else None


def read_serial(typed: str) -> str | None:
    """A complete serial without its year; None if it is none."""
    plain = _plain(typed)
    return plain if _SERIAL.fullmatch(plain) else None


def _plain(typed: str) -> str:
    """Without spaces around it; digits and spaces of any width are those of ASCII, and a nonbreaking hyphen is one."""
    return unicodedata.normalize("NFKC", typed).strip()
