"""The upload pages: uploading, batch progress, retrying, and permissions."""

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from determinations.intake.receiving import receive_files
from determinations.models import AuditEvent, Letter, Upload
from determinations.reading.ingest import ingest_letters
from determinations.reading.workers import expect_worker
from tests.extraction.files import locked_pdf, scanned_pdf
from tests.extraction.messages import compound_file, mail
from tests.fixtures.answers import content_of
from tests.fixtures.people import People
from tests.letters_made import letter_pdf, letter_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_worker")]


def file(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


@pytest.fixture
def batch(people: People) -> Upload:
    """A batch with files of every outcome, all of them read."""
    upload = receive_files(
        by=people.casemanager,
        files=[
            file("good.pdf", letter_pdf(1)),
            file("again.pdf", letter_pdf(1)),
            file("no header.txt", letter_text(2, header=False).encode()),
            file("scan.pdf", scanned_pdf()),
            file("locked.pdf", locked_pdf("A synthetic letter")),
            file("list.txt", b"A synthetic shopping list"),
            file("picture.gif", b"GIF89a"),
        ],
    )
    ingest_letters(list(Letter.objects.values_list("pk", flat=True)))
    return upload


def page_of(upload: Upload, query: str = "") -> str:
    return reverse("upload_detail", args=[upload.pk]) + query


# Uploading


def test_a_drop_makes_a_batch_and_leads_to_it(as_casemanager: Client) -> None:
    answer = as_casemanager.post(
        reverse("upload_list"), {"files": [file("a.pdf", letter_pdf(1)), file("b.txt", b"x y")]}
    )
    upload = Upload.objects.get()
    assert answer.headers["Location"] == page_of(upload)
    assert upload.files.count() == 2
    assert Letter.objects.filter(queued_at=None).count() == 0


def test_batches_use_the_standard_table(as_casemanager: Client, batch: Upload) -> None:
    page = as_casemanager.get(reverse("upload_list")).content.decode()
    assert '<table class="data" data-rows aria-label="Uploads">' in page
    assert reverse("upload_detail", args=[batch.pk]) in page


def test_a_drop_in_several_requests_is_one_batch(as_casemanager: Client) -> None:
    def send(data: dict[str, Any]) -> Any:
        return as_casemanager.post(reverse("upload_list"), data, headers={"Accept": "application/json"})

    first = send({"files": [file("a.txt", b"synthetic a")]})
    assert first.status_code == 201
    second = send({"files": [file("b.txt", b"synthetic b")], "upload": first.json()["upload"]})
    assert second.json() == first.json()
    assert Upload.objects.get().files.count() == 2


def test_users_cannot_add_to_another_users_batch(as_supervisor: Client, batch: Upload) -> None:
    answer = as_supervisor.post(reverse("upload_list"), {"files": [file("a.txt", b"x")], "upload": str(batch.pk)})
    assert answer.status_code == 404


def test_an_upload_without_files_is_reported(as_casemanager: Client) -> None:
    answer = as_casemanager.post(reverse("upload_list"), follow=True)
    assert "Choose one or more files first." in answer.content.decode()


@pytest.mark.parametrize("name", ["upload_list", "letter_list"])
def test_pages_need_the_permission(client: Client, people: People, name: str) -> None:
    client.force_login(people.outsider)
    assert client.get(reverse(name)).status_code == 403
    assert client.post(reverse("upload_list"), {"files": [file("a.txt", b"x")]}).status_code == 403
    assert not Letter.objects.exists()


# Progress


def test_every_file_has_its_state_reason_and_next_step(as_casemanager: Client, batch: Upload) -> None:
    page = as_casemanager.get(page_of(batch)).content.decode()
    for words in (
        "good.pdf", "Parsed", "CM17-0000001",
        "Duplicate", "This file is already in the system",
        "Needs review",
        "No text", "a new scan at 200 dots per inch or more",
        "Password needed", "Save a copy without the password",
        "Not a determination letter",
        "Refused: unsupported file type", "Save the letter as PDF",
    ):  # fmt: skip
        assert words in page


def test_progress_counts_link_to_their_lists(as_casemanager: Client, batch: Upload) -> None:
    page = as_casemanager.get(page_of(batch)).content.decode()
    for state, words in (
        ("parsed", "1 parsed"),
        ("look", "1 needs review"),
        ("failed", "3 could not be read"),
        ("duplicate", "1 duplicate"),
        ("refused", "1 refused"),
    ):
        assert f'<a href="?state={state}">{words}</a>' in page
    assert "hx-trigger" not in page


def test_an_unfinished_batch_refreshes_and_reports_a_missing_worker(as_casemanager: Client) -> None:
    upload = receive_files(by=None, files=[file("a.pdf", letter_pdf(1))])
    page = as_casemanager.get(page_of(upload)).content.decode()
    assert "1 waiting" in page
    assert 'hx-trigger="every 2s"' in page
    assert "No worker is running: 1 letter waits until one does." in page
    part = as_casemanager.get(page_of(upload), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<section id="batch"')


def test_a_document_without_a_letter_offers_export_and_no_retry(as_casemanager: Client) -> None:
    upload = receive_files(by=None, files=[file("letter.docx", b"A synthetic letter, or what is left of one")])
    ingest_letters(list(Letter.objects.values_list("pk", flat=True)))
    page = as_casemanager.get(page_of(upload)).content.decode()
    assert "Check that this is the right file. If it is a determination letter, open it in the program" in page
    assert "Read letter.docx again" not in page


def test_a_file_with_nothing_to_report_has_an_empty_reason(as_casemanager: Client, batch: Upload) -> None:
    assert (
        'data-label="Reason and next step"></td>'
        in as_casemanager.get(page_of(batch, "?state=parsed")).content.decode()
    )


def test_a_batch_says_that_the_worker_is_starting(as_casemanager: Client) -> None:
    upload = receive_files(by=None, files=[file("a.pdf", letter_pdf(1))])
    expect_worker()
    page = as_casemanager.get(page_of(upload)).content.decode()
    assert "The worker is starting" in page
    assert "No worker is running" not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?state=failed", {"scan.pdf", "locked.pdf", "list.txt"}),
        ("?state=no_text", {"scan.pdf"}),
        ("?state=duplicate", {"again.pdf"}),
        ("?state=refused", {"picture.gif"}),
        ("?state=look", {"no header.txt"}),
        ("?state=no_text&state=refused", {"scan.pdf", "picture.gif"}),
        ("?state=nonsense", set()),
    ],
)
def test_files_are_filtered_by_state(as_casemanager: Client, batch: Upload, query: str, names: set[str]) -> None:
    page = as_casemanager.get(page_of(batch, query)).content.decode()
    assert {name for name in batch.files.values_list("name", flat=True) if f">{name}<" in page} == names


