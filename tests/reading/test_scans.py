"""Scans have their own state, queue and worker; their words are stored with position and confidence."""

import io
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from determinations import tasks
from determinations.cases.open_letter import CorrectionsRefused, open_letter
from determinations.cases.scanned_words import source_of
from determinations.corrections import actions
from determinations.extraction.results import Damaged, ExtractedText, Limits
from determinations.extraction.scanning.engine import INSTALL
from determinations.extraction.scanning.reader import scanned_text_of
from determinations.intake.receiving import receive_files
from determinations.models import Case, Letter, LetterText, ScannedPage
from determinations.models.letters import Lane
from determinations.parsing import parse_file
from determinations.reading import one_letter, scans
from determinations.reading.ingest import ingest_letters, retry_letters
from determinations.reading.scans import read_scans
from determinations.synthetic.scans import SCAN_KINDS, scanned
from determinations.tasks import letters
from tests.cases.drawn import drawn
from tests.extraction.files import pdf_of_pictures, picture_of
from tests.fixtures.people import People
from tests.fixtures.worker import Worker
from tests.letters_made import THERAPY, letter_pdf, letter_text

pytestmark = pytest.mark.django_db


@cache
def sideways() -> bytes:
    return scanned(letter_pdf(7), SCAN_KINDS["sideways"])


#: Pages read, and pages in all.
Progress = tuple[int, int]
_recognized: dict[tuple[bytes, Limits], tuple[ExtractedText, list[Progress]]] = {}


@pytest.fixture(autouse=True)
def recognized_once() -> Iterator[None]:
    """The engine reads a file for the first test that has it; others get the same text, and the same progress.

    What the engine reads is for ``tests/extraction``; here it matters what becomes of it. A worker reads for itself.
    """

    def once(
        data: bytes, extracted: ExtractedText, limits: Limits, progress: Callable[[int, int], None]
    ) -> ExtractedText:
        asked = (data, limits)
        if asked in _recognized:
            for done in _recognized[asked][1]:
                progress(*done)
        else:
            told: list[Progress] = []

            def tell(*done: int) -> None:
                told.append((done[0], done[1]))
                progress(*done)

            _recognized[asked] = scanned_text_of(data, extracted, limits, tell), told
        return _recognized[asked][0]

    with pytest.MonkeyPatch.context() as patch:  # not the one that a test undoes
        patch.setattr(one_letter, "scanned_text_of", once)
        yield


