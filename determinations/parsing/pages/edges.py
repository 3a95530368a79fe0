"""Lines that belong to the page and not to the letter, taken out: fax lines, production numbers, notices, stamps.

Such a line lies in the middle of whatever runs over the page's edge. It is replaced by spaces, so that every offset
stays true and the text reads on. Three things tell it: its own form (``forms``), that the same line (but for its
numbers) is at the edge of the next page too, and that it lies further out than another one, because a letter's text is
not interrupted by the page's own lines.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from determinations.parsing.header import CASE_NUMBER
from determinations.parsing.pages.forms import (
    OWN_LINE,
    Match,
    blanked,
    counts_pages,
    is_notice,
    is_stamp_part,
    match_line,
    may_have_forms,
    may_have_transmission,
    prose_words,
    transmission,
)
from determinations.parsing.pages.interruptions import find_interruptions, may_interrupt
from determinations.parsing.pages.merged import merged_parts
from determinations.parsing.pages.outer_lines import Edge, Line, page_edges
from determinations.parsing.results import Problem
from determinations.parsing.sections import HEADINGS
from determinations.parsing.spans import Span, line_around
from determinations.parsing.typography import printed_width

#: So many printed lines from a page's edge are looked at.
_DEEPEST = 6
#: What lies further out than a page's own line is the page's own too, up to so many lines.
_MOST_BETWEEN = 2
#: What may differ between two pages in the same line.
_NOT_COMPARED = str.maketrans("", "", "0123456789 ")
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"\W*(\d{1,6})\W*")
#: A shorter line that ends a sentence may well be the last one of two pages.
_FEWEST_WORDS, _MOST_PROSE_WORDS = 4, 5
#: No line that counts pages is longer.
_LONGEST_COUNT = 400
#: In a text without page marks: lines that come again on every page, and how far apart pages are.
_SEVERAL, _SHORTEST_REPEATED, _SHORTEST_PAGE = 2, 8, 20
_LONG_LETTER, _MOST_LINES = 30, 5_000
_ROOM, _CLOSING = 0.9, ".?!,;:\"')]\u201d"
_MERGED = "A fax machine's line shares a line with the letter's text, and was removed from it."
_MOST_WORDS_BESIDE_A_CASE_NUMBER = 6
_UNSURE = "This line at the edge of the page may not be part of the letter."


class PageLines(NamedTuple):
    """The text, of the same length, with the pages' own lines blanked; and what was doubtful about them."""

    text: str
    problems: tuple[Problem, ...]


def without_page_lines(source: str) -> PageLines:
    """The text with the lines that belong to the pages blanked."""
    has_pages = "\f" in source
    if has_pages and not _may_have_page_lines(source):
        return PageLines(source, ())
    spans: list[Span] = list(_page_counts(source))
    problems: list[Problem] = []
    edges = list(page_edges(source, _DEEPEST))
    forms = _forms_by_page(edges)
    counting = _counting(edges)
    interruptions = find_interruptions(edges)
    by_neighbors = interruptions.matches | merged_parts(edges)
    for edge in edges:
        beside = (forms.get(edge.page - 1, {}), forms.get(edge.page + 1, {}))
        _take(edge, beside, counting, by_neighbors, spans, problems)
    taken = set(spans)
    doubtful = (span for span in interruptions.doubtful if span not in taken)
    problems += [Problem("page_line_doubtful", _UNSURE, span) for span in doubtful]
    if not has_pages:
        spans += _without_page_marks(source)
        taken = set(spans)
        repeated = [span for span in _repeated_lines(source) if span not in taken]
        spans += repeated
        problems += [Problem("page_line_doubtful", _UNSURE, span) for span in repeated]
    return PageLines(blanked(source, spans), tuple(problems))


def _may_have_page_lines(source: str) -> bool:
    """A quick look, which most files pass: no outer line is on the next page too, or has a form of its own."""
    before: set[str] = set()
    lines: list[str] = []
    for page in source.split("\f"):
        text = page.strip()
        if not text:
            before = set()
            continue
        first, last = text[: text.find("\n")].rstrip() if "\n" in text else text, text[text.rfind("\n") + 1 :].lstrip()
        outlines = {_outline(first), _outline(last)}
        if not before.isdisjoint(outlines) and {_form(first), _form(last)} & {_form(line) for line in lines[-2:]}:
            return True
        if lines and may_interrupt(lines[-1], first):
            return True
        before = outlines
        lines += (first, last)
    return may_have_forms(lines)


