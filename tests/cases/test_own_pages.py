"""The pages of one letter of a file that holds several, as a PDF of their own."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from determinations.extraction.drawer import PageDrawer
from determinations.extraction.results import Damaged
from determinations.intake.receiving import receive_files
from determinations.models import AuditEvent, Letter
from determinations.reading.drawings import draw_waiting
from determinations.reading.ingest import ingest_letters
from determinations.synthetic import letter_pdf, write_letter
from determinations.synthetic.pdf import pages_pdf
from tests.cases.drawn import drawn
from tests.fixtures.people import People

pytestmark = pytest.mark.usefixtures("no_worker")

FIRST, SECOND = write_letter(1), write_letter(2)
BUNDLE = pages_pdf([*FIRST.pages, *SECOND.pages])


@pytest.fixture
def second(db: None, settings: Any, tmp_path: Path) -> Letter:
    settings.MEDIA_ROOT = tmp_path
    batch = receive_files(by=None, files=[ContentFile(BUNDLE, name="two.pdf")])
    ingest_letters([batch.files.order_by("pk").values_list("letter_id", flat=True)[0]])
    return Letter.objects.get(part=2)


def text_of(pdf: bytes) -> list[str]:
    with pdfium.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_a_part_is_downloaded_with_its_own_pages_which_a_worker_copies(as_casemanager: Client, second: Letter) -> None:
    address = f"/letters/{second.pk}/pages.pdf"
    page = as_casemanager.get(f"/cases/{second.pk}/").content.decode()
    assert address in page
    assert f"/letters/{second.pk}/original/" in page
    waiting = as_casemanager.get(address)
    assert waiting.status_code == 202
    assert "download starts by itself" in waiting.content.decode()
    assert not draw_waiting(seconds=60)
    asked_again = as_casemanager.get(address, headers={"HX-Request": "true"})
    assert asked_again.headers["HX-Redirect"] == address
    assert not AuditEvent.objects.filter(action="pages.downloaded").exists()
    response = as_casemanager.get(address)
    number, first = SECOND.expected["case_number"], len(FIRST.pages) + 1
    last = first + len(SECOND.pages) - 1
    assert response.headers["Content-Disposition"] == f'attachment; filename="{number}-pages-{first}-{last}.pdf"'
    assert response.headers["Content-Security-Policy"].startswith("sandbox")
    assert text_of(b"".join(response)) == text_of(BUNDLE)[len(FIRST.pages) :]
    event = AuditEvent.objects.get(action="pages.downloaded")
    assert (event.letter_id, event.detail) == (second.pk, {"first": first, "last": last})


def test_own_pages_need_the_permission_to_open_originals(client: Client, second: Letter, people: People) -> None:
    client.force_login(people.outsider)
    assert client.get(f"/letters/{second.pk}/pages.pdf").status_code == 403


def test_a_copy_that_fails_says_so_and_offers_the_whole_file(
    as_casemanager: Client, second: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(self: PageDrawer, first: int, last: int) -> bytes:
        raise Damaged("The pages cannot be copied.")

    monkeypatch.setattr(PageDrawer, "excerpt", damaged)
    response = drawn(as_casemanager, f"/letters/{second.pk}/pages.pdf")
    assert response.status_code == 409
    assert "The pages cannot be copied." in response.content.decode()
    assert f"/letters/{second.pk}/original/" in response.content.decode()


def test_the_confined_child_copies_pages_of_pdfs_and_pictures_and_no_scripts() -> None:
    tiff = BytesIO()
    pages = [Image.new("L", (850, 1100), shade) for shade in (255, 200, 120)]
    pages[0].save(tiff, "TIFF", save_all=True, append_images=pages[1:], dpi=(100, 100))
    scripted = BUNDLE.replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >>")
    assert scripted != BUNDLE
    with PageDrawer() as drawer:
        assert drawer.open(tiff.getvalue()) == 3
        with pdfium.PdfDocument(drawer.excerpt(1, 2)) as document:
            assert len(document) == 2
        drawer.open(letter_pdf(write_letter(4)))
        with pytest.raises(Damaged):
            drawer.excerpt(1, 99)
        drawer.open(scripted)
        copied = drawer.excerpt(0, 0)
    assert b"JavaScript" not in copied
    assert text_of(copied) == text_of(BUNDLE)[:1]
