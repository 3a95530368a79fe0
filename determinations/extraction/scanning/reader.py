"""Reads the pages of a file that are pictures, through a child process that may crash or hang without harm."""

import atexit
import json
import os
from collections.abc import Callable

from determinations.extraction.process import ChildGone, ChildReader, fault_of
from determinations.extraction.results import LIMITS, ExtractedText, Limits, TooManyPages, unreadable
from determinations.extraction.scanned_pages import FEW_CHARACTERS
from determinations.extraction.scanning.page import ReadPage
from determinations.extraction.scanning.text import joined

CHILD = "determinations.extraction.scanning.child"
#: Replacing the child from time to time limits memory leaks in the engine.
_PAGES_BEFORE_RENEWAL = 500

Progress = Callable[[int, int], None]


def _unwatched(done: int, pages: int) -> None:
    """Ignore progress."""


class ScanReader(ChildReader):
    """One child process that recognizes pages one by one; started when first needed, replaced when it dies or hangs.

    ``child`` is the module that the child runs.
    """

    def __init__(self, limits: Limits = LIMITS, child: str = CHILD) -> None:
        super().__init__(child, limits)

    def read(self, data: bytes, extracted: ExtractedText, progress: Progress = _unwatched) -> ExtractedText:
        """The file's whole text: of the pages named in ``extracted.to_scan`` as recognized, of the others as it is.

        ``progress`` is called after each page with the number of finished and all pages. Raises ``Unreadable``, or
        ``ReaderBroken`` if the child does not start.
        """
        if self.uses >= _PAGES_BEFORE_RENEWAL:
            self.close()
        try:
            return self._read(data, extracted, progress)
        except ChildGone as end:
            raise fault_of(end) from None

    def _read(self, data: bytes, extracted: ExtractedText, progress: Progress) -> ExtractedText:
        self.process.share(data)
        opened = self.process.ask(f"open {len(data)}", self.limits.seconds)
        if "state" in opened:
            raise unreadable(opened)
        texts, to_scan = _texts_of(extracted), extracted.to_scan
        if extracted.method == "picture":
            texts, to_scan = [""] * opened["pages"], tuple(range(opened["pages"]))
        if len(to_scan) > self.limits.scanned_pages:
            raise TooManyPages(
                f"The file has {len(to_scan):,} scanned pages; {self.limits.scanned_pages:,} are allowed."
            )
        scanned = {}
        for done, number in enumerate(to_scan, 1):
            scanned[number] = self._read_page(len(data), number)
            progress(done, len(to_scan))
        hidden = {number: texts[number] for number in to_scan if len(texts[number]) >= FEW_CHARACTERS}
        return joined(texts, scanned, hidden)

    def _read_page(self, size: int, number: int) -> ReadPage:
        answer = self.process.ask(f"page {number}", self.limits.page_seconds)
        self.uses += 1
        if "state" in answer:
            raise unreadable(answer)
        rows = json.loads(os.pread(self.process.shared, answer["size"], size))
        return ReadPage(
            [(gap, [(w[0], w[1], w[2], tuple(w[3])) for w in words]) for gap, words in rows], answer["turn"]
        )


def _texts_of(extracted: ExtractedText) -> list[str]:
    starts = extracted.page_offsets
    ends = (*(start - 1 for start in starts[1:]), len(extracted.text))
    return [extracted.text[start:end] for start, end in zip(starts, ends, strict=True)]


_readers: dict[int, ScanReader] = {}  # by process: after a fork the recorded reader belongs to the other process


def scanned_text_of(
    data: bytes, extracted: ExtractedText, limits: Limits, progress: Progress = _unwatched
) -> ExtractedText:
    """Read through this process's own long-lived child. Raises as ``ScanReader.read``."""
    reader = _readers.get(os.getpid())
    if reader is None or reader.limits != limits:
        close_scan_reader()
        reader = _readers[os.getpid()] = ScanReader(limits)
    return reader.read(data, extracted, progress)


@atexit.register
def close_scan_reader() -> None:
    """Stop this process's child, if it has one."""
    if reader := _readers.pop(os.getpid(), None):
        reader.close()
