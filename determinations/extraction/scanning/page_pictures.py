"""The gray pictures of a file's pages: drawn from a PDF, or taken from a TIFF, PNG or JPEG file.

Every page has about the same size, whatever its resolution; a fax has half as many lines down as dots across. A
picture of nearly that size is drawn dot for dot: in another size a fax's strokes and specks would blur.
"""

import ctypes
import io
from typing import NamedTuple, Protocol

import pypdfium2.raw as pdfium
from PIL import Image, ImageFilter, ImageOps

from determinations.extraction.filled_forms import load_filled_page
from determinations.extraction.kinds import HEAD, PICTURE_KINDS, kind_of
from determinations.extraction.results import Damaged, Limits, TooLarge, TooManyPages
from determinations.extraction.scanning.preparing import DPI
from determinations.extraction.visible import visible_objects, visible_part

POINTS_PER_INCH = 72
_WHITE = 0xFFFFFFFF
#: Plausible sizes in inches of the short side of a letter page; any other size is ignored.
_NARROWEST, _WIDEST = 4.0, 17.0
_USUAL_WIDTH = 8.5
#: Dots per inch that are near enough to ``DPI``.
_LEAST_DOTS, _MOST_DOTS = 180, 240
#: Fewer lines per inch than this are a standard-quality fax: it is drawn smoothly, to avoid jagged characters.
_COARSE = 130
_FIRST_OBJECTS = 10
_SOFT = ImageFilter.GaussianBlur(0.8)
#: A fax's lines down are at most so much coarser than its dots across.
_MOST_UNLIKE = 3.0
_FORMATS = ("TIFF", "PNG", "JPEG")


class PagePicture(NamedTuple):
    """A page in gray, and the dots per inch, across and down, at which it is drawn.

    ``is_coarse``: from a fax with so few lines that full stops and commas look alike.
    """

    gray: Image.Image
    dots: tuple[float, float]
    is_coarse: bool


class PagePictures(Protocol):
    """A file's pages as pictures."""

    @property
    def count(self) -> int:
        """The number of pages."""

    def draw(self, number: int) -> PagePicture:
        """Page ``number`` (from 0), at about ``DPI`` dots per inch. Raises ``Unreadable``."""

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

    def draw(self, number: int) -> PagePicture:
        page = load_filled_page(self._document, number)
        if not page:
            raise Damaged(f"Page {number + 1} of the PDF cannot be read.")
        try:
            wide, high = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
            if wide <= 0 or high <= 0:
                raise Damaged(f"Page {number + 1} of the PDF has no size.")
            wide_inches, high_inches = wide / POINTS_PER_INCH, high / POINTS_PER_INCH
            across, down = _dots_of_picture(page)
            dots = _drawn_dots(min(wide_inches, high_inches), across, down)
            size = _checked(wide_inches * dots[0], high_inches * dots[1], number, self._limits)
            return _page_picture(_drawn(page, *size), dots, is_coarse=min(across, down) < _COARSE)
        finally:
            pdfium.FPDF_ClosePage(page)

    def close(self) -> None:
        pdfium.FPDF_CloseDocument(self._document)


def _page_picture(picture: Image.Image, dots: tuple[float, float], *, is_coarse: bool) -> PagePicture:
    return PagePicture(picture.filter(_SOFT) if is_coarse else picture, dots, is_coarse)


def _dots_of_picture(page: pdfium.FPDF_PAGE) -> tuple[float, float]:
    """The dots per inch, across and down, of the first picture on the page; ``DPI`` if it has none."""
    for number in visible_objects(page, visible_part(page))[:_FIRST_OBJECTS]:
        thing = pdfium.FPDFPage_GetObject(page, number)
        facts = pdfium.FPDF_IMAGEOBJ_METADATA()
        is_picture = pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_IMAGE
        if is_picture and pdfium.FPDFImageObj_GetImageMetadata(thing, page, ctypes.byref(facts)):
            dots = float(facts.horizontal_dpi), float(facts.vertical_dpi)
            return dots if pdfium.FPDFPage_GetRotation(page) % 2 == 0 else (dots[1], dots[0])
    return float(DPI), float(DPI)


def _drawn_dots(narrow: float, across: float, down: float) -> tuple[float, float]:
    """The dots per inch at which to draw a page whose picture has these; ``narrow`` is its short side in inches.

    A page of no true size becomes as wide as a letter.
    """
    if not _NARROWEST <= narrow <= _WIDEST:
        return DPI * _USUAL_WIDTH / narrow, DPI * _USUAL_WIDTH / narrow
    if all(_LEAST_DOTS <= dots <= _MOST_DOTS for dots in (across, down)):
        return across, down
    return DPI, DPI


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

    def draw(self, number: int) -> PagePicture:
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
        dots = _drawn_dots(min(wide_inches, high_inches), across, down)
        size = _checked(wide_inches * dots[0], high_inches * dots[1], number, self._limits)
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
        return _page_picture(picture, dots, is_coarse=min(across, down) < _COARSE)

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