def _forms_by_page(edges: list[Edge]) -> dict[int, dict[str, int]]:
    """The lines of each page's edges without their numbers and spacing, and how far from the edge each is."""
    forms: dict[int, dict[str, int]] = {}
    for edge in edges:
        of_page = forms.setdefault(edge.page, {})
        for depth, line in enumerate(edge.lines):
            of_page.setdefault(_form(line.text), depth)
    return forms


def _outline(text: str) -> str:
    """The first and the last character that a line's form has: quick to tell, and different for most lines."""
    ends = text.strip("0123456789 ")
    return ends[:1] + ends[-1:]


def _form(text: str) -> str:
    return text.translate(_NOT_COMPARED)


def _is_repeated(text: str, depth: int, beside: tuple[dict[str, int], dict[str, int]]) -> bool:
    """Whether the page before or after has the same line about as far from its edge.

    The ends of two sentences can be alike, and an office repeats no running text but a notice: such a line must be on
    both pages beside this one.
    """
    form = _form(text)
    times = sum(abs(of_page.get(form, _DEEPEST * 2) - depth) <= 1 for of_page in beside)
    if not times or OWN_LINE.match(text) or _NUMBER.fullmatch(text) or "medically necessary" in text:
        return False
    words = text.count(" ") + 1
    if text[-1] == "." and (words == 1 or (words <= _FEWEST_WORDS and prose_words(text) > 0)):
        return False
    return times > 1 or is_notice(text) or prose_words(text) < _MOST_PROSE_WORDS


def _take(
    edge: Edge,
    beside: tuple[dict[str, int], dict[str, int]],
    counting: set[Span],
    by_neighbors: dict[Span, Match],
    spans: list[Span],
    problems: list[Problem],
) -> None:
    """Add the edge's own lines to ``spans``, from the outermost inwards."""
    unknown: list[Line] = []
    before: Match | None = None
    for depth, line in enumerate(edge.lines):
        told = by_neighbors.get(line.span)
        is_repeated = not unknown and _is_repeated(line.text, depth, beside)
        if told and not told.is_whole and not is_repeated:
            match: Match | None = told
        else:
            match = _match(line, before, counting, is_repeated=is_repeated) or told
        if match is None:
            unknown.append(line)
            if len(unknown) > _MOST_BETWEEN:
                break
            continue
        if not match.is_whole:
            spans.append(Span(line.start + match.start, line.start + match.end))
            problems.append(Problem("page_line_doubtful", _MERGED, line.span))
            break
        for outer in unknown:  # the letter's text is not interrupted by the page's lines: this one is the page's too
            if _is_no_prose(outer.text):
                spans.append(outer.span)
            else:
                problems.append(Problem("page_line_doubtful", _UNSURE, outer.span))
        unknown.clear()
        spans.append(line.span)
        if match.is_doubtful:
            problems.append(Problem("page_line_doubtful", _UNSURE, line.span))
        before = match
    problems += [Problem("page_line_doubtful", _UNSURE, line.span) for line in unknown[:1] if is_notice(line.text)]


def _match(line: Line, before: Match | None, counting: set[Span], *, is_repeated: bool) -> Match | None:
    """What a line is: by the pages beside, by its form, by counting the pages, or as part of the stamp before it."""
    text = line.text
    if is_repeated or line.span in counting:
        return Match("count", 0, len(text), is_whole=True)
    if match := match_line(text):
        return match
    if before and before.form == "stamp" and is_stamp_part(text):
        return Match("stamp", 0, len(text), is_whole=True)
    return None


def _is_no_prose(text: str) -> bool:
    return prose_words(text) < _FEWEST_WORDS and not OWN_LINE.match(text) and not text.endswith((".", ","))


def _counting(edges: list[Edge]) -> set[Span]:
    """Bare numbers that go up by one from page to page, at tops or at bottoms."""
    counted: set[Span] = set()
    for side in (edges[0::2], edges[1::2]):
        numbers = [
            (edge.page, int(match[1]), line.span)
            for edge in side
            for line in edge.lines[:_MOST_BETWEEN]
            if (match := _NUMBER.fullmatch(line.text))
        ]
        offsets = [number - page for page, number, _ in numbers]
        for (page, number, span), offset in zip(numbers, offsets, strict=True):
            if offsets.count(offset) > 1 or (len(numbers) == 1 and number - page in {0, 1}):
                counted.add(span)
    return counted


