"""PDFs: their text and page offsets, and every reason for refusal."""

import io

import pypdf
import pytest

from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.results import (
    Damaged,
    Limits,
    NoText,
    PasswordNeeded,
    TooLarge,
    TooManyPages,
)
from determinations.synthetic import letter_pdf, write_letter
from tests.extraction.files import locked_pdf, pdf, scanned_pdf, text_bomb_pdf


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


def test_a_small_file_with_millions_of_characters_is_counted_before_it_is_read() -> None:
    data = text_bomb_pdf()
    assert len(data) < 100_000
    with pytest.raises(TooLarge):
        read_pdf_text(data, Limits(characters=2_000_000))


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
