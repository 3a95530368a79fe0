"""A letter's text in, its values out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.clean import clean_text, visible_text
from determinations.parsing.header import DATE_FIELDS
from determinations.parsing.layouts import recognize_layout
from determinations.parsing.layouts.determination import read_determination
from determinations.parsing.layouts.notice_2013 import read_notice
from determinations.parsing.mend import mend_lines
from determinations.parsing.misprints import find_misprints
from determinations.parsing.pages.bounds import Bounds, find_letters
from determinations.parsing.pages.copies import without_copies
from determinations.parsing.pages.edges import without_case_number_lines, without_page_lines
from determinations.parsing.pages.limit import first_pages
from determinations.parsing.pages.margins import without_margins
from determinations.parsing.pages.order import order_pages
from determinations.parsing.pages.second_layer import without_second_layer
from determinations.parsing.pages.textless import textless_pages
from determinations.parsing.pages.turned import find_turned_pages
from determinations.parsing.recognized_words import doubtful_values
from determinations.parsing.results import LetterPart, ParsedLetter, Problem
from determinations.parsing.source import PageRange, SourceText
from determinations.parsing.spans import Span
from determinations.parsing.words import join_divided_words

_NO_ALIASES: Mapping[str, str] = {}
#: Problems that turned pages make.
_MAY_BE_TURNED = frozenset(
    {
        *(
            "not_a_determination",
            "layout_not_known",
            "header_missing",
            "value_missing",
            "no_items",
            "decision_missing",
        ),
        *("decision_left_over", "text_breaks_off", "page_missing", "item_start_doubtful", "lines_out_of_order"),
    }
)
#: Problems that misspelled headings, labels and header values make.
_MAY_BE_MISPRINTED = _MAY_BE_TURNED | {"header_doubtful", "wording_unknown"}
_READERS: Mapping[str, Callable[[str, Mapping[str, str]], ParsedLetter]] = {
    "determination": read_determination,
    "notice-2013": read_notice,
}


def parse_letter(text: str, aliases: Mapping[str, str] = _NO_ALIASES) -> ParsedLetter:
    """Read one letter. Every span points into ``text`` as it was given.

    ``aliases`` maps printed forms of guidelines to authority keys, on top of those that the parser knows. A text that
    is no determination letter, or in a layout that is not read, gives a letter without items and the problem that
    says so. Of several letters the first is given (see ``parse_file``). Never raises on account of what the text says.
    """
    return parse_file(SourceText.from_text(text), aliases)[0].letter


def parse_file(
    source: SourceText, aliases: Mapping[str, str] = _NO_ALIASES, page_ranges: Sequence[PageRange] = ()
) -> tuple[LetterPart, ...]:
    """Every letter of a file, in printed order; at least one part, which says why when the file holds no letter.

    Every span points into ``source.text``. ``page_ranges`` is where an administrator says that the letters are: each
    range is read as one letter, and nothing outside of them. ``aliases`` as for ``parse_letter``.
    """
    if page_ranges:
        parts = [_read_range(source, aliases, part, pages) for part, pages in enumerate(page_ranges, 1)]
    else:
        parts = _read_letters(source, aliases)
    return tuple(_with_textless_pages(source, part, parts) for part in parts)


def _read_range(source: SourceText, aliases: Mapping[str, str], part: int, pages: PageRange) -> LetterPart:
    """The pages as one letter, whatever their text looks like."""
    excerpt = source.pages_between(pages)
    found = _read_letters(excerpt, aliases, first_page=pages[0])
    if len(found) > 1:
        found = _read_letters(excerpt, aliases, first_page=pages[0], as_one=True)
    start = source.page_span(pages[0]).start
    place = Arrangement.of(source.text, (Span(start, start + len(excerpt.text)),))
    return LetterPart(part, pages, place.place(found[0].extent), place.put_back(found[0].letter))


def _read_letters(
    source: SourceText, aliases: Mapping[str, str], first_page: int = 1, *, as_one: bool = False
) -> list[LetterPart]:
    """Every letter that is found in the text, or all of the text as one. ``first_page``: its number in the file.

    Pages may be turned when something is missing or does not go on; they are looked for then only.
    """
    parts = _read_in_order(source, aliases, first_page, as_one=as_one)
    if not any(_may_be_misprinted(problem) for part in parts for problem in part.letter.problems):
        return parts
    if misprints := find_misprints(source):
        corrected = _read_in_order(misprints.source, aliases, first_page, as_one=as_one)
        if _completeness(corrected) > _completeness(parts):
            parts = _put_back(corrected, misprints.arrangement)
    if not _gaps(parts, _MAY_BE_TURNED):
        return parts
    turned = find_turned_pages(source, first_page)
    if turned is None:
        return parts
    if turned.reversed_pages:
        upright = _read_in_order(turned.source, aliases, first_page, as_one=as_one)
        if _gaps(upright, _MAY_BE_TURNED) < _gaps(parts, _MAY_BE_TURNED):
            parts = _put_back(upright, turned.arrangement)
            return [_with_turned(part, (*turned.reversed_pages, *turned.sideways)) for part in parts]
    return [_with_turned(part, turned.sideways) for part in parts]


def _gaps(parts: list[LetterPart], codes: frozenset[str]) -> int:
    """How much of the letters is missing or does not go on, by the problems of these kinds."""
    unread = sum(part.letter.layout is None for part in parts)
    return 100 * unread + sum(problem.code in codes for part in parts for problem in part.letter.problems)


def _completeness(parts: list[LetterPart]) -> tuple[int, int]:
    """How much of the letters was read; of two readings with as many values the one with fewer problems is better."""
    return _values(parts), -_gaps(parts, _MAY_BE_MISPRINTED)


def _may_be_misprinted(problem: Problem) -> bool:
    """Whether a misspelled phrase may make this problem; a doubtful date of injury is not the header block's own."""
    return problem.code in _MAY_BE_MISPRINTED or problem.path == "date_of_injury"


