"""Pages that are pictures and gave no text, inside a letter or beside it, where a part of it may be on them."""

from collections.abc import Iterator, Sequence

from determinations.parsing.pages.fullness import is_short
from determinations.parsing.results import LetterPart, ParsedLetter, Problem
from determinations.parsing.source import SourceText
from determinations.parsing.spans import Span

_BREAKS_OFF = frozenset({"text_breaks_off", "page_missing", "decision_left_over", "decision_missing", "no_items"})
_LACKS_BEGINNING = frozenset({"header_missing"})


def textless_pages(source: SourceText, part: LetterPart, others: Sequence[LetterPart]) -> Iterator[Problem]:
    """A problem for each page without text in the letter, right after it unless it is complete, or right before it
    when its beginning is missing."""
    first, last = part.pages
    numbers = [number for number in range(first, last + 1) if _has_no_text(source, number)]
    taken = {number for other in others for number in range(other.pages[0], other.pages[1] + 1)}
    if not _is_complete(source, part):
        numbers += _run(source, range(last + 1, source.page_count + 1), taken)
    if _codes(part.letter) & _LACKS_BEGINNING:
        numbers += _run(source, range(first - 1, 0, -1), taken)
    for number in sorted(numbers):
        place = source.page_span(number)
        yield Problem(
            "page_without_text",
            f"Page {number} of {source.page_count} is an image without readable text.",
            Span(max(0, place.start - 1), min(len(source.text), place.end + 1)),
        )


def _run(source: SourceText, numbers: range, taken: set[int]) -> list[int]:
    """The pages without text with which ``numbers`` begins."""
    run = []
    for number in numbers:
        if number in taken or not _has_no_text(source, number):
            break
        run.append(number)
    return run


def _has_no_text(source: SourceText, number: int) -> bool:
    return source.page_methods[number - 1] == "none"


def _is_complete(source: SourceText, part: LetterPart) -> bool:
    """Whether the letter's last page ended before its bottom, and nothing breaks off."""
    first, last = part.pages
    if _codes(part.letter) & _BREAKS_OFF:
        return False
    pages = [source.text[slice(*source.page_span(number))] for number in range(first, last + 1)]
    return is_short(pages[-1], pages[:-1])


def _codes(letter: ParsedLetter) -> set[str]:
    return {problem.code for problem in letter.problems}