def _page_counts(source: str) -> Iterator[Span]:
    """Lines that count pages and say so, wherever a text reader has put them."""
    for word in ("Page ", "PAGE ", "Form Effective"):
        at = source.find(word)
        while at >= 0:
            line = line_around(source, at)
            if line.end - line.start <= _LONGEST_COUNT and counts_pages(source[line.start : line.end].strip()):
                yield line
            at = source.find(word, line.end)


def _without_page_marks(source: str) -> Iterator[Span]:
    """In a text whose pages are not marked: lines anywhere that are a fax machine's or a browser's without doubt."""
    start = 0
    for line in source.split("\n") if may_have_transmission(source) else ():
        text = line.strip()
        if text and (match := transmission(text)) and match.is_whole:
            yield Span(start, start + len(line))
        start += len(line) + 1


def _repeated_lines(source: str) -> Iterator[Span]:
    """In a text whose pages are not marked: a line that is there again and again, but for its numbers, and breaks off
    within a sentence each time but at the text's edges. Headers and footers do; what a letter repeats does not."""
    lines = [Line(span, text, span.start) for span, text in _printed_lines(source)]
    if not _LONG_LETTER < len(lines) < _MOST_LINES:
        return
    by_form: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if line.text[-1] not in _CLOSING and len(line.text) >= _SHORTEST_REPEATED and not OWN_LINE.match(line.text):
            by_form.setdefault(_form(line.text), []).append(number)
    widths = sorted(printed_width(line.text) for line in lines)
    full_width = widths[len(widths) * 4 // 5] * _ROOM
    for form, numbers in by_form.items():
        inner = [number for number in numbers if 0 < number < len(lines) - 1]
        if len(numbers) < _SEVERAL or len(form) < _SHORTEST_REPEATED // 2 or not inner:
            continue
        pages = numbers[:-1] if numbers[-1] == len(lines) - 1 else numbers  # the last page may be short
        if any(after - before < _SHORTEST_PAGE for before, after in pairwise(pages)):
            continue
        text = lines[numbers[0]].text
        if len(text.split()) <= _MOST_WORDS_BESIDE_A_CASE_NUMBER and CASE_NUMBER.search(text):
            continue  # ``without_case_number_lines`` leaves it out
        if prose_words(text) >= _MOST_PROSE_WORDS and not is_notice(text):
            continue
        following = [lines[number + 1].text for number in numbers if number + 1 < len(lines)]
        if len(set(following)) < len(following):  # what follows is repeated too: the letter's own, or a copy of it
            continue
        if _counts([lines[number].text for number in numbers]) or all(
            _breaks_off(lines[number], lines[number + 1], full_width) for number in inner
        ):
            yield from (lines[number].span for number in numbers)


def _counts(texts: list[str]) -> bool:
    """Whether one number of a repeated line goes up by one each time, and all others stay."""
    rows = [[int(number[-9:]) for number in _DIGITS.findall(text)] for text in texts]
    if len({len(row) for row in rows}) > 1:
        return False
    steps = [tuple(later - earlier for earlier, later in zip(*pair, strict=True)) for pair in pairwise(rows)]
    return len(set(steps)) == 1 and sorted(map(abs, steps[0])) == [0] * (len(steps[0]) - 1) + [1] and 1 in steps[0]


def _breaks_off(line: Line, following: Line, full_width: float) -> bool:
    """Whether a line had room for what follows: the letter's own lines end so only where a sentence does."""
    return printed_width(f"{line.text} {following.text.partition(' ')[0]}") < full_width


def _printed_lines(source: str) -> Iterator[tuple[Span, str]]:
    start = 0
    for line in source.split("\n"):
        if text := line.strip():
            yield Span(start, start + len(line)), text
        start += len(line) + 1


def without_case_number_lines(letter: str) -> str:
    """One letter's text, of the same length, without the lines below its header block that repeat its case number."""
    body = max(0, letter.find(HEADINGS[0]))
    case = CASE_NUMBER.search(letter, 0, body)
    at = letter.find(case.group(), body) if case else -1
    spans = []
    while case and at >= 0:
        line = line_around(letter, at)
        text = letter[line.start : line.end].strip()
        if len(text.split()) <= _MOST_WORDS_BESIDE_A_CASE_NUMBER and not text.endswith((".", ",")):
            spans.append(line)
        at = letter.find(case.group(), line.end)
    return blanked(letter, spans) if spans else letter
