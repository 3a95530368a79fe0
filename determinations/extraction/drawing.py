"""Draws and copies a PDF's pages, and locates ranges of text on them; runs in the child process ``drawing_child``."""

import ctypes
import io
import math
import struct
import zlib
from collections.abc import Sequence
from typing import Protocol

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from determinations.extraction.filled_forms import load_filled_page
from determinations.extraction.kinds import HEAD, PICTURE_KINDS, kind_of
from determinations.extraction.layers import leave_out_hidden_layers
from determinations.extraction.results import Damaged, Limits, TooLarge
from determinations.extraction.scanning.page_pictures import PagePicture, PictureFile
from determinations.extraction.scanning.preparing import DPI, turned
from determinations.extraction.upright import load_upright_text
from determinations.extraction.visible import visible_characters, visible_part

#: Where a range of text is: page (from 0), first character, end.
Stretch = Sequence[int]
#: A place on a page, in fractions of it: left, top, width, height.
Place = list[float]
_MOST_PIXELS = 8_000_000
_WHITE = 0xFFFFFFFF
_RETURN, _NEW_LINE = ord("\r"), ord("\n")


def draw_page(document: pdfium.FPDF_DOCUMENT, number: int, width: int, turn: int = 0) -> bytes:
    """One page (from 0), turned clockwise by these degrees, as a grayscale PNG of this width."""
    page = load_filled_page(document, number)
    if not page:
        raise Damaged("The file has no such page.")
    try:
        wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        if not (0 < wide < 20_000 and 0 < high < 20_000):
            raise Damaged("The page has no valid size.")
        if turn % 180:
            wide, high = high, wide
        height = max(1, math.ceil(width * high / wide))
        if width * height > _MOST_PIXELS:
            raise TooLarge("The page is too large to draw.")
        return _drawn(page, width, height, turn)
    finally:
        pdfium.FPDF_ClosePage(page)


