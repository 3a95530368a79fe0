"""What the parser reads: the text of a whole file, page by page, with what is known of how each page was read."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from determinations.parsing.spans import Span

#: How a page's text was obtained: from the file's own text, by recognizing a picture, or, of a picture, not at all.
PageMethod = Literal["text", "scan", "none"]
#: Why a recognized word is doubtful: the engine was unsure of it, could hardly read it, or it was corrected to a known
#: phrase; ``misprinted``, while a text is read only: another program misread a phrase, which was corrected.
DoubtReason = Literal["low_confidence", "illegible", "mended", "misprinted"]
#: First and last page, counted from 1, both included.
PageRange = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DoubtfulWord:
    """A word that was recognized in a picture and may be wrong; ``span`` is its place in the file's text."""

    span: Span
    reason: DoubtReason = "low_confidence"


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file's text as extraction gives it.

    Pages are joined by form feeds; page n (from 0) starts at ``text[page_offsets[n]]``. ``page_methods`` has one
    entry per page. ``doubtful`` is in the order of the text.
    """

    text: str
    page_offsets: tuple[int, ...]
    page_methods: tuple[PageMethod, ...]
    doubtful: tuple[DoubtfulWord, ...] = ()

    @classmethod
    def from_text(cls, text: str) -> "SourceText":
        """A text in which every form feed starts a page; one at the very end ends the last page."""
        pages = text.split("\f")
        if len(pages) > 1 and not pages[-1].strip():
            pages.pop()
        offsets, at = [], 0
        for page in pages:
            offsets.append(at)
            at += len(page) + 1
        methods: tuple[PageMethod, ...] = tuple("text" for _ in pages)
        return cls(text, tuple(offsets), methods)

    @property
    def page_count(self) -> int:
        """The number of pages, those without text included."""
        return len(self.page_offsets)

    def page_span(self, number: int) -> Span:
        """The text of page ``number``, counted from 1, without the form feed after it."""
        last = number == self.page_count
        return Span(self.page_offsets[number - 1], len(self.text) if last else self.page_offsets[number] - 1)

    def page_spans(self) -> Iterator[Span]:
        """The text of every page in order."""
        return map(self.page_span, range(1, self.page_count + 1))

    def pages_of(self, span: Span) -> PageRange:
        """The first and the last page that a part of the text is on."""
        first = bisect_right(self.page_offsets, span.start)
        return max(1, first), max(1, first, bisect_right(self.page_offsets, max(span.start, span.end - 1)))

    def pages_between(self, pages: PageRange) -> "SourceText":
        """The text of a range of pages, as if it were a file of its own."""
        first, last = pages
        start, end = self.page_span(first).start, self.page_span(last).end
        return SourceText(
            self.text[start:end],
            tuple(offset - start for offset in self.page_offsets[first - 1 : last]),
            self.page_methods[first - 1 : last],
            tuple(
                replace(word, span=Span(word.span.start - start, word.span.end - start))
                for word in self.doubtful
                if start <= word.span.start and word.span.end <= end
            ),
        )
