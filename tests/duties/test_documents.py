"""Documents of duties: attached, downloaded, removed."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from determinations.duties import documents
from determinations.models import (
    AuditEvent,
    Duty,
    DutyDocument,
    DutyState,
)
from determinations.storage.files import documents_area
from tests.duties.conftest import Store, received
from tests.fixtures.answers import content_of
from tests.fixtures.people import People
from tests.fixtures.stored import stored_path

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


PDF = b"%PDF-1.4 synthetic authorization"


def attach(client: Client, duty: Duty, content: bytes, name: str = "Sent.pdf", **more: str) -> Any:
    typed = {"do": "attach", "document": SimpleUploadedFile(name, content), **more}
    return client.post(f"/worklist/{duty.pk}/", typed)


def test_a_document_is_attached_downloaded_and_removed(
    as_casemanager: Client, people: People, store: Store, client: Client
) -> None:
    duty = received(store, people, 1, 3)
    day = f"{timezone.localdate():%m/%d/%Y}"
    attach(as_casemanager, duty, PDF, "Sent<1>.pdf", do="done", done_on=day, note="")
    document = DutyDocument.objects.get()
    assert (document.name, document.media_type, document.size) == ("Sent1.pdf", "application/pdf", len(PDF))
    assert Duty.objects.get().state == DutyState.DONE
    page = as_casemanager.get(f"/worklist/{duty.pk}/").content.decode()
    assert f'href="/worklist/documents/{document.pk}/"' in page
    sent = as_casemanager.get(f"/worklist/documents/{document.pk}/")
    assert content_of(sent) == PDF
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert documents_area().has(document.store_name)
    as_casemanager.post(f"/worklist/{duty.pk}/", {"do": "remove_document", "document": document.pk})
    assert not DutyDocument.objects.exists()
    events = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"duty.document_attached", "duty.document_downloaded", "duty.document_removed"} <= events


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00\x03", "not a PDF"),
        (b"<html><script>1</script></html>", "not a PDF"),
        (b"%PDF-1.4" + b"0" * (10 * 1024 * 1024), "10 MB are allowed"),
    ],
    ids=["empty", "program", "html", "large"],
)
def test_a_document_that_may_not_be_attached_changes_nothing(
    as_casemanager: Client, people: People, store: Store, content: bytes, reason: str
) -> None:
    duty = received(store, people, 1, 3)
    page = attach(as_casemanager, duty, content, do="done", done_on=f"{timezone.localdate():%m/%d/%Y}", note="Kept")
    assert page.status_code == 422
    assert reason in page.content.decode()
    assert ">Kept</textarea>" in page.content.decode()
    assert Duty.objects.get().state == DutyState.OPEN
    assert not DutyDocument.objects.exists()


def test_a_changed_document_is_not_sent(as_casemanager: Client, people: People, store: Store) -> None:
    duty = received(store, people, 1, 3)
    attach(as_casemanager, duty, PDF)
    document = DutyDocument.objects.get()
    path = stored_path(document.store_name, "documents")
    stored = path.read_bytes()
    path.write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
    assert as_casemanager.get(f"/worklist/documents/{document.pk}/").status_code == 404


def test_a_file_without_its_row_is_deleted(people: People, store: Store) -> None:
    duty = received(store, people, 1, 3)
    kept = documents.attach(duty, SimpleUploadedFile("a.pdf", PDF), by=people.casemanager, now=timezone.now())
    lost = documents.attach(duty, SimpleUploadedFile("b.pdf", PDF), by=people.casemanager, now=timezone.now())
    DutyDocument.objects.filter(pk=lost.pk).delete()
    assert documents.delete_files_without_row(now=timezone.now()) == 0  # it may be arriving
    documents.delete_files_without_row(now=timezone.now() + timedelta(days=2))
    assert documents_area().has(kept.store_name)
    assert not documents_area().has(lost.store_name)
