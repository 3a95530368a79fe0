"""Check marks and bullets: they mark a label or an item and are no part of it; a checked box says which word counts.

A decision may be printed as a form: ``CBC: ☒ Upheld ☐ Overturned``. What is not chosen is then blanked, and all marks
with it. Where the marks do not say which word is chosen, they stay, so that the reader of the decision sees them.
"""

import re

from determinations.parsing.sections import HEADINGS
from determinations.parsing.spans import Span

_CHECKED = "☒☑✓✔✗✘🗹🗷"
_UNCHECKED = "☐□▢"
_BULLETS = "•●■▪❏❐❑❒➢→"
_BOX = f"[{_CHECKED}{_UNCHECKED}]"
_MARKS = _CHECKED + _UNCHECKED + _BULLETS
_MARK = f"[{_MARKS}]"
_ANY_MARK, _ANY_BOX = re.compile(_MARK), re.compile(_BOX)
_LABELS = (
    r"Claims\s+Administrator\s+guideline", r"MAXIMUS\s+guideline", r"Decision\s+rationale", r"Case\s+Number\s*:",
    r"Date\s+Assigned\s*:", r"Date\s+of\s+Injury\s*:", r"Decision\s+Date\s*:", r"UR\s+Denial\s+Date\s*:",
    r"Priority\s*:", r"Application\s+Received", r"Received\s*:", r"State\(s\)\s+of\s+Licensure", r"Certification\(s\)",
    r"The\s+Final\s+Determination\s+was", r"The\s+(?:expert|physician)\s+reviewer\s+developed",
    r"\d+\s?\)\s+MAXIMUS\s+Federal",
    *(r"\s+".join(re.escape(word) for word in heading.split()) for heading in HEADINGS),
)  # fmt: skip
#: ``▪ Claims Administrator guideline:``
_BEFORE_LABEL = re.compile(rf"(?:(?<=[\n\f])|\A)(?: {{0,80}}{_MARK})+(?= {{0,80}}(?:{'|'.join(_LABELS)}))", re.I)
#: ``MAXIMUS guideline: ▪ Decision based on``
_AFTER_LABEL = re.compile(rf"(?<=guideline:)\s{{0,80}}(?:{_MARK} {{0,80}})+", re.IGNORECASE)
_LEADING = re.compile(rf"(?:{_MARK}\s*)+")
_DECISION, _PRIORITY = r"(?:Upheld|Overturned)\b", r"(?:Standard|Expedited)\b"
_MOST_PIECES, _WIDEST_GAP = 8, 80
#: ``[X] Upheld``, ``( ) Overturned``, ``_X_ Upheld``, ``___ Overturned``; and a quick look for them.
_DRAWN_BOX = re.compile(
    rf"(?:\[[ _]?[xX]?[ _]?\]|\([ _]?[xX]?[ _]?\)|(?<![A-Za-z\d_])_{{1,3}}[xX]?_{{0,3}})(?=[ ]?{_DECISION})",
    re.IGNORECASE,
)
_BEFORE_DRAWN = ("]", "_", ") U", ")U", ") O", ")O")


def _marked(word: str) -> str:
    """A pattern of these words with marks before, between or after them."""
    piece = rf"(?:{_MARK}|{word})"
    return rf"(?<!\w){piece}(?:[\s/|,;]{{0,{_WIDEST_GAP}}}{piece}){{1,{_MOST_PIECES}}}"


#: ``Upheld ☐ Overturned ☒`` at the end of a line, and ``Priority: ☐ Standard ☒ Expedited``.
_DECISIONS = re.compile(rf"{_marked(_DECISION)}(?=[ ]*\.?[ ]*(?:[\n\f]|\Z))", re.IGNORECASE)
_LAST_DECISION = re.compile(rf"{_marked(_DECISION)}\s*\.?\s*\Z", re.IGNORECASE)
_PRIORITIES = re.compile(rf"(?<=Priority:)\s{{0,{_WIDEST_GAP}}}{_marked(_PRIORITY)}", re.IGNORECASE)
_WORDS = re.compile(rf"{_DECISION}|{_PRIORITY}", re.IGNORECASE)
_PIECE = re.compile(rf"{_MARK}|{_WORDS.pattern}", re.IGNORECASE)
_INK = re.compile(r"\S")
_REACH = 400


