"""The text of a PDF, by pdfium.

pdfium is not thread-safe, and a hostile file can crash it: the web site and the workers read through
``reader.TextReader``, which runs this in a child process. Commands at a terminal may call it as it is.
"""

import ctypes

import pypdfium2
import pypdfium2.raw as pdfium

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

#: A scan's pages hold nothing, or a stamp's few letters.
_LEAST_CHARACTERS = 25
#: pdfium's signs for the hyphen at a line's end, where it joins the two halves of the word by itself.
_HYPHENS = str.maketrans({"\ufffe": "-", "\x02": "-", "\f": " "})  # a form feed would read as the page's end


def read_pdf_text(data: bytes, limits: Limits = LIMITS) -> ExtractedText:
    """The text of a PDF's pages, joined by form feeds. Raises ``Unreadable``."""
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        if pdfium.FPDF_GetLastError() == pdfium.FPDF_ERR_PASSWORD:
            raise PasswordNeeded("The PDF opens with a password only.")
        raise Damaged("The PDF cannot be opened: it is damaged or cut short.")
    try:
        return _joined(_page_texts(document, limits))
    finally:
        pdfium.FPDF_CloseDocument(document)


def _page_texts(document: pdfium.FPDF_DOCUMENT, limits: Limits) -> list[str]:
    count = pdfium.FPDF_GetPageCount(document)
    if count < 1:
        raise Damaged("The PDF has no pages.")
    if count > limits.pages:
        raise TooManyPages(f"The PDF has {count:,} pages; {limits.pages:,} are allowed.")
    texts = []
    left = limits.characters
    for number in range(count):
        text = _page_text(document, number, left)
        left -= len(text)
        texts.append(text)
    return texts


def _page_text(document: pdfium.FPDF_DOCUMENT, number: int, most: int) -> str:
    """The text of one page (from 0). Characters are counted before they are fetched: 12 KB can hold four million."""
    page = pdfium.FPDF_LoadPage(document, number)
    if not page:
        raise Damaged(f"Page {number + 1} of the PDF cannot be read.")
    try:
        text_page = pdfium.FPDFText_LoadPage(page)
        if not text_page:
            raise Damaged(f"The text of page {number + 1} of the PDF cannot be read.")
        try:
            return _fetched(text_page, number, most)
        finally:
            pdfium.FPDFText_ClosePage(text_page)
    finally:
        pdfium.FPDF_ClosePage(page)


def _fetched(text_page: pdfium.FPDF_TEXTPAGE, number: int, most: int) -> str:
    count = pdfium.FPDFText_CountChars(text_page)
    if count < 0:
        raise Damaged(f"The text of page {number + 1} of the PDF cannot be read.")
    if count > most:
        raise TooLarge(f"The PDF has more text than a letter may have (counted up to page {number + 1}).")
    # pdfium gives nothing at all when the first character of the range is one that it hides: step over those.
    first = 0
    while first < count and pdfium.FPDFText_GetTextIndexFromCharIndex(text_page, first) < 0:
        first += 1
    if first == count:
        return ""
    buffer = (ctypes.c_ushort * (2 * (count - first) + 2))()  # a character may take two, and a zero ends it
    written = pdfium.FPDFText_GetText(text_page, first, count - first, buffer)
    found = memoryview(buffer)[: max(written - 1, 0)].tobytes().decode("utf-16-le", "replace")
    return postgres_text(found.translate(_HYPHENS))


def _joined(texts: list[str]) -> ExtractedText:
    if sum(len(text) - text.count(" ") - text.count("\n") for text in texts) < _LEAST_CHARACTERS:
        raise NoText("The pages hold no text: most often this is a scan.")
    offsets, at = [], 0
    for text in texts:
        offsets.append(at)
        at += len(text) + 1
    return ExtractedText("\f".join(texts), tuple(offsets), len(texts), method="pdf")


#: Says in logs and benchmarks what read the files.
PDFIUM = str(pypdfium2.version.PDFIUM_INFO)
