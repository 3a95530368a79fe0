"""Pages that show a part of a sheet: only that part is read, found and judged, as only that part is drawn."""

import io
from typing import cast

import pypdf
import pytest
from pypdf.generic import ArrayObject, FloatObject, NameObject, RectangleObject
from reportlab.lib.utils import ImageReader

from determinations.extraction.drawing import open_file
from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.results import LIMITS
from determinations.extraction.scanning.page_pictures import open_pages
from determinations.synthetic import letter_pdf, write_letter
from determinations.synthetic.canvas import Canvas
from tests.extraction.files import filled_form_pdf, pdf_of_pictures, picture_of

SHEET, LEFT, RIGHT = (0, 0, 1200, 800), (0, 0, 600, 800), (600, 0, 1200, 800)
LEFT_LINES = ["Decision: Upheld. This is the left one of", "two synthetic letters on one sheet,", "which ends here"]
RIGHT_LINES = ["Decision: Overturned. This is the right one", "of two synthetic letters", "on one sheet of paper"]


def first_page(letter: bytes) -> bytes:
    target = io.BytesIO()
    writer = pypdf.PdfWriter()
    writer.add_page(pypdf.PdfReader(io.BytesIO(letter)).pages[0])
    writer.write(target)
    return target.getvalue()


@pytest.fixture(scope="module")
def letters() -> tuple[bytes, bytes]:
    """The first pages of two letters."""
    return first_page(letter_pdf(write_letter(3, 5))), first_page(letter_pdf(write_letter(4, 9)))


def sheet_of(one: bytes, other: bytes, *, turn: int = 0) -> bytes:
    """Both pages side by side on a sheet that is there twice, cropped to its left and to its right half."""
    left, right = (pypdf.PdfReader(io.BytesIO(data)).pages[0] for data in (one, other))
    width, height = float(left.mediabox.width), float(left.mediabox.height)
    writer, target = pypdf.PdfWriter(), io.BytesIO()
    for begin in (0.0, width):
        page = writer.add_blank_page(2 * width, height)
        page.merge_page(left)
        page.merge_translated_page(right, width, 0)
        page.cropbox = RectangleObject((begin, 0, begin + width, height))
        page.rotate(turn)
    writer.write(target)
    return target.getvalue()


