"""What programs put before every line of a text: the ``>`` of a quoted message, the line numbers of a pleading.

They are at the beginning of nearly every printed line, and line numbers count up: a letter's own lines do neither.
"""

import re
from itertools import pairwise

from determinations.parsing.arrangement import Arrangement

_QUOTED = re.compile(r"[ ]{0,4}(?:>[ ]?){1,9}")
_NUMBERED = re.compile(r"[ ]{0,4}(\d{1,3})(?:[ ]{1,4}|(?=\n|\Z))")
#: Nearly all lines have the mark; a text with fewer lines is none of a letter.
_SHARE, _FEWEST_LINES = 0.8, 20
#: The first lines tell nearly every letter from such a text.
_QUICK_LOOK, _FEWEST_AT_ONCE = 6, 3
_FIRST_CHARACTERS = frozenset(">0123456789")


def without_margins(source: str) -> Arrangement:
    """The text without quotation marks or line numbers before its lines."""
    if not _may_have_margins(source):
        return Arrangement.whole(source)
    starts = [match.end() for match in re.finditer(r"\A|[\n\f]", source)]
    lines = [start for start, end in pairwise([*starts, len(source) + 1]) if source[start:end].strip()]
    if len(lines) < _FEWEST_LINES:
        return Arrangement.whole(source)
    for pattern in (_QUOTED, _NUMBERED):
        marks = [match for start in lines if (match := pattern.match(source, start))]
        if len(marks) < _SHARE * len(lines) or (pattern is _NUMBERED and not _count_up(marks)):
            continue
        return Arrangement.without(source, [match.span() for match in marks])
    return Arrangement.whole(source)


def _may_have_margins(source: str) -> bool:
    lines = source[:1000].split("\n")[:_QUICK_LOOK]
    marked = (line.lstrip(" ")[:1] in _FIRST_CHARACTERS for line in lines if line.strip())
    return sum(marked) >= _FEWEST_AT_ONCE


def _count_up(numbers: list[re.Match[str]]) -> bool:
    """Whether nearly every line's number is the one after the line before, or the first one of a page."""
    steps = [int(after[1]) - int(before[1]) for before, after in pairwise(numbers)]
    return sum(step == 1 or step < 0 for step in steps) >= _SHARE * len(steps) and steps.count(1) * 2 > len(steps)
