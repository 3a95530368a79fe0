"""Detects which pages of a PDF are pictures of text: from a scanner, a fax machine, or printed as drawings.

A stamp or a fax line above the picture does not make it a page of text, and neither does text that another program
recognized and placed invisibly behind the picture: that is only a second opinion.
"""

from collections.abc import Iterable, Sequence

import pypdfium2.raw as pdfium

from determinations.extraction.layers import is_left_in
from determinations.extraction.visible import Box, bounds_of, visible_objects

#: Visible text with fewer characters than this next to a picture is a stamp, a fax line or a page number.
FEW_CHARACTERS = 300
_COVERED = 0.5
#: Text recognized by another program is hidden behind a picture of the whole page.
_ALL_COVERED = 0.7
#: A page without text and with this many drawn shapes has its characters drawn as shapes.
_MANY_SHAPES = 200
#: How many objects are examined; a page that is a picture has few, and its picture is among the first or the last.
_MOST_OBJECTS, _MOST_AT_ENDS = 5_000, 3


def is_picture(page: pdfium.FPDF_PAGE, part: Box | None, characters: int) -> bool:
    """Whether to recognize a page's text in its picture.

    ``part``: its visible part, None if that is all of it. ``characters``: of its text, without white space.
    """
    numbers = visible_objects(page, part)
    if characters >= FEW_CHARACTERS:
        ends = {*numbers[:_MOST_AT_ENDS], *numbers[-_MOST_AT_ENDS:]}
        return _covered(page, part, ends) >= _ALL_COVERED and _is_hidden(page, numbers)
    if _covered(page, part, numbers[:_MOST_OBJECTS]) >= _COVERED:
        return True
    return characters == 0 and len(numbers) >= _MANY_SHAPES


def _covered(page: pdfium.FPDF_PAGE, part: Box | None, numbers: Iterable[int]) -> float:
    """The part of the page that pictures cover, more than 1 where they overlap."""
    pictures = [
        thing for thing in (pdfium.FPDFPage_GetObject(page, number) for number in numbers) if _holds_picture(thing)
    ]
    whole = pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page) if pictures else 0.0
    if whole <= 0:
        return 0.0
    places = [place.clipped(part) if part and place else place for place in map(bounds_of, pictures)]
    return sum((place.right - place.left) * (place.top - place.bottom) for place in places if place) / whole


def _holds_picture(thing: pdfium.FPDF_PAGEOBJECT) -> bool:
    kind = pdfium.FPDFPageObj_GetType(thing)
    if kind != pdfium.FPDF_PAGEOBJ_FORM:
        return bool(kind == pdfium.FPDF_PAGEOBJ_IMAGE) and is_left_in(thing)
    inner = min(pdfium.FPDFFormObj_CountObjects(thing), _MOST_AT_ENDS)
    parts = (pdfium.FPDFFormObj_GetObject(thing, number) for number in range(inner))
    return is_left_in(thing) and any(
        pdfium.FPDFPageObj_GetType(part) == pdfium.FPDF_PAGEOBJ_IMAGE and is_left_in(part) for part in parts
    )


def _is_hidden(page: pdfium.FPDF_PAGE, numbers: Sequence[int]) -> bool:
    """Whether most pieces of text on a page are drawn invisibly, or are covered by a picture that is drawn last."""
    if numbers and _holds_picture(pdfium.FPDFPage_GetObject(page, numbers[-1])):
        return True
    hidden = visible = 0
    for number in numbers[:_MOST_OBJECTS]:
        thing = pdfium.FPDFPage_GetObject(page, number)
        if pdfium.FPDFPageObj_GetType(thing) == pdfium.FPDF_PAGEOBJ_TEXT:
            if pdfium.FPDFTextObj_GetTextRenderMode(thing) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE:
                hidden += 1
            else:
                visible += 1
    return hidden > visible
