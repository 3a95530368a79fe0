"""Page pictures and evidence boxes: exact to the character, permission-checked, safe with hostile files."""

import hashlib
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from django.core.files import File
from django.test import Client

from determinations import tasks
from determinations.cases.effective import write_cases
from determinations.cases.page_pictures import MOST_WAITING, VERSION, pictures_folder
from determinations.corrections import actions
from determinations.extraction.drawer import PageDrawer
from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.results import TooSlow
from determinations.intake.store import letter_store
from determinations.models import Drawing, DrawingKind, Letter, LetterText, ParsedDocument
from determinations.parsing import PARSER_VERSION, parse_letter
from determinations.parsing.results import to_record
from determinations.reading.drawings import draw_waiting
from determinations.synthetic import write_letter
from determinations.synthetic.pdf import letter_pdf
from imrsite.celery import PICTURES
from tests.browsing.conftest import NOW
from tests.cases.drawn import drawn
from tests.fixtures.people import People
from tests.fixtures.services import broker_client
from tests.fixtures.stored import stored_path

pytestmark = pytest.mark.usefixtures("no_worker")


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
def letter(db: None, settings: Any, tmp_path: Path) -> Letter:
    settings.MEDIA_ROOT = tmp_path  # pictures that no other test has drawn
    return store_pdf(letter_pdf(write_letter(3, 5)))


def test_a_page_is_drawn_by_a_worker_once_and_stored(as_casemanager: Client, letter: Letter) -> None:
    address = f"/letters/{letter.pk}/pages/1.png"
    waiting = as_casemanager.get(address)
    assert waiting.status_code == 202
    assert waiting.headers["Content-Type"] == "image/svg+xml"
    assert "no-store" in waiting.headers["Cache-Control"]
    assert b"being drawn" in waiting.content
    assert broker_client().llen(PICTURES) == 1
    tasks.draw_pages()
    first = as_casemanager.get(address)
    assert first.headers["Content-Type"] == "image/png"
    assert first.content.startswith(b"\x89PNG")
    assert "private" in first.headers["Cache-Control"]
    assert not Drawing.objects.exists()
    letter_store().delete(letter.store_name)
    assert as_casemanager.get(address).content == first.content


def test_asking_again_requests_nothing_more(as_casemanager: Client, letter: Letter) -> None:
    for _ in range(3):
        as_casemanager.get(f"/letters/{letter.pk}/pages/1.png")
        as_casemanager.get(f"/letters/{letter.pk}/boxes.json")
    assert broker_client().llen(PICTURES) == 2
    assert Drawing.objects.count() == 2


def test_one_user_has_a_bounded_number_of_pages_waiting(
    as_casemanager: Client, letter: Letter, people: People
) -> None:
    Letter.objects.filter(pk=letter.pk).update(pages=500)
    for number in range(1, MOST_WAITING + 10):
        assert as_casemanager.get(f"/letters/{letter.pk}/pages/{number}.png").status_code == 202
    assert Drawing.objects.count() == MOST_WAITING
    as_casemanager.force_login(people.supervisor)
    as_casemanager.get(f"/letters/{letter.pk}/pages/{MOST_WAITING + 5}.png")
    assert Drawing.objects.count() == MOST_WAITING + 1, "another user has their own"