def test_a_letter_names_the_message_it_arrived_in_and_is_found_by_it(as_casemanager: Client, batch: Upload) -> None:
    message = mail({"letter.pdf": letter_pdf(77), "old.doc": compound_file({"WordDocument": b"synthetic"})})
    receive_files(by=None, files=[file("message.eml", message)], upload=batch)
    ingest_letters(list(Letter.objects.filter(state="received").values_list("pk", flat=True)))
    page = as_casemanager.get(page_of(batch, "?name=MESSAGE.eml")).content.decode()
    assert '>letter.pdf</span> <span class="quiet small">in message.eml</span>' in page
    assert '>old.doc</span> <span class="quiet small">in message.eml</span>' in page
    assert "Refused: unsupported document" in page
    assert ">good.pdf<" not in page
    assert 'href="?state=refused&amp;name=MESSAGE.eml"' in page
    assert ">letter.pdf<" not in as_casemanager.get(page_of(batch, "?name=other&state=parsed")).content.decode()
    assert "Find files" in as_casemanager.get(page_of(batch)).content.decode()


def test_letters_that_need_attention_are_listed_across_batches(as_casemanager: Client, batch: Upload) -> None:
    page = as_casemanager.get(reverse("letter_list")).content.decode()
    assert {"scan.pdf", "locked.pdf", "list.txt", "no header.txt"} == {
        name for name in batch.files.values_list("name", flat=True) if f">{name}<" in page
    }
    failed = as_casemanager.get(reverse("upload_list") + "?state=failed", follow=True).content.decode()
    assert ">scan.pdf<" in failed
    assert ">no header.txt<" not in failed


