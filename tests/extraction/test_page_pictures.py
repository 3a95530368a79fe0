"""Pages are drawn dot for dot where their own resolution is near the usual one, and freed of specks."""

import io
import random

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from determinations.extraction.drawing import open_file
from determinations.extraction.results import LIMITS
from determinations.extraction.scanning.page_pictures import open_pages
from determinations.extraction.scanning.preparing import cleaned
from determinations.synthetic.scans import SCAN_KINDS, scanned
from tests.letters_made import letter_pdf

A4_INCHES = 8.268, 11.693


@pytest.mark.parametrize(
    ("kind", "dots", "is_coarse"),
    [
        ("fax-fine", (204, 196), False),
        ("fax-standard", (200, 200), True),
        ("grey-300", (200, 200), False),
    ],
)
def test_a_fax_is_drawn_at_its_own_dots_and_other_scans_at_200(
    kind: str, dots: tuple[int, int], *, is_coarse: bool
) -> None:
    page = open_pages(scanned(letter_pdf(9), SCAN_KINDS[kind]), LIMITS).draw(0)
    assert page.gray.width / A4_INCHES[0] == pytest.approx(dots[0], rel=0.002)
    assert page.gray.height / A4_INCHES[1] == pytest.approx(dots[1], rel=0.002)
    assert page.is_coarse == is_coarse


def test_a_fax_as_a_picture_file_is_drawn_at_its_own_dots_too() -> None:
    target = io.BytesIO()
    Image.new("1", (1728, 2156), 1).save(target, "TIFF", dpi=(204, 196))
    page = open_pages(target.getvalue(), LIMITS).draw(0)
    assert (page.gray.size, page.dots, page.is_coarse) == ((1728, 2156), (204, 196), False)


def test_a_fax_is_shown_and_copied_in_its_true_shape() -> None:
    target = io.BytesIO()
    Image.new("1", (1734, 2156), 1).save(target, "TIFF", dpi=(204, 196))
    pages = open_file(target.getvalue(), LIMITS)
    for turn, height in ((0, 1100), (90, 657)):
        shown = Image.open(io.BytesIO(pages.draw(0, 850, turn)))
        assert shown.size == (850, height)
    with pypdfium2.PdfDocument(pages.excerpt(0, 0)) as copied:
        assert copied[0].get_size() == (612, 792)


def test_specks_are_removed_and_strokes_keep_their_width() -> None:
    page = Image.new("L", (400, 400), 255)
    draw = ImageDraw.Draw(page)
    for row in range(20, 400, 40):
        draw.line((20, row, 380, row), fill=0, width=2)
    clean = page.copy()
    chance = random.Random(1)
    for _ in range(300):  # single dots and pairs, away from the lines
        x, y = chance.randrange(5, 390), 30 + 40 * chance.randrange(9) + chance.randrange(10)
        page.putpixel((x, y), 0)
    page.paste(0, (100, 35, 102, 36))
    assert cleaned(page).tobytes() == clean.tobytes()