def bring(*files: bytes) -> list[int]:
    upload = receive_files(by=None, files=[ContentFile(data, name=f"{n}.pdf") for n, data in enumerate(files)])
    return list(upload.files.order_by("id").values_list("letter_id", flat=True))


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Hide the engine until the returned function is called."""
    words = f"The text recognition engine is not installed. Install it with: {INSTALL}"
    for module in (one_letter, scans, letters):
        monkeypatch.setattr(module, "missing_engine", lambda: words)
    return monkeypatch.undo


@pytest.mark.slow
def test_a_scan_waits_in_its_own_lane_and_becomes_a_case() -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    letter = Letter.objects.get(pk=pk)
    assert (letter.state, letter.lane, letter.attempts, letter.pages_to_scan) == ("scan_waiting", Lane.SCANS, 0, 1)

    ingest_letters([pk])  # a late message
    letter.refresh_from_db()
    assert letter.state == "scan_waiting"

    read_scans([pk])
    letter.refresh_from_db()
    assert letter.state in {"parsed", "needs_review"}
    assert (letter.pages_scanned, letter.pages_to_scan, letter.pages) == (1, 1, 1)
    assert [(item.request, item.decision) for item in letter.case.items.all()] == [(THERAPY, "upheld")]
    assert letter.case.case_number == "CM17-0000007"


@pytest.mark.slow
def test_the_original_counts_before_its_scan_and_corrections_stay(people: People) -> None:
    (scan,) = bring(sideways())
    ingest_letters([scan])
    read_scans([scan])
    actions.correct_field(scan, "age", 44, by=people.admin, now=timezone.now(), reason="misread")
    (original,) = bring(letter_pdf(7))
    ingest_letters([original])
    scanned_case, case = Case.objects.get(pk=scan), Case.objects.get(pk=original)
    assert (scanned_case.superseded_by_id, scanned_case.is_copy, case.superseded_by_id) == (original, True, None)
    assert (case.age, open_letter(original).merged.record["age"]) == (44, 44)

    (again,) = bring(scanned(letter_pdf(7), SCAN_KINDS["grey-150"]))
    ingest_letters([again])
    read_scans([again])
    assert Case.objects.get(pk=again).superseded_by_id == original
    assert Case.objects.get(pk=original).superseded_by_id is None


def test_every_word_is_stored_with_its_position() -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    read_scans([pk])
    text = LetterText.objects.get(pk=pk).text
    page = ScannedPage.objects.get(letter=pk)
    assert (page.number, page.turn) == (0, 90)
    assert [text[start:end] for start, end, *_ in page.words] == text.split()
    assert all(0 <= left < left + width <= 1 for _, _, left, _, width, *_ in page.words)


def test_progress_is_written_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    seen: list[tuple[str, int | None]] = []

    def scan(
        letter: Letter, aliases: object, progress: Callable[[int, int], None], ranges: object
    ) -> one_letter.Reading:
        for done in range(1, 4):
            progress(done, 3)
            seen.append(Letter.objects.values_list("state", "pages_scanned").get(pk=pk))
        return one_letter.Reading(pk, state=Damaged.state, message="Page 3 cannot be read.")

    monkeypatch.setattr(scans, "scan_letter", scan)
    read_scans([pk])
    assert seen == [("parsing", 1), ("parsing", 2), ("parsing", 3)]
    assert Letter.objects.values_list("state", "message").get(pk=pk) == ("damaged", "Page 3 cannot be read.")


def test_without_the_engine_a_scan_waits_and_says_how_to_install_it(no_engine: Callable[[], None]) -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    read_scans([pk])
    letter = Letter.objects.get(pk=pk)
    assert letter.state == "scan_waiting"
    assert INSTALL in letter.message

    no_engine()
    read_scans([pk])
    letter.refresh_from_db()
    assert (letter.message, letter.case.case_number) == ("", "CM17-0000007")


def test_without_the_engine_the_text_layer_behind_a_scan_is_used(no_engine: Callable[[], None]) -> None:
    (pk,) = bring(pdf_of_pictures(picture_of("A synthetic page")[0], hidden=letter_text(8)))
    ingest_letters([pk])
    assert Letter.objects.get(pk=pk).case.case_number == "CM17-0000008"


def test_the_pages_of_text_are_shown_and_corrected_while_the_scanned_ones_wait(
    as_admin: Client, people: People
) -> None:
    (pk,) = bring(pdf_of_pictures(letter_text(8), picture_of("A synthetic attachment")[0]))
    ingest_letters([pk])
    letter = Letter.objects.get(pk=pk)
    assert (letter.state, letter.pages_to_scan, letter.finished_at) == ("scan_waiting", 1, None)
    assert letter.case.case_number == "CM17-0000008"
    for address in (f"/cases/{pk}/", f"/admin/review/{pk}/"):
        page = as_admin.get(address).content.decode()
        assert "1 scanned page is still to be read." in page
        assert "what you correct now stays in force" in page
    actions.correct_field(pk, "age", 71, by=people.admin, now=timezone.now(), reason="wrong_place")
    actions.correct_field(
        pk, "items/1/request", "A synthetic brace", by=people.admin, now=timezone.now(), reason="wrong_place"
    )
    letter.refresh_from_db()
    assert (letter.state, letter.case.age) == ("scan_waiting", 71)

    read_scans([pk])
    letter.refresh_from_db()
    assert (letter.state in {"parsed", "needs_review"}, letter.unread_scans) == (True, 0)
    assert (letter.case.case_number, letter.case.age) == ("CM17-0000008", 71)
    assert [item.request for item in letter.case.items.all()] == ["A synthetic brace"]
    assert "A synthetic attachment" in LetterText.objects.get(pk=pk).text
    assert "to be read." not in as_admin.get(f"/cases/{pk}/").content.decode()


def test_more_scanned_pages_than_allowed_beside_text_are_named(settings: Any, as_admin: Client) -> None:
    settings.SCANNED_PAGES = 1
    page = picture_of("A synthetic page")[0]
    (pk,) = bring(pdf_of_pictures(letter_text(8), page, page))
    ingest_letters([pk])
    letter = Letter.objects.get(pk=pk)
    assert letter.state in {"parsed", "needs_review"}
    words = "2 pages of the file are pictures and were not read: at most 1 scanned pages are read per file."
    for address in (f"/cases/{pk}/", f"/admin/review/{pk}/"):
        assert words in as_admin.get(address).content.decode()


def test_too_many_scanned_pages_set_their_own_state(settings: Any) -> None:
    settings.SCANNED_PAGES = 1
    page = picture_of("A synthetic page")[0]
    (pk,) = bring(pdf_of_pictures(page, page))
    ingest_letters([pk])
    letter = Letter.objects.get(pk=pk)
    assert (letter.state, letter.message) == ("too_many_pages", "The file has 2 scanned pages; 1 are allowed.")


def test_a_scan_without_any_page_of_text_is_corrected_once_it_is_read(people: People) -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    with pytest.raises(CorrectionsRefused) as refused:
        actions.correct_field(pk, "age", 71, by=people.admin, now=timezone.now(), reason="wrong_place")
    assert "still to be read" in refused.value.errors[0][1]


def test_a_retried_scan_returns_to_the_scan_lane(people: People) -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    read_scans([pk])
    Letter.objects.filter(pk=pk).update(state="needs_review")
    assert retry_letters(by=people.admin, letters=Letter.objects.filter(pk=pk)) == 1
    assert Letter.objects.values_list("state", "lane").get(pk=pk) == ("received", Lane.INTERACTIVE)
    ingest_letters([pk])
    assert Letter.objects.get(pk=pk).case.case_number == "CM17-0000007"  # kept in the meantime
    assert Letter.objects.values_list("state", "lane").get(pk=pk) == ("scan_waiting", Lane.SCANS)


def test_doubtful_scanned_words_survive_reparsing() -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    read_scans([pk])
    page = ScannedPage.objects.get(letter=pk)
    text = LetterText.objects.get(pk=pk)
    at = text.text.index("CM17")
    for word in page.words:
        word[7] = int(word[0] == at)
    page.save()
    (part,) = parse_file(source_of(text, [page]))
    assert [(p.code, p.path) for p in part.letter.problems if p.code == "ocr_doubt"] == [("ocr_doubt", "case_number")]


def test_only_a_few_scans_are_sent_at_once(monkeypatch: pytest.MonkeyPatch, broker: None) -> None:
    Letter.objects.bulk_create(
        Letter(
            sha256=f"{n:064x}", size=1, media_type="application/pdf", state="scan_waiting", lane=Lane.SCANS,
            received_at="2026-11-01T00:00Z",
        )
        for n in range(50)
    )  # fmt: skip
    assert tasks.send_waiting(Lane.SCANS) == letters.SCANS_WINDOW
    assert tasks.send_waiting(Lane.SCANS) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_worker_reads_scans_behind_the_letters(worker: Worker) -> None:
    ids = bring(sideways(), letter_pdf(9))
    tasks.send_waiting(Lane.INTERACTIVE)
    worker.wait_until_idle()
    states = dict(Letter.objects.filter(pk__in=ids).values_list("case__case_number", "state"))
    assert states.keys() == {"CM17-0000007", "CM17-0000009"}


def test_the_pages_of_a_scan_are_shown_upright_with_its_evidence(as_casemanager: Client) -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    read_scans([pk])
    picture = drawn(as_casemanager, f"/letters/{pk}/pages/1.png").content
    wide, high = int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
    assert wide < high
    boxes = as_casemanager.get(f"/letters/{pk}/boxes.json").json()["boxes"]
    (number,) = [box for box in boxes if box["path"] == "case_number"]
    assert number["page"] == 1
    assert 0 < number["top"] < 0.1
    assert 0.1 < number["left"] < 0.4


def test_unclear_words_are_underlined_in_the_text_and_on_the_pages_which_say_how_many_there_are(
    as_casemanager: Client, as_admin: Client
) -> None:
    (pk,) = bring(sideways())
    ingest_letters([pk])
    read_scans([pk])
    page = ScannedPage.objects.get(letter=pk)
    for word in page.words:
        word[7] = 0
    page.words[0][2:6], page.words[0][7] = [0.1, 0.05, 0.04, 0.01], 1
    page.words[1][7], page.words[1][8] = 1, "Numbcr:"
    page.save()
    html = as_casemanager.get(f"/cases/{pk}/?show=text").content.decode()
    assert "Read from a scan" in html
    assert '<span class="unclear" title="Unclear in the scan.">Case</span>' in html
    assert '<span class="unclear" title="The scan reads “Numbcr:”.">Number:</span>' in html
    for client, address in ((as_casemanager, f"/cases/{pk}/"), (as_admin, f"/admin/review/{pk}/")):
        html = client.get(address).content.decode()
        assert '<path d="M0.10000 0.06000h0.04000M' in html
        assert '<span class="unclear">2 unclear words</span>, underlined with dots' in html


@pytest.mark.slow
def test_an_image_file_can_be_a_letter(as_casemanager: Client) -> None:
    target = io.BytesIO()
    (picture,) = picture_of(letter_text(11))
    picture.save(target, "PNG", dpi=(200, 200))
    (pk,) = bring(target.getvalue())
    ingest_letters([pk])
    read_scans([pk])
    letter = Letter.objects.get(pk=pk)
    assert (letter.media_type, letter.case.case_number) == ("image/png", "CM17-0000011")
    assert drawn(as_casemanager, f"/letters/{pk}/pages/1.png").content.startswith(b"\x89PNG")
    assert as_casemanager.get(f"/letters/{pk}/boxes.json").json()["boxes"]
