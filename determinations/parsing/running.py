"""Lines that belong to the page and not to the letter: page numbers, running headers and footers.

The letters held have none, but copies of the same layout do (``Final Letter of Determination   Form Effective
12.09.13   Page 2``). Such a line lies in the middle of whatever runs over the page's edge. It is replaced by spaces,
so that every offset stays true and the text reads on.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from determinations.parsing.spans import Span

#: ``Final Determination Letter   Page 2 of 5``; at a page's edge only.
_PAGE_OF = re.compile(r"\W*[A-Z\d].{0,100}?\s(?:Page|PAGE)\s+\d{1,2}(?:\s*(?:of|/)\s*\d{1,2})?\W*")
#: ``Page 2``, ``- Page 2 of 5 -`` alone on a line.
_PAGE_ALONE = re.compile(r"\W*(?:Page|PAGE)\s+\d{1,2}(?:\s*(?:of|/)\s*\d{1,2})?\W*")
_FORM = re.compile(r".{0,120}\bForm\s+Effective\s+\d\d[./-]\d\d[./-]\d\d.{0,40}", re.IGNORECASE)
_NUMBER = re.compile(r"\W*(\d{1,2})\W*")
#: The sender's name and the letter's, alone on a line.
_LETTERHEAD = re.compile(
    r"\W*(?:MAXIMUS\s+FEDERAL\s+SERVICES(?:,?\s+INC\.?)?|CONFIDENTIAL"
    r"|(?:NOTICE\s+OF\s+)?(?:IMR|INDEPENDENT\s+MEDICAL\s+REVIEW)\s+(?:FINAL\s+)?DETERMINATION(?:\s+LETTER)?"
    r"|FINAL\s+(?:LETTER\s+OF\s+)?DETERMINATION(?:\s+LETTER)?)\W*",
    re.IGNORECASE,
)
#: A line of the letter's own, which may well stand at two pages' edges.
_OWN_TEXT = re.compile(r":\s|:$|[,;.]$|\b(?:Upheld|Overturned)$")
_CASE = re.compile(r"\bCM\s?\d\d\s?-\s?\d{7}\b")
_DIGITS = re.compile(r"\d+")
#: Header and footer are among so many printed lines from a page's edge.
_EDGE_LINES = 2
_MAY_END = "0123456789-) "
_LONGEST, _SHORT, _LONGEST_NUMBER = 120, 70, 8
#: A line that stands at so many edges is the page's, whatever it says.
_OFTEN = 3
_MOST_WORDS_BESIDE_A_CASE_NUMBER = 6
_BODY_STARTS = "HOW THE IMR FINAL DETERMINATION WAS MADE"


class _Line(NamedTuple):
    span: Span
    text: str
    page: int


def without_running_lines(source: str) -> str:
    """The same text, of the same length, with the lines that belong to the pages blanked."""
    body = max(0, source.find(_BODY_STARTS))
    for span in {*_at_page_edges(source, body), *_anywhere(source, body)}:
        source = source[: span.start] + " " * (span.end - span.start) + source[span.end :]
    return source


def _anywhere(source: str, body: int) -> Iterator[Span]:
    """Lines that say by themselves what they are, wherever a text reader has put them."""
    for word in ("Page ", "PAGE ", "Form Effective"):
        at = source.find(word, body)
        while at >= 0:
            line = _line_at(source, at)
            text = source[slice(*line)].strip()
            if _PAGE_ALONE.fullmatch(text) or _FORM.fullmatch(text):
                yield line
            at = source.find(word, at + len(word))
    case = _CASE.search(source, 0, body)
    at = source.find(case.group(), body) if case else -1
    while case and at >= 0:
        line = _line_at(source, at)
        text = source[slice(*line)].strip()
        if len(text.split()) <= _MOST_WORDS_BESIDE_A_CASE_NUMBER and not text.endswith((".", ",")):
            yield line
        at = source.find(case.group(), at + 1)


def _line_at(source: str, position: int) -> Span:
    start = max(source.rfind("\n", 0, position), source.rfind("\f", 0, position)) + 1
    ends = [end for end in (source.find("\n", position), source.find("\f", position)) if end >= 0]
    return Span(start, min(ends, default=len(source)))


def _at_page_edges(source: str, body: int) -> Iterator[Span]:
    """Lines next to the pages' edges that are repeated there, or count the pages."""
    edges = source.count("\f")
    if edges == 0:
        return
    for edge in _edges(source):
        lines = [line for line in edge if line.span.start >= body]
        if not lines:
            continue
        yield from _counting([line for line in lines if len(line.text) < _LONGEST_NUMBER])
        for line in lines:
            by_itself = line.text[-1] in _MAY_END and _PAGE_OF.fullmatch(line.text)
            if by_itself or _LETTERHEAD.fullmatch(line.text):
                yield line.span
        if edges + 1 >= _OFTEN:
            forms = Counter(_DIGITS.sub("#", line.text) for line in lines)
            often = {form for form, count in forms.items() if count >= _OFTEN and not _OWN_TEXT.search(form)}
            yield from (line.span for line in lines if often and _DIGITS.sub("#", line.text) in often)


def _edges(source: str) -> tuple[list[_Line], list[_Line]]:
    """The first printed lines of the pages, and the last ones."""
    tops: list[_Line] = []
    bottoms: list[_Line] = []
    start, page = 0, 0
    while start >= 0:
        edge = source.find("\f", start)
        end = edge if edge >= 0 else len(source)
        tops += _printed(source, start, end, page, forwards=True)
        bottoms += _printed(source, start, end, page, forwards=False)
        start, page = edge + 1 if edge >= 0 else -1, page + 1
    return tops, bottoms


def _printed(source: str, start: int, end: int, page: int, *, forwards: bool) -> list[_Line]:
    """Of the first lines of the page ``source[start:end]`` that are not blank, or the last ones, those that are short
    or end in a number, as no full line of running text does by the rule."""
    lines: list[_Line] = []
    left = _EDGE_LINES
    while start < end and left:
        if forwards:
            line_start, at = start, source.find("\n", start, end)
            line_end = at if at >= 0 else end
            start = line_end + 1
        else:
            line_start, line_end = source.rfind("\n", start, end) + 1 or start, end
            end = line_start - 1
        text = source[line_start:line_end].strip()
        if text:
            left -= 1
            if len(text) < _SHORT or (len(text) < _LONGEST and text[-1] in _MAY_END):
                lines.append(_Line(Span(line_start, line_end), text, page))
    return lines


def _counting(lines: list[_Line]) -> Iterator[Span]:
    """Bare numbers that go up by one from page to page."""
    numbered = [(line, int(match[1])) for line in lines if (match := _NUMBER.fullmatch(line.text))]
    offsets = Counter(number - line.page for line, number in numbered)
    for line, number in numbered:
        if offsets[number - line.page] > 1 or (number - line.page in {0, 1} and len(numbered) == 1):
            yield line.span
