"""A letter's text in, its values out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from determinations.parsing.clean import clean_text
from determinations.parsing.layouts import recognise_layout
from determinations.parsing.layouts.determination import read_determination
from determinations.parsing.layouts.notice_2013 import read_notice
from determinations.parsing.mend import mend_lines
from determinations.parsing.recognized_words import doubtful_values
from determinations.parsing.results import LetterPart, ParsedLetter
from determinations.parsing.running import without_running_lines
from determinations.parsing.source import PageRange, SourceText
from determinations.parsing.spans import Span

_NO_ALIASES: Mapping[str, str] = {}
_READERS: Mapping[str, Callable[[str, Mapping[str, str]], ParsedLetter]] = {
    "determination": read_determination,
    "notice-2013": read_notice,
}


def parse_letter(text: str, aliases: Mapping[str, str] = _NO_ALIASES) -> ParsedLetter:
    """Read one letter. Every span points into ``text`` as it was given.

    ``aliases`` maps printed forms of guidelines to authority keys, on top of those that the parser knows. A text that
    is no determination letter, or in a layout that is not read, gives a letter without items and the problem that
    says so. Never raises on account of what the text says.
    """
    source = clean_text(text)
    recognised = recognise_layout(source)
    layout = recognised.layout.name if recognised.layout else None
    if recognised.problem or layout is None:
        return ParsedLetter(layout=layout, problems=(recognised.problem,) if recognised.problem else ())
    mended = mend_lines(without_running_lines(source))
    return mended.put_back(_READERS[layout](mended.text, aliases))


def parse_file(
    source: SourceText, aliases: Mapping[str, str] = _NO_ALIASES, page_ranges: Sequence[PageRange] = ()
) -> tuple[LetterPart, ...]:
    """Every letter of a file, in printed order; at least one part, which says why when the file holds no letter.

    Every span points into ``source.text``. ``page_ranges`` is where an administrator says that the letters are: each
    range is read as one letter, and nothing outside of them. ``aliases`` as for ``parse_letter``.
    """
    ranges = page_ranges or ((1, source.page_count),)
    return tuple(_read_pages(source, aliases, part, pages) for part, pages in enumerate(ranges, 1))


def _read_pages(source: SourceText, aliases: Mapping[str, str], part: int, pages: PageRange) -> LetterPart:
    extent = Span(source.page_span(pages[0]).start, source.page_span(pages[1]).end)
    outside = " " * extent.start
    letter = parse_letter(outside + source.text[extent.start : extent.end], aliases)
    doubts = tuple(doubtful_values(letter, source.doubtful, extent))
    return LetterPart(part, pages, extent, replace(letter, problems=letter.problems + doubts) if doubts else letter)
