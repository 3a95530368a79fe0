"""Which pages of a PDF are pictures: decided page by page, regardless of stamps and hidden text."""

import pytest
from PIL import Image

from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.results import NoText
from tests.extraction.files import pdf, pdf_of_pictures

PAPER = Image.new("L", (85, 110), 200)
TEXT = "\n".join(f"A synthetic letter has this text on line {number}." for number in range(20))


def scanned_pages(data: bytes) -> tuple[int, ...]:
    return read_pdf_text(data).to_scan


def test_pages_of_text_are_not_scanned() -> None:
    assert scanned_pages(pdf(TEXT, "A last page of one short line")) == ()


def test_each_page_is_decided_by_itself() -> None:
    extracted = read_pdf_text(pdf_of_pictures(PAPER, TEXT, PAPER))
    assert extracted.to_scan == (0, 2)
    assert extracted.text.startswith("\fA synthetic letter")


def test_a_stamp_does_not_make_a_picture_text() -> None:
    assert scanned_pages(pdf_of_pictures(PAPER, over="Electronically filed 02/10/2017 - synthetic court")) == (0,)


def test_text_hidden_behind_a_picture_is_only_a_second_opinion() -> None:
    assert scanned_pages(pdf_of_pictures(PAPER, hidden=TEXT)) == (0,)


def test_visible_text_on_a_background_picture_is_text() -> None:
    letterhead = pdf_of_pictures(PAPER, over=TEXT.replace("\n", " "))
    assert scanned_pages(letterhead) == ()


def test_empty_pages_hold_no_text() -> None:
    with pytest.raises(NoText):
        scanned_pages(pdf("", ""))
