"""The files that a PDF carries: those of a portfolio, and those attached to an ordinary document."""

import ctypes
import re
from collections.abc import Iterator
from typing import IO

import pypdfium2.raw as pdfium

from determinations.extraction.containers.names import one_name
from determinations.extraction.containers.results import Collection

#: Words that appear unencoded in every PDF with attachments: an attached file's stream is never inside another one.
_MARK = re.compile(rb"/EmbeddedFile|/Filespec|/Params\b|/Collection\b")
_CHUNK = 1024 * 1024
_OVERLAP = 32
#: What Acrobat prints on the page before a portfolio, for programs that do not open them.
_COVER = re.compile(r"PDF\s+(Portfolio|Package)", re.IGNORECASE)
_LONGEST_COVER = 1_500


def may_carry_files(file: IO[bytes]) -> bool:
    """Whether a PDF may carry files, from a quick scan of its bytes."""
    file.seek(0)
    tail = b""
    while chunk := file.read(_CHUNK):
        if _MARK.search(tail + chunk):
            return True
        tail = chunk[-_OVERLAP:]
    return False


def collect_from_pdf(data: bytes, collection: Collection) -> bool:
    """Take the PDF's attachments; returns whether its own page is only a portfolio's cover. Raises ``Full``.

    A PDF that cannot be opened carries nothing: the reason is reported when it is read as a letter.
    """
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        return False
    try:
        for number in range(pdfium.FPDFDoc_GetAttachmentCount(document)):
            attachment = pdfium.FPDFDoc_GetAttachment(document, number)
            name = one_name(_name(attachment), f"attachment {number + 1}")
            content = _content(attachment)
            if content is None:
                collection.refuse((name,), "not_enclosed", "The PDF lists this file but does not contain it.")
            else:
                collection.add((name,), content)
        return bool(collection.files) and _is_cover(document)
    finally:
        pdfium.FPDF_CloseDocument(document)


def _name(attachment: pdfium.FPDF_ATTACHMENT) -> str:
    size = pdfium.FPDFAttachment_GetName(attachment, None, 0)
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFAttachment_GetName(attachment, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return buffer.raw.decode("utf-16-le", errors="replace").rstrip("\0")


def _content(attachment: pdfium.FPDF_ATTACHMENT) -> bytes | None:
    size = ctypes.c_ulong()
    if not pdfium.FPDFAttachment_GetFile(attachment, None, 0, ctypes.byref(size)):
        return None
    buffer = ctypes.create_string_buffer(size.value)
    if not pdfium.FPDFAttachment_GetFile(attachment, buffer, size.value, ctypes.byref(size)):
        return None
    return buffer.raw[: size.value]


def _is_cover(document: pdfium.FPDF_DOCUMENT) -> bool:
    if pdfium.FPDF_GetPageCount(document) != 1:
        return False
    text = "".join(_page_text(document))
    return len(text) <= _LONGEST_COVER and bool(_COVER.search(text))


def _page_text(document: pdfium.FPDF_DOCUMENT) -> Iterator[str]:
    page = pdfium.FPDF_LoadPage(document, 0)
    if not page:
        return
    text = pdfium.FPDFText_LoadPage(page)
    if text:
        count = min(pdfium.FPDFText_CountChars(text), _LONGEST_COVER + 1)
        yield from (chr(pdfium.FPDFText_GetUnicode(text, at)) for at in range(count))
        pdfium.FPDFText_ClosePage(text)
    pdfium.FPDF_ClosePage(page)
