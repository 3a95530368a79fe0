"""The numbers of numbered items (``1. ``, ``2) ``, ``Issue 3: ``, ``b. ``): they count items, and no request has them.

Requests begin with numbers of their own (``6 monthly sessions``, ``1) Norco``). A number counts the items when every
item has the one that is its place in the list, printed in the same way.
"""

import re
from collections.abc import Sequence

from determinations.parsing.spans import Span

_WORDS = r"(?:(?:Disputed\s+)?(?:Items?|Issue)|Request|Treatment)\s*(?:No\.?|Number)?\s*#?\s*"
_NUMBER = re.compile(
    rf"(?P<words>{_WORDS})?(?P<open>\()?(?:(?P<digits>\d{{1,3}})|(?P<letter>[A-Za-z])|(?P<roman>[IVX]{{1,5}}))"
    r"\s?(?P<close>\.\)|[.):]|-(?=\s))\s+(?=\S)",
)
#: Bullets, and the two signs that plain text has for them: no request begins with one.
_BULLET = re.compile(r"(?:[*\u2013\u2014-]\s+)+(?=\w)")
_BULLETS = "*-\u2013\u2014"
_ROMAN = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX".split()
#: A number alone in brackets may be a quantity, a colon or a dash after it a part of the request: only longer lists
#: tell that they count.
_FEWEST = {".": 1, ")": 1, ".)": 1, ":": 2, "-": 2}
_FEWEST_IN_BRACKETS = 2
_FEWEST_LETTERS = 2


def without_numbers(source: str, lines: Sequence[Span]) -> list[Span]:
    """The items' lines without bullets and without the numbers that count them."""
    lines = [_without_bullet(source, line) for line in lines]
    numbers = [_NUMBER.match(source, line.start, line.end) for line in lines]
    if not all(numbers):
        return lines
    printed = [number for number in numbers if number]
    if len({_style(number) for number in printed}) > 1 or not _count(printed):
        return lines
    return [Span(number.end(), line.end) for number, line in zip(printed, lines, strict=True)]


def _without_bullet(source: str, line: Span) -> Span:
    if source[line.start : line.start + 1] not in _BULLETS:
        return line
    bullet = _BULLET.match(source, line.start, line.end)
    return Span(bullet.end(), line.end) if bullet else line


def _style(number: re.Match[str]) -> tuple[bool, bool, bool, str]:
    return bool(number["words"]), bool(number["open"]), bool(number["digits"]), number["close"]


def _count(numbers: list[re.Match[str]]) -> bool:
    """Whether the numbers are 1, 2, 3 ... and there are enough of them to mean it."""
    if not numbers:
        return False
    first, count = numbers[0], len(numbers)
    places = range(1, count + 1)
    if first["digits"]:
        fewest = 1 if first["words"] else _FEWEST_IN_BRACKETS if first["open"] else _FEWEST[first["close"]]
        return count >= fewest and [number["digits"] for number in numbers] == [str(place) for place in places]
    if count < _FEWEST_LETTERS:
        return False
    marks = [number["letter"] or number["roman"] for number in numbers]
    letters = [chr(ord("a") + place - 1) for place in places]
    return marks in (letters, [letter.upper() for letter in letters], _ROMAN[:count])
