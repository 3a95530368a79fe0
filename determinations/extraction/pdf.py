"""Extracts the text of a PDF with pdfium.

pdfium is not thread-safe, and a hostile file can crash it: the web site and the workers read through
``reader.TextReader``, which runs this in a child process. Command-line commands may call it directly.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pypdfium2
import pypdfium2.raw as pdfium

from determinations.extraction.filled_forms import is_form, load_filled_page
from determinations.extraction.results import (
    LIMITS,
    Damaged,
    ExtractedText,
    Limits,
    NoText,
    PasswordNeeded,
    TooLarge,
    TooManyPages,
    postgres_text,
)
from determinations.extraction.scanned_pages import is_picture
from determinations.extraction.upright import load_upright_text
from determinations.extraction.visible import Box, load_page, visible_characters, visible_part

#: Opens a page of a document, or says that it cannot.
_Load = Callable[[pdfium.FPDF_DOCUMENT, int], pdfium.FPDF_PAGE | None]
#: A file without pictures and with fewer alphabetic characters than this is not a letter.
_LEAST_CHARACTERS = 25
#: pdfium's characters for a hyphen at a line end, where it joins the two halves of the word by itself; and the form
#: feed, which would be read as the page's end.
_REPLACED = (("\ufffe", "-"), ("\x02", "-"), ("\f", " "))


def read_pdf_text(data: bytes, limits: Limits = LIMITS) -> ExtractedText:
    """The text of a PDF's pages, joined by form feeds. Raises ``Unreadable``."""
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD:
            raise PasswordNeeded("The PDF is password-protected.")
        raise Damaged("The PDF cannot be opened: it is damaged or cut short.")
    try:
        return _joined(*_pages(document, limits))
    finally:
        pdfium.FPDF_CloseDocument(document)


def _pages(document: pdfium.FPDF_DOCUMENT, limits: Limits) -> tuple[list[str], tuple[int, ...], int]:
    """The text of each page, the numbers (from 0) of the pages to be scanned, and how many characters are printed."""
    count = pdfium.FPDF_GetPageCount(document)
    if count < 1:
        raise Damaged("The PDF has no pages.")
    if count > limits.pages:
        raise TooManyPages(f"The PDF has {count:,} pages; {limits.pages:,} are allowed.")
    texts, to_scan = [], []
    left, all_printed, has_fields = limits.characters, 0, is_form(document)
    for number in range(count):
        with _loaded(load_page, document, number) as page:
            part = visible_part(page)
            text = _page_text(page, part, number, left)
            printed = _printed_characters(text)
            if is_picture(page, part, printed):
                to_scan.append(number)
        if has_fields:  # they do not make a picture of text a page of text
            with _loaded(load_filled_page, document, number) as page:
                text = _page_text(page, part, number, left)
            printed = _printed_characters(text)
        left -= len(text)
        all_printed += printed
        texts.append(text)
    return texts, tuple(to_scan), all_printed


@contextmanager
def _loaded(load: _Load, document: pdfium.FPDF_DOCUMENT, number: int) -> Iterator[pdfium.FPDF_PAGE]:
    """A page (from 0), open inside the block. Raises ``Damaged``."""
    page = load(document, number)
    if not page:
        raise Damaged(f"Page {number + 1} of the PDF cannot be read.")
    try:
        yield page
    finally:
        pdfium.FPDF_ClosePage(page)


def _page_text(page: pdfium.FPDF_PAGE, part: Box | None, number: int, most: int) -> str:
    """The text of one page (from 0). Characters are counted before they are fetched: 12 KB can hold four million."""
    text_page = load_upright_text(page, part)
    if not text_page:
        raise Damaged(f"The text of page {number + 1} of the PDF cannot be read.")
    try:
        return _fetched(text_page, part, number, most)
    finally:
        pdfium.FPDFText_ClosePage(text_page)


def _fetched(text_page: pdfium.FPDF_TEXTPAGE, part: Box | None, number: int, most: int) -> str:
    count = pdfium.FPDFText_CountChars(text_page)
    if count < 0:
        raise Damaged(f"The text of page {number + 1} of the PDF cannot be read.")
    if count > most:
        raise TooLarge(f"The PDF has more text than a letter may have (counted up to page {number + 1}).")
    found = "".join(_text_of(text_page, characters) for characters in visible_characters(text_page, part))
    for special, ordinary in _REPLACED:  # ten times as fast as ``translate``
        found = found.replace(special, ordinary)
    return postgres_text(found)


def _text_of(text_page: pdfium.FPDF_TEXTPAGE, characters: range) -> str:
    # pdfium returns nothing if the first character of the range is hidden: skip such characters.
    first, end = characters.start, characters.stop
    while first < end and pdfium.FPDFText_GetTextIndexFromCharIndex(text_page, first) < 0:
        first += 1
    if first == end:
        return ""
    units = bytearray(2 * (2 * (end - first) + 2))  # of two bytes: up to two per character, and a final zero
    # A type of array for each length would take longer than the text.
    begin = ctypes.byref(ctypes.c_ushort.from_buffer(units))
    written = pdfium.FPDFText_GetText(text_page, first, end - first, begin)
    return units[: 2 * max(written - 1, 0)].decode("utf-16-le", "replace")


def _printed_characters(text: str) -> int:
    return len(text) - text.count(" ") - text.count("\n")


def _joined(texts: list[str], to_scan: tuple[int, ...], printed: int) -> ExtractedText:
    if not to_scan and printed < _LEAST_CHARACTERS:
        raise NoText("The pages hold no text, and no picture of text.")
    offsets, at = [], 0
    for text in texts:
        offsets.append(at)
        at += len(text) + 1
    return ExtractedText("\f".join(texts), tuple(offsets), len(texts), method="pdf", to_scan=to_scan)


#: Names the PDF reader in logs and benchmarks.
PDFIUM = str(pypdfium2.version.PDFIUM_INFO)