def test_a_failure_is_remembered(as_casemanager: Client, letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that takes too long is tried once; after three of them, the letter's other pages are not tried."""
    tried: list[int] = []

    def too_slow(self: PageDrawer, number: int, width: int, turn: int) -> bytes:
        tried.append(number + 1)
        raise TooSlow("synthetic")

    monkeypatch.setattr(PageDrawer, "draw", too_slow)
    Letter.objects.filter(pk=letter.pk).update(pages=9)
    for _ in range(2):
        for number in (1, 2, 3, 4, 5):
            as_casemanager.get(f"/letters/{letter.pk}/pages/{number}.png")
        assert not draw_waiting(seconds=60)
    assert tried == [1, 2, 3]
    for number in (1, 5):
        assert as_casemanager.get(f"/letters/{letter.pk}/pages/{number}.png").status_code == 404


def test_a_page_is_drawn_once_its_stored_file_is_restored(as_casemanager: Client, letter: Letter) -> None:
    address = f"/letters/{letter.pk}/pages/1.png"
    with letter_store().open(letter.store_name) as file:
        data = file.read()
    letter_store().delete(letter.store_name)
    assert drawn(as_casemanager, address).status_code == 404
    letter_store().keep({letter.store_name: File(BytesIO(data))})
    assert as_casemanager.get(address).status_code == 404, "not at once"
    Drawing.objects.update(requested_at=NOW)
    assert drawn(as_casemanager, address).status_code == 200


def test_users_take_turns(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (store_pdf(letter_pdf(write_letter(number, 5))) for number in (3, 4))
    order: list[int] = []

    def draw(row: Drawing, opened: object) -> None:
        order.append(row.letter_id)
        row.delete()

    monkeypatch.setattr("determinations.reading.drawings._draw", draw)
    for letter, user in ((first, people.casemanager), (second, people.supervisor)):
        for number in range(3):
            row = Drawing(letter=letter, kind=DrawingKind.PAGE, number=number, requested_at=NOW, version=VERSION)
            row.requested_by = user
            row.save()
    assert not draw_waiting(seconds=60)
    assert order[:4] == [first.pk, second.pk, first.pk, second.pk]


def test_places_are_found_again_after_a_correction(as_casemanager: Client, letter: Letter, people: People) -> None:
    address = f"/letters/{letter.pk}/boxes.json"
    assert as_casemanager.get(address).json() == {"boxes": []}
    assert drawn(as_casemanager, address).status_code == 200
    actions.correct_field(
        letter.pk, "summary", "Synthetic.", by=people.admin, now=NOW, reason="misread", evidence=(5, 30)
    )
    assert as_casemanager.get(address).status_code == 202
    boxes = drawn(as_casemanager, address).json()["boxes"]
    assert [box["page"] for box in boxes if box["path"] == "summary"] == [1, 1], "two lines"
    assert len(list(stored_path(pictures_folder(letter.sha256), "pictures").glob("places-*"))) == 1


def test_the_pages_of_a_file_without_text_are_counted_by_a_worker(as_admin: Client, db: None) -> None:
    letter = store_pdf(letter_pdf(write_letter(3, 5)), readable=False)
    Letter.objects.filter(pk=letter.pk).update(pages=None)
    address = f"/admin/review/{letter.pk}/"
    assert "/pages/1.png" not in as_admin.get(address).content.decode()
    assert not draw_waiting(seconds=60)
    assert "/pages/1.png" in as_admin.get(address).content.decode()


def test_a_drawing_that_a_confined_child_makes_opens_nothing_else() -> None:
    """On any kernel, no file or connection can be opened; with namespaces no path exists."""
    namespaces = subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True, check=False)
    without = set() if namespaces.returncode == 0 else {"look at a path"}
    with PageDrawer(child="tests.extraction.nosy_drawing_child") as drawer:
        drawer.open(b"%PDF-")
        assert set(drawer.draw(0, 1, 0).decode().split("\n")) - without == {"tried"}


def test_a_drawing_that_hangs_is_ended() -> None:
    with PageDrawer(child="tests.extraction.nosy_drawing_child", seconds=0.5) as drawer:
        drawer.open(b"%PDF-")
        with pytest.raises(TooSlow):
            drawer.draw(99, 1, 0)
        assert drawer.process.pid is None
        assert drawer.open(b"%PDF-") == 1


def test_every_box_lies_on_the_words_of_its_value(as_casemanager: Client, letter: Letter) -> None:
    """What pdfium reads inside the boxes of a value is the value's evidence, whatever the page."""
    stored = LetterText.objects.get(letter=letter)
    document = ParsedDocument.objects.get(letter=letter).document
    boxes = drawn(as_casemanager, f"/letters/{letter.pk}/boxes.json").json()["boxes"]
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
    assert drawn(as_casemanager, f"/letters/{letter.pk}/pages/1.png").status_code == 404


def test_a_page_of_absurd_size_is_not_drawn(as_casemanager: Client, db: None) -> None:
    document = pdfium.PdfDocument.new()
    document.new_page(14_000, 1)
    document.new_page(1, 14_000)
    buffer = BytesIO()
    document.save(buffer)
    letter = store_pdf(buffer.getvalue(), readable=False)
    Letter.objects.filter(pk=letter.pk).update(pages=2)
    assert drawn(as_casemanager, f"/letters/{letter.pk}/pages/1.png").status_code == 200
    assert drawn(as_casemanager, f"/letters/{letter.pk}/pages/2.png").status_code == 404


def test_a_case_of_a_pdf_shows_its_pages(as_casemanager: Client, letter: Letter) -> None:
    content = as_casemanager.get(f"/cases/{letter.pk}/").content.decode()
    assert f"/letters/{letter.pk}/pages/1.png" in content
    assert 'loading="lazy"' in content
