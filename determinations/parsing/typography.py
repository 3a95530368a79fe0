"""How a letter's text is set: which line breaks were forced by the page's width, and which gaps part paragraphs.

Text readers disagree about blank lines: some print one between paragraphs, some none, some one after every line, and
a page edge adds or swallows them. What they all keep is where lines break. A line that would have had room for the
next line's first word was ended on purpose: that is the end of a paragraph, whatever the blank lines say.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

#: Widths of a text typeface (Times and its metric equals), in thousandths of the type size.
_WIDTHS = {
    "!()-[]rf`I": 333, '"': 408, "#$*0123456789_bdghknopquvxy": 500, "%m": 833, "&AHKNOQUVXYDGw": 722, "'": 180,
    "+<=>": 564, " ,.": 250, "/:;ijlt\\": 278, "?aczes": 444, "@": 921, "BCRELTZ": 630, "FPS": 556, "JM": 640,
    "W": 944, "|": 200, "{}": 480, "~^": 500,
}  # fmt: skip
_UNITS = bytes(
    next((width // 4 for characters, width in _WIDTHS.items() if chr(code) in characters), 125) for code in range(256)
)
_LINE = re.compile(r"\S[^\n\f]*")
_FIRST_WORD = re.compile(r"[^\s-]+-?")
#: A line this much narrower than the letter's full lines still had room for the next word.
_ROOM = 0.915


class Line(NamedTuple):
    """One printed line that is not blank. ``gap``: line ends before it since the last such line."""

    start: int
    end: int
    text: str
    gap: int
    page_edge: bool


def lines_of(source: str, start: int, end: int) -> list[Line]:
    """The lines of ``source[start:end]`` that are not blank, without the white space around them."""
    lines = []
    previous_end = start
    for match in _LINE.finditer(source, start, end):
        text = match.group().rstrip()
        between = source[previous_end : match.start()]
        previous_end = match.start() + len(text)
        lines.append(Line(match.start(), previous_end, text, between.count("\n"), "\f" in between))
    return lines


def printed_width(text: str) -> int:
    """The width of a line as printed, in an arbitrary unit."""
    return sum(text.encode("latin-1", "replace").translate(_UNITS))


@dataclass(frozen=True, slots=True)
class Typography:
    """The letter's usual line gap (1 single-spaced, 2 double-spaced) and how wide its full lines are."""

    usual_gap: int
    full_width: float

    def had_room(self, line: str, following: str) -> bool:
        """Whether the following line's first word would have fitted on this one: the break was made on purpose."""
        word = _FIRST_WORD.match(following)
        addition = " " + (word.group() if word else following[:1])
        return printed_width(line + addition) < self.full_width

    def is_wide(self, line: Line) -> bool:
        """Whether a blank line parts this line from the one before. A page edge says nothing either way."""
        return line.gap > self.usual_gap and not line.page_edge


def typography_of(source: str, start: int, end: int) -> Typography:
    """Learnt from running text, such as the fixed paragraph and the clinical summary at ``source[start:end]``."""
    lines = lines_of(source, start, end)
    gaps = Counter(line.gap for line in lines[1:])
    usual_gap = gaps.most_common(1)[0][0] if gaps else 1
    by_length = sorted((line.text for line in lines), key=len)
    full = by_length[len(by_length) * 4 // 5] if by_length else "n" * 90
    return Typography(usual_gap, printed_width(full) * _ROOM)