def _values(parts: list[LetterPart]) -> int:
    """How many values of the letters' headers, credentials, summaries and items were read."""
    count = 0
    for letter in (part.letter for part in parts):
        header = (letter.case_number, letter.priority, letter.summary, letter.licensure, letter.specialties)
        count += sum(map(bool, header)) + sum(name in letter.spans for name in DATE_FIELDS)
        for item in letter.items:
            count += sum(map(bool, (item.decision, item.claims_text, item.reviewer_text, item.rationale)))
    return count


def _put_back(parts: list[LetterPart], arrangement: Arrangement) -> list[LetterPart]:
    """The parts with every span moved to where it is in the arrangement's source."""
    return [
        replace(part, extent=arrangement.place(part.extent), letter=arrangement.put_back(part.letter))
        for part in parts
    ]


def _with_turned(part: LetterPart, problems: tuple[Problem, ...]) -> LetterPart:
    """The part with the turned pages of its extent; of a text that is no letter, they are the reason."""
    if part.letter.layout is not None:
        return replace(part, letter=_with_problems(part.letter, _inside(problems, part.extent)))
    return replace(part, letter=replace(part.letter, problems=problems or part.letter.problems))


def _read_in_order(
    source: SourceText, aliases: Mapping[str, str], first_page: int, *, as_one: bool
) -> list[LetterPart]:
    """Every letter of a text whose pages are upright."""
    visible = visible_text(clean_text(source.text))
    margins = without_margins(visible.text)
    readable = first_pages(margins.text)
    single = without_second_layer(readable.text)
    copies = without_copies(single.arrangement.text)
    own = without_page_lines(copies.text)
    ordered = order_pages(own.text, first_page)
    of_pages = (*own.problems, *ordered.problems)
    text = ordered.arrangement.text
    whole = Bounds(Span(0, len(text)))
    parts: list[LetterPart] = []
    for bounds in [whole] if as_one else find_letters(text) or [whole]:
        excerpt = Arrangement.of(text, (bounds.extent,))
        letter = _with_problems(excerpt.put_back(_read(excerpt.text, aliases)), bounds.problems)
        letter = ordered.arrangement.put_back(letter)
        extent = ordered.arrangement.place(bounds.extent)
        letter = copies.put_back(_with_problems(letter, _inside(of_pages, extent)))
        extent = copies.place(extent)
        letter = single.arrangement.put_back(letter)
        extent = single.arrangement.place(extent)
        letter = _with_problems(letter, _inside(single.problems, extent))
        letter = _with_problems(letter, readable.problems)
        letter = visible.put_back(margins.put_back(letter))
        extent = visible.place(margins.place(extent))
        letter = _with_problems(letter, tuple(doubtful_values(letter, source.text, source.doubtful, extent)))
        parts.append(LetterPart(len(parts) + 1, source.pages_of(extent), extent, letter))
    return parts


def _with_textless_pages(source: SourceText, part: LetterPart, parts: list[LetterPart]) -> LetterPart:
    if "none" not in source.page_methods or part.letter.layout is None:
        return part
    problems = tuple(textless_pages(source, part, parts))
    return replace(part, letter=_with_problems(part.letter, problems))


def _with_problems(letter: ParsedLetter, problems: tuple[Problem, ...]) -> ParsedLetter:
    return replace(letter, problems=(*letter.problems, *problems)) if problems else letter


def _inside(problems: Iterable[Problem], extent: Span) -> tuple[Problem, ...]:
    """The problems whose place is in the extent, at least in part."""
    return tuple(
        problem
        for problem in problems
        if problem.span and problem.span.start < extent.end and extent.start < problem.span.end
    )


def _read(source: str, aliases: Mapping[str, str]) -> ParsedLetter:
    """The values of one letter in a text that begins and ends with it."""
    match = recognize_layout(source)
    layout = match.layout.name if match.layout else None
    if match.problem or layout is None:
        return ParsedLetter(layout=layout, problems=(match.problem,) if match.problem else ())
    mended = mend_lines(without_case_number_lines(source))
    joined = join_divided_words(mended.arrangement.text)
    letter = mended.arrangement.put_back(joined.put_back(_READERS[layout](joined.text, aliases)))
    return replace(letter, problems=(*letter.problems, *mended.problems)) if mended.problems else letter
