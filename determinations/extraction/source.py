"""What extraction obtained from a file, in the form that the parser reads."""

from determinations.extraction.results import ExtractedText
from determinations.parsing.source import PageMethod, SourceText


def source_text(extracted: ExtractedText) -> SourceText:
    """The extracted text with the method by which each page's text was obtained."""
    text, offsets = extracted.text, extracted.page_offsets
    ends = (*(offset - 1 for offset in offsets[1:]), len(text))
    methods: tuple[PageMethod, ...] = tuple(
        "text" if text[start:end].strip() else "none" for start, end in zip(offsets, ends, strict=True)
    )
    return SourceText(text, offsets, methods)
