"""Page pictures and evidence boxes: exact to the character, permission-checked, safe with hostile files."""

import hashlib
from io import BytesIO

import pypdfium2 as pdfium
import pytest
from django.core.files import File
from django.test import Client

from determinations.cases.effective import write_cases
from determinations.extraction.pdf import read_pdf_text
from determinations.intake.store import letter_store
from determinations.models import Letter, LetterText, ParsedDocument
from determinations.parsing import PARSER_VERSION, parse_letter
from determinations.parsing.results import to_record
from determinations.synthetic import write_letter
from determinations.synthetic.pdf import letter_pdf
from tests.browsing.conftest import NOW
from tests.fixtures.people import People

pytestmark = pytest.mark.usefixtures("broker")


def store_pdf(data: bytes, *, readable: bool = True) -> Letter:
    """A PDF letter after the worker has read it."""
    letter = Letter.objects.create(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        media_type="application/pdf",
        state="parsed",
        received_at=NOW,
        pages=1,
    )
    letter_store().keep({letter.store_name: File(BytesIO(data))})
    if readable:
        found = read_pdf_text(data)
        Letter.objects.filter(pk=letter.pk).update(pages=found.pages)
        LetterText.objects.create(
            letter=letter, text=found.text, page_offsets=list(found.page_offsets), folded_sha256=letter.sha256
        )
        document = to_record(parse_letter(found.text))
        ParsedDocument.objects.create(letter=letter, parser_version=PARSER_VERSION, parsed_at=NOW, document=document)
        write_cases([letter.pk])
    letter.refresh_from_db()
    return letter


@pytest.fixture
def letter(db: None) -> Letter:
    return store_pdf(letter_pdf(write_letter(3, 5)))


def test_a_page_is_drawn_once_and_cached(as_casemanager: Client, letter: Letter) -> None:
    first = as_casemanager.get(f"/letters/{letter.pk}/pages/1.png")
    assert first.headers["Content-Type"] == "image/png"
    assert first.content.startswith(b"\x89PNG")
    assert "private" in first.headers["Cache-Control"]
    letter_store().delete(letter.store_name)
    assert as_casemanager.get(f"/letters/{letter.pk}/pages/1.png").content == first.content


def test_every_box_lies_on_the_words_of_its_value(as_casemanager: Client, letter: Letter) -> None:
    """What pdfium reads inside the boxes of a value is the value's evidence, whatever the page."""
    stored = LetterText.objects.get(letter=letter)
    document = ParsedDocument.objects.get(letter=letter).document
    boxes = as_casemanager.get(f"/letters/{letter.pk}/boxes.json").json()["boxes"]
    with letter_store().open(letter.store_name) as file:
        pdf = pdfium.PdfDocument(file.read())
    start, end = document["items"][0]["spans"]["decision"]
    (box,) = [found_box for found_box in boxes if found_box["path"] == "items/1/decision"]
    page = pdf[box["page"] - 1]
    width, height = page.get_size()
    read = page.get_textpage().get_text_bounded(
        left=box["left"] * width,
        right=(box["left"] + box["width"]) * width,
        top=height - box["top"] * height,
        bottom=height - (box["top"] + box["height"]) * height,
    )
    assert read.strip() == stored.text[start:end].strip()
    assert {found_box["path"] for found_box in boxes} >= {"summary", "items/1/request", "items/1/rationale"}


def test_pictures_need_the_permission_to_open_originals(client: Client, letter: Letter, people: People) -> None:
    client.force_login(people.outsider)
    assert client.get(f"/letters/{letter.pk}/pages/1.png").status_code == 403
    assert client.get(f"/letters/{letter.pk}/boxes.json").status_code == 403


def test_an_unknown_page_is_reported_as_not_found(as_casemanager: Client, letter: Letter) -> None:
    assert as_casemanager.get(f"/letters/{letter.pk}/pages/99.png").status_code == 404
    assert as_casemanager.get(f"/letters/{letter.pk}/pages/0.png").status_code == 404


def test_a_damaged_file_gives_no_picture_and_no_error(as_casemanager: Client, db: None) -> None:
    letter = store_pdf(b"%PDF-1.7\nsynthetic and broken", readable=False)
    assert as_casemanager.get(f"/letters/{letter.pk}/pages/1.png").status_code == 404


def test_a_page_of_absurd_size_is_not_drawn(as_casemanager: Client, db: None) -> None:
    document = pdfium.PdfDocument.new()
    document.new_page(14_000, 1)
    document.new_page(1, 14_000)
    buffer = BytesIO()
    document.save(buffer)
    letter = store_pdf(buffer.getvalue(), readable=False)
    Letter.objects.filter(pk=letter.pk).update(pages=2)
    assert as_casemanager.get(f"/letters/{letter.pk}/pages/1.png").status_code == 200
    assert as_casemanager.get(f"/letters/{letter.pk}/pages/2.png").status_code == 404


def test_a_case_of_a_pdf_shows_its_pages(as_casemanager: Client, letter: Letter) -> None:
    content = as_casemanager.get(f"/cases/{letter.pk}/").content.decode()
    assert f"/letters/{letter.pk}/pages/1.png" in content
    assert 'loading="lazy"' in content
