"""Pages that are sideways or upside down: pdfium reads their text in order once the page is turned upright."""

import math
from collections import Counter
from collections.abc import Sequence

import pypdfium2.raw as pdfium

from determinations.extraction.layers import leave_out_hidden_layers
from determinations.extraction.visible import Box, placed_within

_QUARTER = math.pi / 2
#: How many characters, spread over the page, determine its text direction; the first ones do if they agree.
_SAMPLED_FIRST, _SAMPLED = 12, 60
#: How many characters are asked for their place where only a part of the page is visible.
_PLACED = 600


def load_upright_text(page: pdfium.FPDF_PAGE, part: Box | None) -> pdfium.FPDF_TEXTPAGE | None:
    """The page's text after turning it upright; None if pdfium cannot load it. ``part``: only this part is visible.

    The page keeps its rotation, so that it is drawn and measured as in the file. What is in hidden layers is left out.
    """
    leave_out_hidden_layers(page)
    text_page = pdfium.FPDFText_LoadPage(page)
    if not text_page:
        return None
    rotation, turns = pdfium.FPDFPage_GetRotation(page), _quarter_turns(text_page, _placed_characters(text_page, part))
    if turns == rotation:
        return text_page
    pdfium.FPDFText_ClosePage(text_page)
    pdfium.FPDFPage_SetRotation(page, turns)
    text_page = pdfium.FPDFText_LoadPage(page)
    pdfium.FPDFPage_SetRotation(page, rotation)
    return text_page or None


def _placed_characters(text_page: pdfium.FPDF_TEXTPAGE, part: Box | None) -> Sequence[int]:
    """The characters that determine the text's direction: all, or a few hundred of those on the visible part."""
    numbers = range(max(0, pdfium.FPDFText_CountChars(text_page)))
    if part is None:
        return numbers
    return list(filter(placed_within(part, text_page), numbers[:: max(1, len(numbers) // _PLACED)]))


def _quarter_turns(text_page: pdfium.FPDF_TEXTPAGE, numbers: Sequence[int]) -> int:
    """By how many quarters the page must be turned for most of its characters to be upright.

    If the few characters looked at first agree, as nearly always, more of them are not asked.
    """
    quarters = _quarters(text_page, numbers, _SAMPLED_FIRST)
    if len(quarters) != 1:
        quarters = _quarters(text_page, numbers, _SAMPLED)
    return max(quarters, key=quarters.__getitem__, default=0)  # not most_common: it imports, and the child cannot


def _quarters(text_page: pdfium.FPDF_TEXTPAGE, numbers: Sequence[int], sampled: int) -> Counter[int]:
    """How many of about ``sampled`` characters are turned by how many quarters."""
    step = max(1, len(numbers) // sampled)
    angles = [pdfium.FPDFText_GetCharAngle(text_page, at) for at in numbers[::step]]
    return Counter(round(-angle / _QUARTER) % 4 for angle in angles if angle >= 0)
