"""The gray pictures of a file's pages: drawn from a PDF, or taken from a TIFF, PNG or JPEG file.

Every page has about the same size, whatever its resolution; a fax has half as many lines down as dots across.
"""

import ctypes
import io
from typing import Protocol

import pypdfium2.raw as pdfium
from PIL import Image, ImageFilter, ImageOps

from determinations.extraction.kinds import HEAD, PICTURE_KINDS, kind_of
from determinations.extraction.results import Damaged, Limits, TooLarge, TooManyPages
from determinations.extraction.scanning.preparing import DPI

POINTS_PER_INCH = 72
_WHITE = 0xFFFFFFFF
#: Plausible sizes in inches of the short side of a letter page; any other size is ignored.
_NARROWEST, _WIDEST = 4.0, 17.0
_USUAL_WIDTH = 8.5
#: Fewer lines per inch than this are a standard-quality fax: it is drawn smoothly, to avoid jagged characters.
_COARSE = 130
_FIRST_OBJECTS = 10
_SOFT = ImageFilter.GaussianBlur(0.8)
#: A fax's lines down are at most so much coarser than its dots across.
_MOST_UNLIKE = 3.0
_FORMATS = ("TIFF", "PNG", "JPEG")


class PagePictures(Protocol):
    """A file's pages as pictures."""

    @property
    def count(self) -> int:
        """The number of pages."""

    def draw(self, number: int) -> Image.Image:
        """Page ``number`` (from 0), in gray, at ``DPI`` dots per inch. Raises ``Unreadable``."""

    def close(self) -> None:
        """Close the file."""


def open_pages(data: bytes, limits: Limits) -> PagePictures:
    """The pages of a PDF or of a picture file. Raises ``Unreadable``."""
    kind = kind_of(data[:HEAD])
    pages: PagePictures = PictureFile(data, limits) if kind in PICTURE_KINDS else PdfPages(data, limits)
    if pages.count > limits.pages:
        pages.close()
        raise TooManyPages(f"The file has {pages.count:,} pages; {limits.pages:,} are allowed.")
    return pages


class PdfPages:
    """The pages of a PDF."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data = data  # pdfium reads from it as long as the document is open
        self._limits = limits
        self._document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
        if not self._document:
            raise Damaged("The PDF cannot be opened: it is damaged or cut short.")
        self.count: int = pdfium.FPDF_GetPageCount(self._document)

    def draw(self, number: int) -> Image.Image:
        page = pdfium.FPDF_LoadPage(self._document, number)
        if not page:
            raise Damaged(f"Page {number + 1} of the PDF cannot be read.")
        try:
            wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
            if wide <= 0 or high <= 0:
                raise Damaged(f"Page {number + 1} of the PDF has no size.")
            scale = _scale_of(wide / POINTS_PER_INCH, high / POINTS_PER_INCH)
            picture = _drawn(page, *_checked(wide * scale, high * scale, number, self._limits))
            return picture.filter(_SOFT) if _lines_per_inch(page) < _COARSE else picture
        finally:
            pdfium.FPDF_ClosePage(page)

    def close(self) -> None:
        pdfium.FPDF_CloseDocument(self._document)


def _lines_per_inch(page: pdfium.FPDF_PAGE) -> float:
    """Of the first picture on the page; a high value if it has none."""
    for number in range(min(pdfium.FPDFPage_CountObjects(page), _FIRST_OBJECTS)):
        thing = pdfium.FPDFPage_GetObject(page, number)
        facts = pdfium.FPDF_IMAGEOBJ_METADATA()
        is_picture = pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_IMAGE
        if is_picture and pdfium.FPDFImageObj_GetImageMetadata(thing, page, ctypes.byref(facts)):
            return float(min(facts.horizontal_dpi, facts.vertical_dpi))
    return float(DPI)


def _scale_of(wide: float, high: float) -> float:
    """Pixels per point: ``DPI`` for a page of ``wide`` by ``high`` inches, and what a page of no true size needs."""
    narrow = min(wide, high)
    true_size = _NARROWEST <= narrow <= _WIDEST
    return DPI / POINTS_PER_INCH * (1.0 if true_size else _USUAL_WIDTH / narrow)


def _checked(wide: float, high: float, number: int, limits: Limits) -> tuple[int, int]:
    """The size in whole pixels. Raises ``TooLarge`` if it exceeds the limit."""
    size = max(1, round(wide)), max(1, round(high))
    if size[0] * size[1] > limits.drawn_pixels:
        raise TooLarge(f"Page {number + 1} is too large to be read: {size[0]:,} by {size[1]:,} pixels.")
    return size


def _drawn(page: pdfium.FPDF_PAGE, width: int, height: int) -> Image.Image:
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        flags = pdfium.FPDF_GRAYSCALE | pdfium.FPDF_ANNOT
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = pdfium.FPDFBitmap_GetBuffer(bitmap)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
        return Image.frombuffer("L", (width, height), pixels, "raw", "L", stride, 1)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


class PictureFile:
    """A TIFF, PNG or JPEG file: each frame of a TIFF is a page."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        try:
            self._file = Image.open(io.BytesIO(data), formats=_FORMATS)
            self.count: int = getattr(self._file, "n_frames", 1)
        except (OSError, ValueError, SyntaxError) as error:  # raised by Pillow on damaged files
            raise Damaged("The picture cannot be opened: it is damaged or cut short.") from error

    def draw(self, number: int) -> Image.Image:
        try:
            self._file.seek(number)
            wide, high = self._file.size
            if wide * high > self._limits.page_pixels:
                raise TooLarge(
                    f"Page {number + 1} is too large to be read: {wide:,} by {high:,} pixels; "
                    f"{self._limits.page_pixels:,} are allowed."
                )
            across, down = _dots_per_inch(self._file)
            picture = ImageOps.exif_transpose(self._file).convert("L")
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            raise Damaged(f"Page {number + 1} of the picture file cannot be read.") from error
        if picture.size != (wide, high):  # its EXIF data turned it
            across, down = down, across
        wide_inches, high_inches = picture.width / across, picture.height / down
        scale = _scale_of(wide_inches, high_inches) * POINTS_PER_INCH
        size = _checked(wide_inches * scale, high_inches * scale, number, self._limits)
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
        return picture.filter(_SOFT) if min(across, down) < _COARSE else picture

    def close(self) -> None:
        self._file.close()


def _dots_per_inch(file: Image.Image) -> tuple[float, float]:
    """The resolution across and down as the file says; that of a letter-width page if the file has none."""
    try:
        across, down = map(float, file.info["dpi"])
    except (KeyError, TypeError, ValueError):
        across = down = 0.0
    if across > 1 and down > 1 and 1 / _MOST_UNLIKE < across / down < _MOST_UNLIKE:
        return across, down
    usual = min(file.size) / _USUAL_WIDTH
    return usual, usual
