"""Where a letter ends: its last rationale is followed by nothing, or by records, appeals, signatures, other files.

A rationale is one paragraph that nearly always ends with its conclusion. So what follows a conclusion after a page
edge or a deliberate line break is looked at: it is the letter's when it goes on in prose to another conclusion.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from determinations.parsing.pages.fullness import is_short
from determinations.parsing.results import Problem
from determinations.parsing.spans import Span, ends_sentence, make
from determinations.parsing.typography import Typography, typography_of

_NECESSITY = re.compile(
    r"\bnecess(?:ary|ity)\b|\bnot\s+(?:appropriate|established|supported|recommended|warranted|indicated)\b"
    r"|\b(?:is|are|was|were)\s+(?:appropriate|warranted|supported|indicated|established|upheld|overturned|"
    r"approved|denied|certified|non-certified)\b",
    re.IGNORECASE,
)
#: The fixed text that may follow the conclusion of a refused opioid.
_OPIOID_TAIL = re.compile(
    r"(?:This\s+(?:medical\s+necessity\s+)?decision\s+(?:addresses|should)|The\s+treating\s+physician\s+and\s+the\s+patient)",
    re.IGNORECASE,
)
#: An item's line; the longest known has 558 characters.
_ITEM_LINE = re.compile(
    r"(?<!ecision)(?<!esult)(?<!utcome)(?<!etermination)(?<!tatus):\s*(?:Upheld|Overturned)[ \t]*\.?[ \t]*"
    r"(?=[\n\f]|\Z)"
)
_ITEM_REACH = 700
#: How lines begin that come after a letter: copies, greetings, mail, appeals.
_AFTER_LETTER = re.compile(
    r"(?:b?cc|copies?(?:\s+to)?|copy|enc(?:l(?:osures?)?)?|attach(?:ments?|ed)|sent\s+from|on\s+.{6,60}\bwrote|from|to|"
    r"subject|date|re)\s*:|sent\s+from\s+my\b|sincerely|respectfully|regards|best\s+regards|kind\s+regards|"
    r"(?:very\s+)?truly\s+yours|yours\s+truly|thank\s+you|dear\s|--\s*$|_{4,}|-{4,}|={4,}|on\s.{4,50}\bwrote\s*:|"
    r"if\s+you\s+(?:disagree|do\s+not\s+agree|wish\s+to|have\s+(?:any\s+)?questions)|(?:the|this|your)\s+(?:decision|"
    r"determination)\s+(?:is|shall\s+be)\s+(?:deemed\s+)?(?:final|binding)|you\s+(?:may|have\s+the\s+right\s+to)\s+(?:file|appeal)"
    r"|begin\s+forwarded|-+\s*original\s+message|copies\s+to\b|cc\b|maximus\s+is\s+providing\s+an\s+independent"
    r"|maximus\s+federal\s+services,?\s+inc",
    re.IGNORECASE,
)
#: A signature: ``Jane Roe, M.D.``, ``Medical Director``.
_SIGNATURE = re.compile(
    r"(?:Dr\.\s)?[A-Z][\w'-]+(?:\s[A-Z][\w.'-]*){1,3},?\s(?:M\.?D|D\.?O|D\.?C|D\.?P\.?M|Ph\.?D|Psy\.?D|MPH|Esq|R\.?N)\b\.?"
    r"(?:,?\s(?:[A-Z][\w.]*,?\s?){1,4})?\Z|Medical\s+Director\Z"
)
#: Words of an appeal notice, which no rationale has.
_APPEAL = re.compile(
    r"\bappeals?\s+board\b|\bWCAB\b|\b(?:verified|file\s+an?)\s+(?:appeal|petition)|\b4610\.6|\bfinal\s+and\s+binding\b"
    r"|\bappeal\s+(?:this|the)\s+(?:determination|decision)|\bdisagree\s+with\s+th",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"[A-Z][A-Za-z /()'&.#-]{1,40}:(?:\s|$)")
_NUMBERED = re.compile(r"(?:\d{1,2}[.)]|[-*\u2022\u00b7])\s")
_DATED = re.compile(
    r"\W*(?:\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+\d{1,2},?\s+\d{4})\W*$"
)
_LOWER_WORD = re.compile(r"(?<![\w/.:@-])[a-z]{2,}(?![\w/@-])")
_CONCLUSION_REACH = 400
_TITLE_WORDS, _TITLE_LENGTH = 8, 70
#: A quick look at a line's length, before its width is worked out.
_FULL_WIDTH = 0.9
_MAY_CLOSE = ".?!:;\"')]\u2019\u201d"
_MANY_LINES = 400

_CUT_AT_PAGE = "The text after this page was treated as other documents, not as the end of the last rationale."
_CUT_IN_PAGE = "The text after the last conclusion was treated as an addition, not as the end of the last rationale."
_GOES_ON = "The last rationale continues after a conclusion at the end of a page; this may be another document."


class LetterEnd(NamedTuple):
    """Offset of the end, and what is doubtful about it."""

    offset: int
    problems: tuple[Problem, ...] = ()


class _Line(NamedTuple):
    start: int
    end: int
    text: str
    gap: int
    page_edge: bool


def find_letter_end(source: str, start: int, rationale: int, limit: int, running_text: Span) -> LetterEnd:
    """Where the letter that begins at ``start`` ends; its last rationale begins at ``rationale``, before ``limit``.

    ``running_text`` is a place from which the way the letter is set can be learned.
    """
    label_line = max(source.rfind("\n", start, rationale), source.rfind("\f", start, rationale)) + 1
    lines = _lines(source, label_line, limit)  # with the label, so that the first line has its full width
    if not lines:
        return LetterEnd(limit)
    typography: Typography | None = None
    doubts: list[Problem] = []
    nearly_full = max([len(line.text) for line in lines]) * _FULL_WIDTH
    for at, (above, line) in enumerate(pairwise(lines), 1):
        printed, parted = above.text, line.page_edge
        is_short = len(printed) < nearly_full and len(printed) + len(line.text.partition(" ")[0]) < nearly_full
        if not parted and not is_short and line.gap == 1 and printed[-1] not in _MAY_CLOSE:
            continue
        ended = ends_sentence(above.text)
        if not parted and (line.gap > 1 or is_short):
            typography = typography or typography_of(source, *running_text)
            parted = line.gap > typography.usual_gap or typography.had_room(above.text, line.text)
        if not parted and not (ended and _may_begin_after(line.text)):
            continue
        verdict = _verdict(source, start, rationale, lines, at, ended=ended)
        if verdict:
            doubts.append(Problem("letter_end_doubtful", verdict, Span(line.start, line.end)))
        if verdict in (None, _GOES_ON):
            continue
        return LetterEnd(above.end, tuple(doubts))
    return LetterEnd(lines[-1].end, tuple(doubts))


def _verdict(source: str, start: int, rationale: int, lines: list[_Line], at: int, *, ended: bool) -> str | None:
    """Whether the letter ends above line ``at``: None or ``_GOES_ON`` for no, another doubt or "" for yes."""
    above, line = lines[at - 1], lines[at]
    said = source[rationale : above.end]
    if _OPIOID_TAIL.match(line.text) or _ITEM_LINE.search(source, line.start, line.start + _ITEM_REACH):
        return None  # the letter's own: another item begins
    if _AFTER_LETTER.match(line.text) or _has_appeal(lines, at):
        return "" if ended else _CUT_AT_PAGE
    concluded = ended and _concludes(said)
    foreign = _is_foreign(lines, at)
    if line.page_edge:
        page_start = source.rfind("\f", 0, above.end) + 1
        short = is_short(source[page_start : above.end], source[start:page_start].split("\f")[:-1])
        if ended and (short or foreign):
            return "" if concluded or (short and foreign) else _CUT_AT_PAGE
        if short and foreign:
            return _CUT_AT_PAGE
        if not ended:
            return None
        if not concluded:
            return None
        return _GOES_ON if _concludes_later(lines, at) else _CUT_AT_PAGE
    if not concluded:
        return None
    if foreign:
        return _CUT_IN_PAGE if _concludes_later(lines, at) else ""
    return None if _concludes_later(lines, at) else _CUT_IN_PAGE


def _may_begin_after(line: str) -> bool:
    """Whether a line that nothing parts from the rationale above begins what comes after a letter."""
    is_title = " " in line and line.isupper()
    return is_title or bool(_AFTER_LETTER.match(line) or _SIGNATURE.match(line))


def _concludes(said: str) -> bool:
    """Whether the last sentence speaks of necessity."""
    tail = said[-_CONCLUSION_REACH:]
    sentences = re.split(r"(?<=[a-z)%\d\"\u201d][.?!])\s+(?=[A-Z\"\u201c(])", tail.strip())
    return bool(_NECESSITY.search(" ".join(sentences[-2:])))


def _concludes_later(lines: list[_Line], at: int) -> bool:
    """Whether the paragraph that begins at line ``at`` is prose that ends in a conclusion, as a rationale's does."""
    paragraph: list[str] = []
    for line in lines[at:]:
        if paragraph and line.page_edge and ends_sentence(paragraph[-1]):
            break
        paragraph.append(line.text)
    return _concludes(" ".join(paragraph)) and ends_sentence(paragraph[-1])


