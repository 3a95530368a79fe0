"""Whole numbers as a spreadsheet shows them: a claim number in a cell of the format ``000000`` is stored as 4217 and
shown as 004217, and in one of the format ``"WC-"0000`` as WC-4217. What users see is what they mean."""

import re

#: Parts of a format: a mark of color or language, something in quotes or after a backslash, a space as wide as a
#: character, a character that fills the cell, a place for a digit, and a character that is shown as it is.
_PART = re.compile(
    r"""\[(?:black|blue|cyan|green|magenta|red|white|yellow|color\d+|\$-[0-9a-f]+)\]
    | "(?P<quoted>[^"]*)" | \\(?P<escaped>.) | (?P<space>_.) | \*. | (?P<place>[0#?])
    | (?P<shown>[-$+/():!^&'~{}=\ ])""",
    re.IGNORECASE | re.VERBOSE,
)


def shown(number: int, number_format: str) -> str:
    """The digits of a whole number with what its format adds; formats of amounts, shares and times add nothing.

    A comma, a point or a percent sign makes a format one of amounts: its number has a value, not digits to be kept.
    """
    parts = _parts(number_format)
    if number < 0 or not any(is_place for _, is_place in parts):
        return str(number)
    places = sum(is_place for _, is_place in parts)
    digits = (str(number) if number else "").rjust(places)
    extra = len(digits) - places
    rest, text, padded = iter(digits[extra:]), "", False
    for character, is_place in parts:
        if not is_place:
            text += character
            continue
        digit, padded = next(rest), padded or character == "0"
        text += digits[:extra] + (digit if digit != " " else "0" if padded else "")
        extra = 0
    return text.strip()


def _parts(number_format: str) -> list[tuple[str, bool]]:
    """Characters and places of a format, in order; nothing if it is one of another kind."""
    parts: list[tuple[str, bool]] = []
    at = 0
    while at < len(number_format) and number_format[at] != ";":
        part = _PART.match(number_format, at)
        if part is None:
            return []
        if place := part["place"]:
            parts.append((place, True))
        else:
            text = part["quoted"] or part["escaped"] or part["shown"] or (" " if part["space"] else "")
            parts.extend((character, False) for character in text)
        at = part.end()
    return parts
