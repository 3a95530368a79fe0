"""Where an item's line begins: it follows the rationale of the item before, often without a blank line between.

The item's end is certain (the decision, right before the guideline lines); from there this looks upwards, line by
line, for the break that parts item and rationale. Three signs speak for a break: a blank line, a line before that had
room to spare, and a line before that ends a sentence. Any two are enough. One alone serves when there is no better.
"""

import re
from typing import NamedTuple

from determinations.parsing.typography import Line, Typography, lines_upwards

#: The longest item line known has 558 characters; further up is rationale.
_REACH = 1200
_SENTENCE_ENDS, _CLOSING = (".", "?", "!"), "\"')]\u201d"
#: The last words of a rationale: ``... is not medically necessary.``
_CONCLUSIONS = ("necessary", "necessity", "appropriate", "established", "supported", "warranted")
_AFTER_LAST_WORD = '."\u201d)'
_CONCLUSION_END = re.compile(rf"\b(?:{'|'.join(_CONCLUSIONS)})\Z", re.IGNORECASE)
_LONGEST_CONCLUSION = 12
#: A line that can only go on with the one before: the decision alone, ``is: Upheld``.
_NEVER_FIRST = re.compile(r"(?:(?:is|are|was|were)\s*)?:?\s*(?:Upheld|Overturned)\b|[,;:.)]")
_GOES_ON_AFTER = re.compile(r"(?:[,:;(/&-]|\b(?:and|or|of|the|for|to|with|a|an|in|on|at|per|by))\Z", re.IGNORECASE)
_LONGEST_JOINER = 4
#: A partial approval's later sentences, and the words its first sentence ends with.
_PARTIAL_LATER = re.compile(
    r"IMR[\s-]+eligible|\boriginal\s+request\b|\bauthorized\s+by\s+the\s+Claims", re.IGNORECASE
)
_PARTIAL_WORDS = ("imr", "original", "authorized")
_PARTIAL_FIRST = re.compile(r"\b(?:was|were|is|are)\s+(?:part\s+of\s+)?the\s+original\s+request\b", re.IGNORECASE)
#: For a text without line breaks: the first sentence end after a conclusion.
_AFTER_CONCLUSION = re.compile(
    r"\b(?:necessary|appropriate|established|supported|warranted)\b[^.]{0,60}\.[\"\u201d)]*\s+(?=\S)", re.I
)


class ItemStart(NamedTuple):
    """Offset of the item's first character, and why that is doubtful (None: it is not)."""

    offset: int
    doubt: str | None


def find_item_start(
    source: str, rationale_start: int, end: int, typography: Typography, blank_lines_part: bool
) -> ItemStart:
    """Where the item that ends at ``end`` begins, below a rationale that begins at ``rationale_start``.

    ``blank_lines_part``: this text has blank lines between paragraphs, so that none is a sign too.
    """
    start = max(rationale_start, end - _REACH)
    lines = lines_upwards(source, start, end)
    fallback: tuple[Line, str | None] | None = None
    skipped: Line | None = None
    below = next(lines, Line(end, end, "", 0, page_edge=False))
    for above in lines:
        line, below = below, above
        if _NEVER_FIRST.match(line.text):
            continue
        strength, doubt = _strength(above, line, typography, blank_lines_part)
        if strength == 0:
            continue
        if _is_torn(source[line.start : end]):
            skipped = skipped or line
            continue
        if strength == 2:
            return ItemStart(line.start, doubt)
        fallback = fallback or (line, doubt)
    if fallback:
        return ItemStart(fallback[0].start, fallback[1])
    if skipped:
        return ItemStart(skipped.start, "The first sentence of a partial approval was not found.")
    inside = [match.end() for match in _AFTER_CONCLUSION.finditer(source, start, end)]
    return ItemStart(inside[-1] if inside else below.start, "The line that begins the item was not found.")


def _strength(above: Line, line: Line, typography: Typography, blank_lines_part: bool) -> tuple[int, str | None]:
    """How strongly the two lines are parted: 2 certain, 1 a fallback, 0 not; and what is doubtful about it."""
    ends_sentence = above.text.rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
    had_room = typography.had_room(above.text, line.text)
    wide = typography.is_wide(line)
    lone = "Only one sign separates this item from the previous rationale."
    if ends_sentence and had_room:
        unsure = blank_lines_part and not wide and not line.page_edge
        return 2, "No blank line separates this item from the previous rationale." if unsure else None
    if wide and ends_sentence:
        return 2, None
    concludes = _ends_in_conclusion(above.text)
    if concludes and had_room:
        return 2, None
    if concludes and ends_sentence:
        return 2, lone if blank_lines_part and not line.page_edge else None
    if concludes and not line.text[0].islower():
        return 2, lone
    if ends_sentence:
        return 1, lone if blank_lines_part and not line.page_edge else None
    if _GOES_ON_AFTER.search(above.text, max(0, len(above.text) - _LONGEST_JOINER)):
        return 0, None
    if wide and had_room:
        return (1 if line.text[0].islower() else 2), lone
    if (wide or had_room) and not line.text[0].islower():
        return 1, lone
    return 0, None


def _ends_in_conclusion(line: str) -> bool:
    last_word = line.rstrip(_AFTER_LAST_WORD)
    return bool(_CONCLUSION_END.search(last_word, max(0, len(last_word) - _LONGEST_CONCLUSION)))


def _is_torn(item: str) -> bool:
    """Whether this is a partial approval whose first sentence is still above."""
    lower = item.lower()
    if not any([word in lower for word in _PARTIAL_WORDS]):  # the searches cost more
        return False
    return bool(_PARTIAL_LATER.search(item)) and not _PARTIAL_FIRST.search(item)
