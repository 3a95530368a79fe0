"""Pages that are sideways or upside down: pdfium reads their text in order once the page is turned upright."""

import math
from collections import Counter

import pypdfium2.raw as pdfium

_QUARTER = math.pi / 2
#: How many characters, spread over the page, determine its text direction; the first ones do if they agree.
_SAMPLED_FIRST, _SAMPLED = 12, 60


def load_upright_text(page: pdfium.FPDF_PAGE) -> pdfium.FPDF_TEXTPAGE | None:
    """The page's text after turning it upright; None if pdfium cannot load it.

    The page keeps its rotation, so that it is drawn and measured as in the file.
    """
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return None
    rotation, turns = pdfium.FPDFPage_GetRotation(page), _quarter_turns(text_page)
    if turns == rotation:
        return text_page
    pdfium.FPDFText_ClosePage(text_page)
    pdfium.FPDFPage_SetRotation(page, turns)
    text_page = pdfium.FPDFText_LoadPage(page)
    pdfium.FPDFPage_SetRotation(page, rotation)
    return text_page or None


def _quarter_turns(text_page: pdfium.FPDF_TEXTPAGE) -> int:
    """By how many quarters the page must be turned for most of its characters to be upright.

    If the few characters looked at first agree, as nearly always, more of them are not asked.
    """
    quarters = _quarters(text_page, _SAMPLED_FIRST)
    if len(quarters) != 1:
        quarters = _quarters(text_page, _SAMPLED)
    return max(quarters, key=quarters.__getitem__, default=0)  # not most_common: it imports, and the child cannot


def _quarters(text_page: pdfium.FPDF_TEXTPAGE, sampled: int) -> Counter[int]:
    """How many of about ``sampled`` characters are turned by how many quarters."""
    count = max(0, pdfium.FPDFText_CountChars(text_page))
    angles = [pdfium.FPDFText_GetCharAngle(text_page, at) for at in range(0, count, max(1, count // sampled))]
    return Counter(round(-angle / _QUARTER) % 4 for angle in angles if angle >= 0)
