"""How a letter's text is set: which line breaks were forced by the page's width, and which gaps part paragraphs.

Text readers disagree about blank lines: some print one between paragraphs, some none, some one after every line, and
a page edge adds or swallows them. What they all keep is where lines break. A line that would have had room for the
next line's first word was ended on purpose: that is the end of a paragraph, whatever the blank lines say.
"""

import re
from collections.abc import Iterator
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


def lines_upwards(source: str, start: int, end: int) -> Iterator[Line]:
    """The lines of ``source[start:end]`` that are not blank, the last one first."""
    below: tuple[int, str] | None = None
    gap, page_edge = 0, False
    while end > start:
        at = max(source.rfind("\n", start, end), source.rfind("\f", start, end))
        text = source[at + 1 if at >= 0 else start : end].strip()
        if text:
            if below:
                yield Line(below[0], below[0] + len(below[1]), below[1], gap, page_edge)
            below = (source.index(text, at + 1 if at >= 0 else start, end), text)
            gap, page_edge = 0, False
        if at < 0:
            break
        gap += source[at] == "\n"
        page_edge = page_edge or source[at] == "\f"
        end = at
    if below:
        yield Line(below[0], below[0] + len(below[1]), below[1], gap, page_edge)


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

    def width_of(self, line: str) -> int:
        """The width of a line, to compare with ``full_width``."""
        return printed_width(line)

    def is_wide(self, line: Line) -> bool:
        """Whether a blank line parts this line from the one before. A page edge says nothing either way."""
        return line.gap > self.usual_gap and not line.page_edge


def typography_of(source: str, start: int, end: int) -> Typography:
    """Learned from running text, such as the clinical summary at ``source[start:end]``."""
    lines = []
    gaps = []
    gap = 0
    for line in source[start:end].split("\n"):
        gap += 1
        text = line.strip()
        if text:
            lines.append(text)
            gaps.append(gap)
            gap = 0
    lines.sort(key=len)
    full = lines[len(lines) * 4 // 5] if lines else "n" * 90
    gaps = gaps[1:] or [1]
    return Typography(max(dict.fromkeys(gaps), key=gaps.count), printed_width(full) * _ROOM)
