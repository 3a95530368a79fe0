"""Writing through the API: what the pages allow, once per idempotency key."""

import json
import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from determinations.access.row_rules import OTHER_STAFF
from determinations.intake.store_health import check_store
from determinations.models import (
    AuditEvent,
    CaseNote,
    CaseWork,
    Duty,
    Export,
    KeptAnswer,
    Letter,
    OfficeField,
    Receipt,
    Upload,
)
from tests.access.offices import limit, two_offices
from tests.api.conftest import Bearer, Caller
from tests.duties.conftest import Store
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
ITEMS = {"Twelve physical therapy sessions": "Overturned", "One synthetic knee brace": "Upheld"}


@pytest.fixture(autouse=True)
def tied_store(db: None) -> None:
    check_store()  # while there are no letters, it is tied to the database


@pytest.fixture
def writer(people: People, bearer: Caller) -> Bearer:
    return bearer(people.casemanager)


def _file(name: str = "letter.txt", text: str = "Synthetic letter.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), "text/plain")


def test_notes_are_added_read_and_edited(writer: Bearer, store: Store) -> None:
    pk = store(1, ITEMS)
    added = writer.write("POST", f"/api/v1/cases/{pk}/notes", {"text": "Called the provider."})
    assert added.status_code == 201
    note = CaseNote.objects.get()
    assert added.json() == {"id": note.pk, "address": f"/api/v1/notes/{note.pk}", "changed": 1}
    assert writer.get(added.json()["address"]).json()["text"] == "Called the provider."
    assert writer.write("PATCH", f"/api/v1/notes/{note.pk}", {"text": "Called twice."}).status_code == 200
    assert writer.get(f"/api/v1/cases/{pk}/notes").json()["results"][0]["text"] == "Called twice."
    bodies: tuple[object, ...] = ({"text": ""}, {"text": "a\u0000b"}, {}, {"text": 5}, [])
    for wrong in bodies:
        assert writer.write("POST", f"/api/v1/cases/{pk}/notes", wrong).status_code == 422, wrong
    event = AuditEvent.objects.get(action="note.added")
    assert (event.detail["access_token"], event.letter_id) == (writer.token.pk, pk)
    assert CaseNote.objects.count() == 1


def test_work_is_changed_in_part_and_all_or_nothing(writer: Bearer, people: People, store: Store) -> None:
    path = f"/api/v1/cases/{store(1, ITEMS)}/work"
    assert writer.write("PATCH", path, {"owner": "casemanager", "add_tags": ["urgent"]}).json()["changed"] == 2
    assert writer.write("PATCH", path, {"status": "authorizing"}).json()["changed"] == 1
    row = CaseWork.objects.get()
    assert (row.owner, row.status, row.tags) == (people.casemanager, "authorizing", ["urgent"])
    refused = writer.write("PATCH", path, {"owner": None, "status": "done", "add_tags": [" "]})
    assert refused.status_code == 422
    assert "Nothing was saved" in refused.json()["detail"]
    row.refresh_from_db()
    assert (row.owner, row.status) == (people.casemanager, "authorizing")
    assert writer.write("PATCH", path, {"owner": None}).json()["changed"] == 1


def test_duties_are_closed_reopened_and_assigned(writer: Bearer, store: Store) -> None:
    pk = store(1, ITEMS)
    duty = Duty.objects.get(letter=pk)
    path = f"/api/v1/duties/{duty.pk}"
    receipt = {"received_on": "2026-03-05", "service": "mail"}
    assert writer.write("PUT", f"/api/v1/cases/{pk}/receipt", receipt).json()["changed"] == 1
    assert Receipt.objects.get().service == "mail"
    assert writer.get(path).json()["due_on"]
    assert writer.write("PUT", f"{path}/assignee", {"user": "casemanager"}).json()["changed"] == 1
    assert [one["id"] for one in writer.get("/api/v1/duties?whose=mine").json()["results"]] == [duty.pk]
    early = writer.write("POST", f"{path}/closing", {"done_on": "2026-03-01"})
    assert (early.status_code, Duty.objects.get().state) == (422, "open")
    assert writer.write("POST", f"{path}/closing", {"done_on": "2026-03-06"}).json()["changed"] == 1
    assert writer.get(path).json()["state"] == "done"
    assert writer.get(f"/api/v1/cases/{pk}/duties").json()["duties"][0]["closed_on"] == "2026-03-06"
    assert writer.delete(f"{path}/closing").status_code == 200
    assert Duty.objects.get().state == "open"


def test_office_fields_are_entered_unless_someone_was_first(writer: Bearer, store: Store) -> None:
    path = f"/api/v1/cases/{store(1, ITEMS)}/fields"
    before = writer.get(path).json()
    assert writer.write("PATCH", path, {"values": {"employer": "Acme", "claim": "77"}}).json()["changed"] == 2
    after = writer.get(path).json()
    assert (after["values"]["employer"], after["values"]["claim"]) == ("Acme", "77")
    stale = writer.write("PATCH", path, {"values": {"employer": "Other"}}, If_Match=f'"{before["version"]}"')
    assert stale.status_code == 412
    fresh = writer.write("PATCH", path, {"values": {"employer": ""}}, If_Match=after["version"])
    assert fresh.json()["changed"] == 1
    assert writer.write("PATCH", path, {"values": {"nothing": "x"}}).status_code == 422
    OfficeField.objects.filter(key="employer").update(edited_by=["admin"])
    assert writer.write("PATCH", path, {"values": {"employer": "x"}}).status_code == 422
    assert writer.get(path).json()["values"]["employer"] == ""


def test_letters_are_uploaded_and_followed(writer: Bearer) -> None:
    answer = writer.post("/api/v1/letters", {"files": [_file(), _file("b.txt", "Another synthetic letter.")]})
    assert answer.status_code == 201, answer.content
    batch = Upload.objects.get()
    path = answer.json()["address"]
    assert path == f"/api/v1/uploads/{batch.pk}"
    progress = writer.get(path).json()
    assert (progress["files"], progress["waiting"], progress["is_done"]) == (2, 2, False)
    files = writer.get(f"{path}/files").json()["results"]
    assert [file["name"] for file in files] == ["letter.txt", "b.txt"]
    assert {file["letter"]["state"] for file in files} == {"received"}
    again = writer.post("/api/v1/letters", {"files": [_file()], "upload": batch.pk})
    assert again.json()["id"] == batch.pk
    assert writer.get(path).json()["duplicates"] == 1
    assert writer.get(f"{path}/files?state=duplicate").json()["results"][0]["outcome"] == "duplicate"
    assert len(writer.get("/api/v1/letters?state=waiting").json()["results"]) == 2
    for typo in (f"{path}/files?state=received&state=dublicate", "/api/v1/letters?state=recieved"):
        refused = writer.get(typo)
        assert refused.status_code == 422, typo  # and not every letter
        assert "received" in refused.json()["errors"][0]["what"]
    assert writer.post("/api/v1/letters", {}).status_code == 422
    assert Letter.objects.count() == 2


def test_uploads_of_limited_accounts_belong_to_their_office(people: People, bearer: Caller) -> None:
    offices = two_offices()
    limit(people.supervisor, offices.north)
    token = bearer(type(people.supervisor).objects.get(pk=people.supervisor.pk))
    assert token.post("/api/v1/letters", {"files": [_file()]}).status_code == 201
    assert Upload.objects.latest("pk").office == offices.north
    wrong = token.post("/api/v1/letters", {"files": [_file("c.txt", "Third.")], "office": offices.south.pk})
    assert wrong.status_code == 422


def test_limited_accounts_name_no_user_of_another_office(people: People, bearer: Caller) -> None:
    """The name that stands for all of them is not taken for one of them."""
    offices = two_offices()
    limit(people.supervisor, offices.north)
    limit(people.casemanager, offices.south)
    token = bearer(type(people.supervisor).objects.get(pk=people.supervisor.pk))
    duty = Duty.objects.get(letter=offices.ours)
    for name in (OTHER_STAFF, "casemanager"):
        refused = token.write("PUT", f"/api/v1/duties/{duty.pk}/assignee", {"user": name})
        assert refused.status_code == 422, name
    duty.refresh_from_db()
    assert duty.assigned_to is None


def test_exports_are_written_in_the_background(writer: Bearer, store: Store) -> None:
    store(1, ITEMS)
    started = writer.write("POST", "/api/v1/exports", {"list": "items", "query": "decision=overturned&sort=-decided"})
    export = Export.objects.get()
    assert started.json()["address"] == f"/api/v1/exports/{export.pk}"
    assert (export.query, export.format, export.masked) == ("decision=overturned&sort=-decided", "csv", False)
    status = writer.get(started.json()["address"]).json()
    assert (status["state"], status["file"]) == ("waiting", None)
    assert writer.get(f"/api/v1/exports/{export.pk}/file").status_code == 404
    assert writer.write("POST", "/api/v1/exports", {"list": "items", "query": "nothing=1"}).status_code == 422


def test_a_repeated_request_is_done_once(writer: Bearer, people: People, bearer: Caller, store: Store) -> None:
    path, note = f"/api/v1/cases/{store(1, ITEMS)}/notes", {"text": "Once."}
    first = writer.write("POST", path, note, Idempotency_Key="k1")
    again = writer.write("POST", path, note, Idempotency_Key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert writer.write("POST", path, {"text": "Other."}, Idempotency_Key="k1").status_code == 422
    assert CaseNote.objects.count() == 1
    other = bearer(people.admin)  # keys are a token's own
    assert other.write("POST", path, note, Idempotency_Key="k1").status_code == 201
    assert writer.write("POST", path, {"text": ""}, Idempotency_Key="k2").status_code == 422
    refused = writer.write("PATCH", f"{path[:-5]}work", {"owner": "nobody-of-this-name"}, Idempotency_Key="k3")
    assert refused.status_code == 422
    assert writer.write("PATCH", f"{path[:-5]}work", {"owner": "admin"}, Idempotency_Key="k3").status_code == 200
    assert "Once." not in json.dumps([answer.body for answer in KeptAnswer.objects.all()])
    upload = [writer.post("/api/v1/letters", {"files": [_file()]}, headers={"Idempotency-Key": "u"}) for _ in "ab"]
    assert upload[0].json() == upload[1].json()
    assert Upload.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_requests_at_the_same_time_one_writes(people: People, bearer: Caller, store: Store) -> None:
    writer = bearer(people.casemanager)
    path = f"/api/v1/cases/{store(1, ITEMS)}/notes"
    answers: list[Any] = []
    ready = threading.Barrier(4)

    def send() -> None:
        client = Bearer(writer.text, writer.token)
        ready.wait(timeout=30)
        answers.append(client.write("POST", path, {"text": "At once."}, Idempotency_Key="same"))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 3
    assert CaseNote.objects.count() == 1
    assert KeptAnswer.objects.get().at <= timezone.now()