def lines_side_by_side(*, in_one_string: bool = False) -> bytes:
    """A sheet with ``LEFT_LINES`` and ``RIGHT_LINES``, one line of each after the other."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=SHEET[2:], invariant=True)
    canvas.setFont("Courier", 10)
    for row, (left, right) in enumerate(zip(LEFT_LINES, RIGHT_LINES, strict=True)):
        if in_one_string:
            canvas.drawString(40, 700 - 14 * row, left.ljust(100) + right)
        else:
            canvas.drawString(40, 700 - 14 * row, left)
            canvas.drawString(640, 700 - 14 * row, right)
    canvas.save()
    return target.getvalue()


def cropped(sheet: bytes, box: tuple[float, ...], *inherited: str) -> bytes:
    """The first page of a sheet with this crop box; the ``inherited`` boxes are those of all pages."""
    writer, target = pypdf.PdfWriter(clone_from=io.BytesIO(sheet)), io.BytesIO()
    page = writer.pages[0]
    page[NameObject("/CropBox")] = ArrayObject(FloatObject(edge) for edge in box)
    for name in map(NameObject, inherited):
        cast(pypdf.generic.DictionaryObject, page["/Parent"].get_object())[name] = page.pop(name)
    writer.write(target)
    return target.getvalue()


@pytest.mark.parametrize("turn", [0, 90])
def test_each_half_of_a_sheet_reads_as_its_own_letter(letters: tuple[bytes, bytes], turn: int) -> None:
    alone = [read_pdf_text(letter).text for letter in letters]
    assert read_pdf_text(sheet_of(*letters, turn=turn)).text.split("\f") == alone


def test_a_place_on_a_half_is_where_it_is_on_the_letter_alone(letters: tuple[bytes, bytes]) -> None:
    halves = open_file(sheet_of(*letters), LIMITS)
    for number, letter in enumerate(letters):
        text, alone = read_pdf_text(letter).text, open_file(letter, LIMITS)
        ranges = [(0, 12), (200, 420), (len(text) - 30, len(text))]
        places = halves.find([[number, *ends] for ends in ranges])
        expected = alone.find([[0, *ends] for ends in ranges])
        assert all(expected)
        for its_places, places_alone in zip(places, expected, strict=True):
            assert its_places == [pytest.approx(place, abs=0.0003) for place in places_alone]
        assert halves.draw(number, 300, 0) == alone.draw(0, 300, 0)


@pytest.mark.parametrize("in_one_string", [False, True])
@pytest.mark.parametrize("inherited", [(), ("/MediaBox",), ("/CropBox",), ("/MediaBox", "/CropBox")])
def test_lines_that_are_written_across_the_sheet_keep_their_ends(
    inherited: tuple[str, ...], *, in_one_string: bool
) -> None:
    sheet = lines_side_by_side(in_one_string=in_one_string)
    for box, lines in ((LEFT, LEFT_LINES), (RIGHT, RIGHT_LINES)):
        page = cropped(sheet, box, *inherited)
        text = read_pdf_text(page).text
        assert [line.rstrip() for line in text.split("\n")] == lines
        (places,) = open_file(page, LIMITS).find([[0, 0, len(text)]])
        assert len(places) == 3
        assert all(place[0] == pytest.approx(40 / 600, abs=0.01) and place[2] < 0.6 for place in places)


def test_a_character_is_read_if_its_center_is_visible() -> None:
    sheet = lines_side_by_side()  # each character is 6 points wide, the first one from 40 to 46
    assert read_pdf_text(cropped(sheet, (42, 0, 600, 800))).text.startswith("Decision: Upheld.")
    assert read_pdf_text(cropped(sheet, (44, 0, 600, 800))).text.startswith("ecision: Upheld.")


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 0), (0, 400, 1200, 400), (5000, 5000, 6000, 6000), (-50, -50, 5000, 5000), SHEET]
)
@pytest.mark.parametrize("inherited", [(), ("/MediaBox",)])
def test_a_crop_box_that_leaves_nothing_or_all_changes_nothing(
    box: tuple[float, ...], inherited: tuple[str, ...]
) -> None:
    sheet = lines_side_by_side()
    assert read_pdf_text(cropped(sheet, box, *inherited)) == read_pdf_text(sheet)


@pytest.mark.parametrize("box", [(5000, 5000, 6000, 6000), (0, 0, 0, 0), (-50, -50, 5000, 5000)])
@pytest.mark.parametrize("inherited", [(), ("/MediaBox",), ("/CropBox",), ("/MediaBox", "/CropBox")])
def test_a_page_with_such_a_crop_box_is_drawn_as_without_it(
    box: tuple[float, ...], inherited: tuple[str, ...]
) -> None:
    for whole in (lines_side_by_side(), filled_form_pdf("TP-2026-0815")):
        page, length = cropped(whole, box, *inherited), len(read_pdf_text(whole).text)
        with_box, without = open_file(page, LIMITS), open_file(whole, LIMITS)
        assert read_pdf_text(page) == read_pdf_text(whole)
        assert with_box.draw(0, 300, 0) == without.draw(0, 300, 0)
        assert with_box.find([[0, 0, length]]) == without.find([[0, 0, length]])
        excerpt = open_file(with_box.excerpt(0, 0), LIMITS)
        assert excerpt.draw(0, 300, 0) == without.draw(0, 300, 0)


def test_a_scan_with_a_crop_box_that_leaves_nothing_is_recognized() -> None:
    scan = pdf_of_pictures(picture_of("A scanned synthetic letter", dpi=30)[0])
    page = cropped(scan, (5000, 5000, 6000, 6000))
    assert read_pdf_text(page).to_scan == (0,)
    assert open_pages(page, LIMITS).draw(0) == open_pages(scan, LIMITS).draw(0)


def test_fields_beyond_the_visible_part_are_not_read() -> None:
    """pdfium makes the crop box the media box when it draws fields into a page."""
    form = cropped(filled_form_pdf("TP-2026-0815"), (0, 0, 210, 200))
    assert read_pdf_text(form).text == "Claim number on this synthetic form"
    pages = open_file(form, LIMITS)
    pages.draw(0, 300, 0)
    assert len(pages.find([[0, 0, 35]])[0]) == 1
    assert pages.find([[0, 0, 36]]) == [[]]


def test_pictures_beyond_the_visible_part_do_not_make_it_a_picture() -> None:
    """A letter as text beside one that was scanned."""
    target, lines = io.BytesIO(), [f"Line {number} of a synthetic letter that has text" for number in range(12)]
    canvas = Canvas(target, pagesize=SHEET[2:], invariant=True)
    for row, line in enumerate(lines):
        canvas.drawString(40, 700 - 14 * row, line)
    canvas.drawImage(ImageReader(picture_of("A scanned synthetic letter", dpi=30)[0]), *RIGHT[:2], 600, 800)
    canvas.save()
    left, right = (cropped(target.getvalue(), box) for box in (LEFT, RIGHT))
    assert (read_pdf_text(left).text, read_pdf_text(left).to_scan) == ("\n".join(lines), ())
    assert (read_pdf_text(right).text, read_pdf_text(right).to_scan) == ("", (0,))
    assert [open_pages(half, LIMITS).draw(0).is_coarse for half in (left, right)] == [False, True]


def test_text_beyond_the_visible_part_does_not_say_which_way_is_up() -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=SHEET[2:], invariant=True)
    for row, line in enumerate(LEFT_LINES):
        canvas.drawString(40, 700 - 14 * row, line)
    canvas.rotate(90)
    for row in range(20):
        canvas.drawString(40, -700 - 14 * row, "Sideways text of a synthetic sheet, more than upright text")
    canvas.save()
    assert read_pdf_text(cropped(target.getvalue(), LEFT)).text.split("\n") == LEFT_LINES