def test_lists_are_paged_with_a_constant_number_of_queries(
    as_casemanager: Client, batch: Upload, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many = receive_files(by=None, files=(file(f"{n}.txt", b"synthetic %d" % n) for n in range(120)))
    with django_assert_max_num_queries(11):
        page = as_casemanager.get(page_of(many)).content.decode()
    assert ">49.txt<" in page
    assert ">50.txt<" not in page
    with django_assert_max_num_queries(14):
        as_casemanager.get(reverse("upload_list"))
    with django_assert_max_num_queries(24):
        as_casemanager.get(reverse("letter_list") + "?state=waiting")


# Retrying


def states_of(upload: Upload) -> dict[str, str]:
    return dict(upload.files.filter(outcome="accepted").values_list("name", "letter__state"))


def test_one_letter_is_read_again(as_casemanager: Client, batch: Upload) -> None:
    letter = batch.files.get(name="list.txt").letter
    assert letter
    answer = as_casemanager.post(reverse("retry_letters"), {"letter": letter.pk, "back": page_of(batch)})
    assert answer.headers["Location"] == page_of(batch)
    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == ("received", 0)
    assert letter.queued_at is not None
    event = AuditEvent.objects.get(action="letters.retried")
    assert (event.by_name, event.letter_id) == ("casemanager", letter.pk)


def test_all_matching_letters_of_a_batch_are_read_again(as_casemanager: Client, batch: Upload) -> None:
    other = receive_files(by=None, files=[file("other list.txt", b"Another synthetic shopping list")])
    ingest_letters(list(other.files.values_list("letter_id", flat=True)))
    as_casemanager.post(reverse("retry_letters"), {"upload": batch.pk, "query": "state=failed"})
    states = states_of(batch)
    assert states["list.txt"] == "received"
    assert states["scan.pdf"] == "no_text"  # reading it again cannot help
    assert states["no header.txt"] == "needs_review"  # does not match
    assert states_of(other) == {"other list.txt": "not_determination"}


def test_all_matching_letters_of_all_batches_are_read_again(as_casemanager: Client, batch: Upload) -> None:
    as_casemanager.post(reverse("retry_letters"), {"query": ""})
    states = states_of(batch)
    assert (states["list.txt"], states["no header.txt"], states["good.pdf"]) == ("received", "received", "parsed")


def test_retrying_requires_permission(client: Client, people: People, batch: Upload) -> None:
    client.force_login(people.outsider)
    assert client.post(reverse("retry_letters"), {"query": ""}).status_code == 403
    assert "received" not in states_of(batch).values()


@pytest.mark.parametrize("data", [{"letter": "x"}, {"letter": "9" * 30}, {"upload": "x"}, {"upload": "999"}])
def test_invalid_numbers_give_404(as_casemanager: Client, data: dict[str, str]) -> None:
    assert as_casemanager.post(reverse("retry_letters"), data).status_code == 404


def test_the_redirect_stays_on_this_site(as_casemanager: Client) -> None:
    for back in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""):
        answer = as_casemanager.post(reverse("retry_letters"), {"query": "", "back": back})
        assert answer.headers["Location"] == reverse("letter_list")


# The original file


def test_the_original_is_sent_safely_and_audited(as_casemanager: Client, batch: Upload) -> None:
    letter = batch.files.get(name="good.pdf").letter
    assert letter
    answer = as_casemanager.get(reverse("letter_original", args=[letter.pk]))
    assert content_of(answer) == letter_pdf(1)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="CM17-0000001.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert AuditEvent.objects.get(action="original.downloaded").letter_id == letter.pk


def test_the_original_requires_permission(client: Client, people: People, batch: Upload) -> None:
    client.force_login(people.outsider)
    letter = Letter.objects.first()
    assert letter
    assert client.get(reverse("letter_original", args=[letter.pk])).status_code == 403
    assert not AuditEvent.objects.filter(action="original.downloaded").exists()


def test_a_batch_says_what_was_decided_and_lists_it(as_casemanager: Client, people: People) -> None:
    decisions = {1: "Upheld", 2: "Overturned", 3: "Overturned"}
    files = [file(f"{n}.txt", letter_text(n, decision=decision).encode()) for n, decision in decisions.items()]
    upload = receive_files(by=people.casemanager, files=files)
    ingest_letters(list(Letter.objects.values_list("pk", flat=True)))
    page = as_casemanager.get(page_of(upload)).content.decode()
    assert "<b>2 of 3</b> cases overturned" in page
    assert page.count('data-label="Outcome"><span class="badge is-overturned"') == 2
    link = re.search(r'href="(/cases/\?upload=[^"]+)"><b>', page)
    assert link
    assert as_casemanager.get(html.unescape(link[1])).context["count"].number == 2
