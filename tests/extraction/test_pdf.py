"""PDFs: their text and page offsets, and every reason for refusal."""

import io

import pypdf
import pytest
from PIL import Image

from determinations.extraction.drawing import open_file
from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.results import (
    LIMITS,
    Damaged,
    Limits,
    NoText,
    PasswordNeeded,
    TooLarge,
    TooManyPages,
)
from determinations.extraction.scanning.page_pictures import open_pages
from determinations.synthetic import letter_pdf, write_letter
from tests.extraction.files import filled_form_pdf, locked_pdf, pdf, scanned_pdf, text_bomb_pdf


def test_gives_text_with_plain_line_ends_and_page_offsets() -> None:
    found = read_pdf_text(pdf("A synthetic letter, page one\nsecond line", "A synthetic letter, page two"))
    assert found.text == "A synthetic letter, page one\nsecond line\fA synthetic letter, page two"
    assert [found.text[at:][:29] for at in found.page_offsets] == [
        "A synthetic letter, page one\n",
        "A synthetic letter, page two",
    ]
    assert (found.pages, found.method) == (2, "pdf")


def test_a_hyphen_at_a_line_end_is_a_hyphen() -> None:
    found = read_pdf_text(pdf("The request for a synthetic follow-\nup visit is upheld"))
    assert "\ufffe" not in found.text
    assert "follow-up" in found.text.replace("\n", "")


def test_a_password_is_needed() -> None:
    with pytest.raises(PasswordNeeded):
        read_pdf_text(locked_pdf("A synthetic letter behind a password"))


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.7\n", b"%PDF-1.7\nrubbish" * 100, pdf("A synthetic letter that is cut short, far too short")[:200]],
    ids=["nothing", "rubbish", "cut"],
)
def test_damaged(data: bytes) -> None:
    with pytest.raises(Damaged):
        read_pdf_text(data)


def test_pictures_only() -> None:
    with pytest.raises(NoText):
        read_pdf_text(scanned_pdf(3))


def test_too_many_pages() -> None:
    with pytest.raises(TooManyPages, match="4 pages; 3 are allowed"):
        read_pdf_text(pdf(*["A synthetic page"] * 4), Limits(pages=3))


def test_a_small_file_with_over_a_million_characters_is_counted_before_it_is_read() -> None:
    data = text_bomb_pdf()
    assert len(data) < 100_000
    with pytest.raises(TooLarge):
        read_pdf_text(data, Limits(characters=1_000_000))


def test_characters_are_counted_over_all_pages() -> None:
    with pytest.raises(TooLarge, match="page 3"):
        read_pdf_text(pdf(*["A synthetic page of thirty-six letters"] * 4), Limits(characters=100))


@pytest.mark.parametrize("turned", ["page", "content"])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_rotated_page_reads_like_an_upright_one(degrees: int, turned: str) -> None:
    upright = letter_pdf(write_letter(3))
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(upright))
    page = writer.pages[-1]
    if turned == "page":
        page.rotate(degrees)
    else:
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        turn = pypdf.Transformation().translate(-width / 2, -height / 2).rotate(degrees)
        page.add_transformation(turn.translate(width / 2, height / 2))
    file = io.BytesIO()
    writer.write(file)
    assert read_pdf_text(file.getvalue()).text == read_pdf_text(upright).text


def test_nothing_is_found_on_a_page_without_text() -> None:
    """As where text was stored before its part of the page was cropped away."""
    assert open_file(scanned_pdf(), LIMITS).find([[0, 0, 12]]) == [[]]


@pytest.mark.parametrize("has_appearance", [True, False], ids=["drawn", "value only"])
def test_what_was_filled_into_a_form_is_read_drawn_found_and_copied(*, has_appearance: bool) -> None:
    data, empty = filled_form_pdf("WC-12345", has_appearance=has_appearance), filled_form_pdf("")
    text = read_pdf_text(data).text
    assert text.split("\n") == ["Claim number on this synthetic form:", "WC-12345"]
    pages = open_file(data, LIMITS)
    ((box,),) = pages.find([(0, text.index("WC-"), len(text))])
    assert 0.54 < box[0] < box[0] + box[2] < 0.96
    field, mark = (0.56, 0.19, 0.94, 0.29), (0.07, 0.5, 0.09, 0.58)
    copied = pages.excerpt(0, 0)
    for picture in (_picture(pages.draw(0, 800, 0)), open_pages(data, LIMITS).draw(0).gray, _first_page(copied)):
        assert _darkest(picture, field) < 128
        assert not has_appearance or _darkest(picture, mark) < 128
    assert _darkest(_first_page(empty), field) > 128
    assert read_pdf_text(copied).text == text


def test_a_filled_form_that_was_scanned_is_still_a_picture_of_text() -> None:
    found = read_pdf_text(filled_form_pdf("WC-12345 " * 40, is_scan=True))
    assert (found.to_scan, found.text.count("WC-12345")) == ((0,), 40)


def _first_page(data: bytes) -> Image.Image:
    return _picture(open_file(data, LIMITS).draw(0, 800, 0))


def _picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def _darkest(picture: Image.Image, part: tuple[float, float, float, float]) -> float:
    wide, high = picture.size
    left, top, right, bottom = part
    lowest, _highest = picture.crop(
        (round(left * wide), round(top * high), round(right * wide), round(bottom * high))
    ).getextrema()
    assert isinstance(lowest, float | int)
    return lowest
