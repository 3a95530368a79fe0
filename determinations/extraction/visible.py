"""Which part of a page is visible: tools that crop or split sheets leave the whole sheet behind a smaller page.

pdfium draws such a page as far as its crop box shows it, but gives the text and the objects of the whole sheet.
"""

import ctypes
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import pypdfium2.raw as pdfium

_RETURN, _NEW_LINE = ord("\r"), ord("\n")
#: Larger than any page: pdfium clips it to the page's media box.
_BOUNDLESS = (-1e6, -1e6, 1e6, 1e6)


class Box(NamedTuple):
    """A rectangle in page coordinates: points, from the bottom left, whatever the page's rotation."""

    left: float
    bottom: float
    right: float
    top: float

    def holds(self, x: float, y: float) -> bool:
        """Whether the point is inside or on an edge."""
        return self.left <= x <= self.right and self.bottom <= y <= self.top

    def clipped(self, other: "Box") -> "Box | None":
        """What both have in common; None if they have no area in common."""
        common = Box(
            max(self.left, other.left), max(self.bottom, other.bottom),
            min(self.right, other.right), min(self.top, other.top),
        )  # fmt: skip
        return common if common.left < common.right and common.bottom < common.top else None


def load_page(document: pdfium.FPDF_DOCUMENT, number: int) -> pdfium.FPDF_PAGE | None:
    """Page ``number`` (from 0); None if it cannot be loaded.

    A crop box that leaves nothing of the page is wrong, and is ignored as viewers do: pdfium could not draw the page.
    """
    page = pdfium.FPDF_LoadPage(document, number)
    if page and _is_empty(_bounds(page)):
        pdfium.FPDFPage_SetCropBox(page, *_BOUNDLESS)
        pdfium.FPDFPage_SetCropBox(page, *_bounds(page))
    return page or None


def visible_part(page: pdfium.FPDF_PAGE) -> Box | None:
    """The visible part of a page whose crop box is smaller than its media box; None if all of the page is visible."""
    part = _bounds(page)
    sheet = _media_box(page, part)
    is_smaller = (
        part.left > sheet.left or part.bottom > sheet.bottom or part.right < sheet.right or part.top < sheet.top
    )
    return part if is_smaller and not _is_empty(part) else None


@contextmanager
def same_part_visible(page: pdfium.FPDF_PAGE) -> Iterator[None]:
    """Keeps both boxes of a page: ``FPDFPage_Flatten`` makes its crop box the whole sheet, however large it is."""
    part = _bounds(page)
    sheet = _media_box(page, part)
    yield
    pdfium.FPDFPage_SetMediaBox(page, *sheet)
    pdfium.FPDFPage_SetCropBox(page, *part)


def _is_empty(box: Box) -> bool:
    return box.left >= box.right or box.bottom >= box.top


def _bounds(page: pdfium.FPDF_PAGE) -> Box:
    """The page's crop box within its media box, either of which may be inherited; without area if they do not meet."""
    found = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, ctypes.byref(found))
    return Box(found.left, found.bottom, found.right, found.top)


def _media_box(page: pdfium.FPDF_PAGE, part: Box) -> Box:
    """pdfium tells only the media box that a page has itself: one of its parents is what bounds it without a crop."""
    its_own = _box_of(pdfium.FPDFPage_GetMediaBox, page)
    if its_own:
        return its_own
    pdfium.FPDFPage_SetCropBox(page, *_BOUNDLESS)
    sheet = _bounds(page)
    pdfium.FPDFPage_SetCropBox(page, *part)
    return sheet


def visible_characters(text_page: pdfium.FPDF_TEXTPAGE, part: Box | None) -> list[range]:
    """The characters of a page's text within its visible part (None: all of it), as ranges of pdfium's indices.

    Spaces and line ends that pdfium put between characters have no place: they are kept between visible characters,
    but only one of them where something between is not visible.
    """
    count = max(0, pdfium.FPDFText_CountChars(text_page))
    if part is None:
        return [range(count)]
    kept: list[int] = []
    between: list[int] = []
    is_within, is_cut = placed_within(part, text_page), False
    for at in range(count):
        if pdfium.FPDFText_IsGenerated(text_page, at) == 1:
            between.append(at)
        elif not is_within(at):
            is_cut = True
        else:
            if is_cut:
                between = _one_of(text_page, between) if kept else []
            kept += [*between, at]
            between, is_cut = [], False
    return _ranges(kept if is_cut else kept + between)


def placed_within(part: Box, text_page: pdfium.FPDF_TEXTPAGE) -> Callable[[int], bool]:
    """Says of a character whether its center is within this part of the page.

    Its box is as high as the line, so that a line's full stops and quotation marks belong to the same part.
    """
    box = pdfium.FS_RECTF()
    reference = ctypes.byref(box)

    def is_within(at: int) -> bool:
        if not pdfium.FPDFText_GetLooseCharBox(text_page, at, reference):
            return True
        return part.holds((box.left + box.right) / 2, (box.bottom + box.top) / 2)

    return is_within


def _one_of(text_page: pdfium.FPDF_TEXTPAGE, between: list[int]) -> list[int]:
    """The first line end among these characters, or else the first of them."""
    codes = [pdfium.FPDFText_GetUnicode(text_page, at) for at in between]
    if _NEW_LINE not in codes:
        return between[:1]
    end = codes.index(_NEW_LINE)
    return between[end - 1 : end + 1] if end and codes[end - 1] == _RETURN else [between[end]]


def _ranges(numbers: Iterable[int]) -> list[range]:
    """Rising numbers as ranges of successive ones."""
    ranges: list[range] = []
    for number in numbers:
        if ranges and ranges[-1].stop == number:
            ranges[-1] = range(ranges[-1].start, number + 1)
        else:
            ranges.append(range(number, number + 1))
    return ranges


def visible_objects(page: pdfium.FPDF_PAGE, part: Box | None) -> Sequence[int]:
    """The numbers of the objects that are at least partly within the page's visible part (None: all of it)."""
    numbers = range(pdfium.FPDFPage_CountObjects(page))
    if part is None:
        return numbers
    places = ((number, bounds_of(pdfium.FPDFPage_GetObject(page, number))) for number in numbers)
    return [number for number, place in places if place and place.clipped(part)]


def bounds_of(thing: pdfium.FPDF_PAGEOBJECT) -> Box | None:
    """Where an object of a page is; None if it has no place."""
    return _box_of(pdfium.FPDFPageObj_GetBounds, thing)


def _box_of(get: Callable[..., int], thing: pdfium.FPDF_PAGE | pdfium.FPDF_PAGEOBJECT) -> Box | None:
    edges = [ctypes.c_float() for _ in range(4)]
    if not get(thing, *map(ctypes.byref, edges)):
        return None
    left, bottom, right, top = (edge.value for edge in edges)
    return Box(min(left, right), min(bottom, top), max(left, right), max(bottom, top))