def _is_foreign(lines: list[_Line], at: int) -> bool:
    """Whether a page or paragraph that begins at line ``at`` reads like records or a heading rather than prose."""
    line = lines[at]
    text = line.text
    if text[0].islower():
        return False
    if not any(map(str.islower, text)) and any(map(str.isalpha, text)):
        return True
    if _LABELLED.match(text) or _DATED.match(text) or _NUMBERED.match(text) or _SIGNATURE.match(text):
        return True
    following = lines[at + 1].text if at + 1 < len(lines) else ""
    is_title = len(text) < _TITLE_LENGTH and len(_LOWER_WORD.findall(text)) < _TITLE_WORDS and text[-1] not in ".,;"
    return is_title and (not following or not following[0].islower())


def _has_appeal(lines: list[_Line], at: int) -> bool:
    return bool(_APPEAL.search(" ".join(line.text for line in lines[at : at + 3])))


def _lines(source: str, start: int, end: int) -> list[_Line]:
    """The printed lines, with the line ends before each and whether a page edge lies between."""
    lines: list[_Line] = []
    gap, page_edge, at = 0, False, start
    for page_number, page in enumerate(source[start:end].split("\f")):
        page_edge = page_edge or page_number > 0
        for line in page.split("\n"):
            text = line.strip()
            if text:
                begin = at if line[0] == text[0] else source.index(text, at)
                lines.append(make(_Line, (begin, begin + len(text), text, gap, page_edge and bool(lines))))
                gap, page_edge = 0, False
                if len(lines) > _MANY_LINES:
                    return lines
            at += len(line) + 1
            gap += 1
    return lines
