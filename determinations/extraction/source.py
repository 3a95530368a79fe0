"""What extraction obtained from a file, in the form that the parser reads."""

from determinations.extraction.results import ExtractedText
from determinations.parsing.source import DoubtfulWord, DoubtReason, PageMethod, SourceText
from determinations.parsing.spans import Span

#: Most words with less confidence are wrong.
_ILLEGIBLE = 40


def source_text(extracted: ExtractedText) -> SourceText:
    """The extracted text with the method of each page, and the words of scans that may be wrong."""
    doubtful = tuple(
        DoubtfulWord(Span(word.start, word.end), doubt_of(word.confidence, of_phrase=word.of_phrase))
        for word in extracted.words
        if word.doubtful
    )
    return SourceText(extracted.text, extracted.page_offsets, page_methods(extracted), doubtful)


def doubt_of(confidence: int, *, of_phrase: bool) -> DoubtReason:
    """Why a word of a scan is doubtful."""
    if of_phrase:
        return "mended"
    return "illegible" if confidence < _ILLEGIBLE else "low_confidence"


def page_methods(extracted: ExtractedText) -> tuple[PageMethod, ...]:
    """How the text of each page was obtained; a blank page that is no picture has all the text it can have."""
    if extracted.page_methods:
        return extracted.page_methods
    return tuple("none" if number in extracted.to_scan else "text" for number in range(len(extracted.page_offsets)))