def _drawn(page: pdfium.FPDF_PAGE, width: int, height: int, turn: int) -> bytes:
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        flags = pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, turn // 90, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
        return grey_png(pixels, width, height, stride)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def grey_png(pixels: bytes, width: int, height: int, stride: int) -> bytes:
    """Rows of grayscale bytes as a PNG file."""
    rows = b"".join(b"\x00" + pixels[at * stride : at * stride + width] for at in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(rows, 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def find_boxes(document: pdfium.FPDF_DOCUMENT, stretches: Sequence[Stretch]) -> list[list[Place]]:
    """For each range ``[page, start, end]`` of a page's text, its boxes ``[left, top, width, height]``, 0 to 1."""
    found: list[list[Place]] = [[] for _ in stretches]
    for number in sorted({stretch[0] for stretch in stretches}):
        page = load_filled_page(document, number)
        if not page:
            continue
        part = visible_part(page)
        text_page = load_upright_text(page, part)
        try:
            if text_page:
                visible = visible_characters(text_page, part)
                kept = kept_characters(text_page, visible)
                for at, (its_page, start, end) in enumerate(stretches):
                    if its_page == number and 0 <= start < end <= len(kept):
                        found[at] = _boxes_of(page, text_page, visible, kept[start], kept[end - 1])
        finally:
            if text_page:
                pdfium.FPDFText_ClosePage(text_page)
            pdfium.FPDF_ClosePage(page)
    return found


def kept_characters(text_page: pdfium.FPDF_TEXTPAGE, visible: Sequence[range]) -> list[int]:
    """For each character of the page's stored text, pdfium's index of that character. ``visible``: those on the page.

    pdfium counts hidden characters, and ends lines with two; the stored text has neither (see ``pdf``).
    """
    seen = [
        (at, pdfium.FPDFText_GetUnicode(text_page, at))
        for characters in visible
        for at in characters
        if pdfium.FPDFText_GetTextIndexFromCharIndex(text_page, at) >= 0
    ]
    following = [*(code for _at, code in seen), 0][1:]
    return [
        at
        for (at, code), after in zip(seen, following, strict=True)
        if code and not (code == _RETURN and after == _NEW_LINE)
    ]


def _boxes_of(
    page: pdfium.FPDF_PAGE, text_page: pdfium.FPDF_TEXTPAGE, visible: Sequence[range], first: int, last: int
) -> list[list[float]]:
    """The places of the visible ones of these characters, the last included."""
    boxes = []
    left, top, right, bottom = (ctypes.c_double() for _ in range(4))
    for characters in visible:
        begin, end = max(first, characters.start), min(last + 1, characters.stop)
        if begin >= end:
            continue
        for at in range(pdfium.FPDFText_CountRects(text_page, begin, end - begin)):
            references = [ctypes.byref(edge) for edge in (left, top, right, bottom)]
            if pdfium.FPDFText_GetRect(text_page, at, *references):
                boxes.append(_on_picture(page, (left.value, top.value), (right.value, bottom.value)))
    return boxes


def _on_picture(page: pdfium.FPDF_PAGE, one: tuple[float, float], other: tuple[float, float]) -> list[float]:
    """Two corners in page coordinates as a box in fractions of the picture; pdfium handles rotation and cropping."""
    scale = 10_000
    high = max(1, int(scale * pdfium.FPDF_GetPageHeightF(page) / pdfium.FPDF_GetPageWidthF(page)))
    corners = []
    for x, y in (one, other):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(page, 0, 0, scale, high, 0, x, y, ctypes.byref(across), ctypes.byref(down))
        corners.append((across.value / scale, down.value / high))
    (x1, y1), (x2, y2) = corners
    edges = (min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
    return [round(min(1.0, max(0.0, edge)), 5) for edge in edges]


def _not_too_large(written: io.BytesIO, limits: Limits) -> bytes:
    """The content, unless it is larger than a letter's file may be."""
    if written.tell() > limits.bytes:
        raise TooLarge("The copy of the pages is too large.")
    return written.getvalue()


class OpenFile(Protocol):
    """A file whose pages are drawn."""

    @property
    def count(self) -> int:
        """The number of pages."""

    def draw(self, number: int, width: int, turn: int) -> bytes:
        """Page ``number`` (from 0), turned clockwise, as a PNG of this width. Raises ``Unreadable``."""

    def find(self, stretches: Sequence[Stretch]) -> list[list[Place]]:
        """For each range of text the places where it is."""

    def excerpt(self, first: int, last: int) -> bytes:
        """These pages (from 0, both included) as a PDF of their own. Raises ``Unreadable``."""

    def close(self) -> None:
        """Close the file."""


def open_file(data: bytes, limits: Limits) -> OpenFile:
    """A PDF or a picture file, to draw from. Raises ``Unreadable``."""
    return _Picture(data, limits) if kind_of(data[:HEAD]) in PICTURE_KINDS else _Pdf(data, limits)


class _Pdf:
    """A PDF."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._data = data  # pdfium reads from it as long as the document is open
        self._document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
        if not self._document:
            raise Damaged("The file does not open.")
        self.count: int = pdfium.FPDF_GetPageCount(self._document)

    def draw(self, number: int, width: int, turn: int) -> bytes:
        return draw_page(self._document, number, width, turn)

    def find(self, stretches: Sequence[Stretch]) -> list[list[Place]]:
        return find_boxes(self._document, stretches)

    def excerpt(self, first: int, last: int) -> bytes:
        """The pages with what is on them; scripts, attached files and form data of the document stay behind."""
        if not 0 <= first <= last < self.count:
            raise Damaged("The file has no such page.")
        written = io.BytesIO()
        try:
            with pypdfium2.PdfDocument(self._data) as document, pypdfium2.PdfDocument.new() as excerpt:
                for number in range(first, last + 1):
                    if page := load_filled_page(document.raw, number):
                        if leave_out_hidden_layers(page):  # a copy does not know that they are off
                            pdfium.FPDFPage_GenerateContent(page)
                        pdfium.FPDF_ClosePage(page)
                excerpt.import_pages(document, list(range(first, last + 1)))
                excerpt.save(written)
        except pypdfium2.PdfiumError:
            raise Damaged("The pages cannot be copied.") from None
        return _not_too_large(written, self._limits)

    def close(self) -> None:
        pdfium.FPDF_CloseDocument(self._document)


def _in_true_shape(page: PagePicture) -> Image.Image:
    """The page with as many dots across as down: a fax has fewer down."""
    across, down = page.dots
    if across == down:
        return page.gray
    return page.gray.resize((round(page.gray.width * DPI / across), round(page.gray.height * DPI / down)))


class _Picture:
    """A TIFF, PNG or JPEG file. Only its recognized words have places, which are stored."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._pages = PictureFile(data, limits)
        self.count = self._pages.count

    def draw(self, number: int, width: int, turn: int) -> bytes:
        picture = turned(_in_true_shape(self._pages.draw(number)), turn)
        height = max(1, math.ceil(width * picture.height / picture.width))
        if width * height > _MOST_PIXELS:
            raise TooLarge("The page is too large to draw.")
        picture = picture.resize((width, height))
        return grey_png(picture.tobytes(), *picture.size, width)

    def find(self, stretches: Sequence[Stretch]) -> list[list[Place]]:
        return [[] for _ in stretches]

    def excerpt(self, first: int, last: int) -> bytes:
        """The pages in gray, as they are read."""
        if not 0 <= first <= last < self.count:
            raise Damaged("The file has no such page.")
        written = io.BytesIO()
        pages = (_in_true_shape(self._pages.draw(number)) for number in range(first, last + 1))
        next(pages).save(written, "PDF", resolution=DPI, save_all=True, append_images=pages)
        return _not_too_large(written, self._limits)

    def close(self) -> None:
        self._pages.close()
