"""The upload page in a real browser, with a real worker behind it."""

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from determinations.models import Letter, Upload
from tests.extraction.files import archive, scanned_pdf
from tests.extraction.formatted import open_document, word
from tests.fixtures.people import People
from tests.fixtures.worker import Worker
from tests.letters_made import THERAPY, letter_pdf, letter_text

pytestmark = pytest.mark.django_db(transaction=True)


def files(folder: Path, number: int) -> list[Path]:
    """Create this many letters, plus one in each document format, a scan, an image, and a ZIP of one more letter and a
    copy of the first."""
    made = []
    for n in range(number):
        made.append(folder / f"letter {n:03}.pdf")
        made[-1].write_bytes(letter_pdf(n))
    odd = {
        "letter.docx": word(*letter_text(901).splitlines()),
        "letter.odt": open_document("".join(f"<text:p>{line}</text:p>" for line in letter_text(902).splitlines())),
        "letter.rtf": b"{\\rtf1\\ansi %b}" % letter_text(903).replace("\n", "\\par\n").encode(),
        "scan.pdf": scanned_pdf(),
        "picture.gif": b"GIF89a",
        "more.zip": archive({"inside.txt": letter_text(900).encode(), "copy.pdf": letter_pdf(0)}),
        "list.txt": b"A synthetic shopping list",
    }
    for name, data in odd.items():
        made.append(folder / name)
        made[-1].write_bytes(data)
    return made


def test_uploading_following_progress_reloading_and_retrying(
    sign_in: Any, people: People, worker: Worker, tmp_path: Path
) -> None:
    page = sign_in(people.casemanager)
    page.goto("/uploads/")
    page.set_input_files("#id_files", files(tmp_path, 45))  # three requests
    page.wait_for_url("**/uploads/*/")
    upload = Upload.objects.get()

    # The page follows the worker automatically.
    expect(page.get_by_role("link", name="49 parsed")).to_be_visible(timeout=60_000)
    expect(page.locator("#batch")).not_to_have_attribute("hx-trigger", "every 2s", timeout=30_000)
    assert upload.files.count() == 53
    words = page.locator(".batch-words")
    expect(words).to_contain_text("2 could not be read · 1 duplicate · 1 refused · read in")

    # A reload shows the same.
    page.reload()
    expect(words).to_contain_text("49 parsed · 2 could not be read · 1 duplicate · 1 refused")

    # Retry one letter from the list of failures.
    page.get_by_role("link", name="2 could not be read").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Read list.txt again").click()
    expect(page.locator(".toast")).to_contain_text("1 letter will be read again.")
    page.wait_for_url("**/uploads/*/?state=failed")
    expect(page.locator("tbody tr")).to_have_count(2, timeout=30_000)
    assert Letter.objects.get(arrivals__name="list.txt").state == "not_determination"

    # Letters in document formats are cases like the others.
    documents = Letter.objects.filter(arrivals__name__startswith="letter.").order_by("arrivals__name")
    assert [letter.case.case_number for letter in documents] == ["CM17-0000901", "CM17-0000902", "CM17-0000903"]
    assert {letter.case.items.get().request for letter in documents} == {THERAPY}

    # A row leads to its case.
    page.goto(f"/uploads/{upload.pk}/?state=parsed")
    page.get_by_role("link", name="CM17-0000000").first.click()
    page.wait_for_url("**/cases/*/")


def test_files_can_be_dropped_anywhere_on_the_page(sign_in: Any, people: People, worker: Worker) -> None:
    page = sign_in(people.casemanager)
    page.goto("/uploads/")
    data = base64.b64encode(letter_pdf(1)).decode()
    transfer = page.evaluate_handle(
        """(data) => {
            const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "dropped.pdf", {type: "application/pdf"}));
            return transfer;
        }""",
        data,
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    expect(page.locator("#drop")).to_have_class("drop is-over")
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    page.wait_for_url("**/uploads/*/")
    expect(page.get_by_text("dropped.pdf")).to_be_visible()
    expect(page.get_by_role("link", name="1 parsed")).to_be_visible(timeout=30_000)


def test_a_failed_request_is_reported_and_can_be_resent(
    sign_in: Any, people: People, no_worker: None, tmp_path: Path
) -> None:
    page = sign_in(people.casemanager)
    page.goto("/uploads/")
    page.route(
        "**/uploads/", lambda route: route.fulfill(status=400) if route.request.method == "POST" else route.continue_()
    )
    page.set_input_files("#id_files", files(tmp_path, 2))
    expect(page.locator("#sending-words")).to_have_text("0 of 9 files stored; 9 did not arrive.")
    page.unroute("**/uploads/")
    page.get_by_role("button", name="Resend failed files").click()
    page.wait_for_url("**/uploads/*/")
    assert Upload.objects.get().files.count() == 9  # the archive is not opened yet
    expect(page.get_by_text("No worker is running: 8 letters wait until one does.")).to_be_visible()


def test_the_form_works_without_scripts(
    browser: Any, live_server: Any, sign_in: Any, people: People, no_worker: None, tmp_path: Path
) -> None:
    cookies = sign_in(people.casemanager).context.cookies()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/uploads/")
    page.set_input_files("#id_files", files(tmp_path, 2))
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/uploads/*/")
    expect(page.get_by_role("link", name="8 waiting")).to_be_visible()
    context.close()