def _drawn(box: re.Match[str]) -> str:
    """A box of plain characters as a check mark of the same length."""
    return ("☒" if "x" in box[0].lower() else "☐").ljust(len(box[0]))


def without_marks(text: str) -> str:
    """The same text, of the same length: marks before labels are blanked, and of a form all but the chosen word."""
    if any([sign in text for sign in _BEFORE_DRAWN]):
        text = _DRAWN_BOX.sub(_drawn, text)
    if text.isascii() or not any([mark in text for mark in _MARKS]):
        return text
    text = _BEFORE_LABEL.sub(lambda marks: _blank(marks[0]), text)
    text = _AFTER_LABEL.sub(lambda marks: _blank(marks[0]), text)
    text = _PRIORITIES.sub(lambda form: _chosen(form[0]), text)
    return _DECISIONS.sub(_decision, text)


def start_without_marks(text: str, line: Span) -> int:
    """Where a line begins after its bullets and check marks."""
    marks = _LEADING.match(text, line.start, line.end)
    return marks.end() if marks else line.start


def undecided_from(text: str, line: Span) -> int | None:
    """Where the boxes and decisions that end a line begin if they do not say which is chosen; None without such."""
    start = max(line.start, line.end - _REACH)
    if not _ANY_MARK.search(text, start, line.end):
        return None
    form = _LAST_DECISION.search(text, start, line.end)
    return form.start() if form and _ANY_MARK.search(form[0]) else None


def is_box(character: str) -> bool:
    """Whether a character is a box or a check mark, empty or not."""
    return character in _CHECKED or character in _UNCHECKED


def is_beside_box(text: str, word: Span) -> bool:
    """Whether a box is right before or after a word: the word may be one of a form's that is not chosen."""
    before, after = text[: word.start].rstrip()[-1:], text[word.end : word.end + _WIDEST_GAP].lstrip()[:1]
    return any(_ANY_BOX.fullmatch(sign) for sign in (before, after))


def _decision(form: re.Match[str]) -> str:
    """The form with all but its chosen word blanked; as it is if more of it is on the same line before."""
    text, start = form.string, form.start()
    line = text[max(text.rfind("\n", 0, start), text.rfind("\f", 0, start), start - _REACH - 1) + 1 : start].lstrip()
    before = _LEADING.sub("", line, count=1) if _LEADING.match(line) else line
    return form[0] if _ANY_BOX.search(before) or _WORDS.search(before) else _chosen(form[0])


def _chosen(form: str) -> str:
    """The form with all but its chosen word blanked; as it is if none is chosen for certain.

    A word alone is chosen by a checked box, and needs none beside bullets. Of two words one has a checked box and the
    other an unchecked one, on the same side.
    """
    pieces = list(_PIECE.finditer(form))
    words = [piece for piece in pieces if len(piece[0]) > 1]
    marks = "".join(piece[0] for piece in pieces if len(piece[0]) == 1)
    chosen: re.Match[str] | None = None
    if len(words) == 1 and not set(marks) & set(_UNCHECKED):
        chosen = words[0]
    elif len({word[0].lower() for word in words}) == len(words) == len(marks) == len(pieces) / 2 == 2:
        checked = [mark in _CHECKED for mark in marks]
        is_alternating = [len(piece[0]) == 1 for piece in pieces] in ([True, False] * 2, [False, True] * 2)
        if is_alternating and sorted(checked) == [False, True] and set(marks) & set(_UNCHECKED):
            chosen = words[checked.index(True)]
    if chosen is None:
        return form
    return _blank(form[: chosen.start()]) + chosen[0] + _blank(form[chosen.end() :])


def _blank(text: str) -> str:
    """White space stays, so that lines stay lines."""
    return _INK.sub(" ", text)
