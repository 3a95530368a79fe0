"""Pages of sources: added, changed, paused, looked at and removed by administrators; forms keep what was typed."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from determinations.models import ArrivalRun, ArrivalSource, AuditEvent, Office, Upload
from tests.accessibility import faults_of
from tests.arrivals.conftest import look, watch
from tests.fixtures.people import People
from tests.letters_made import letter_pdf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def test_an_administrator_adds_changes_pauses_and_removes_a_source(as_admin: Client, root: Path) -> None:
    office = Office.objects.create(name="North desk")
    assert "No sources yet" in as_admin.get("/sources/").content.decode()
    form = {"name": "Mailroom", "path": f"{root}/north/", "after": "leave", "office": office.pk, "minutes": "5"}
    for wrong, words in (
        ({"path": "/etc"}, "Only folders below"),
        ({"minutes": "7"}, "Select a valid choice"),
        ({"name": ""}, "This field is required"),
        ({"office": "99"}, "Select a valid choice"),
    ):
        page = as_admin.post("/sources/add/folder/", form | wrong)
        assert page.status_code == 422
        text = page.content.decode()
        assert words in text
        assert "Nothing was saved" in text
        assert wrong.get("name", "Mailroom") in text
    address = as_admin.post("/sources/add/folder/", form).headers["Location"]
    source = ArrivalSource.objects.get()
    assert (source.options, source.office, source.minutes) == (
        {"path": f"{root}/north", "after": "leave"}, office, 5,
    )  # fmt: skip
    assert "There is a source with this name" in as_admin.post("/sources/add/folder/", form).content.decode()
    as_admin.post(f"{address}change/", form | {"name": "Morning mail"})
    for action in ("look", "pause", "look", "resume"):
        assert as_admin.post(address, {"do": action}).status_code == 302
    assert "Morning mail" in as_admin.get("/sources/").content.decode()
    assert as_admin.post(address, {"do": "other"}).status_code == 404
    assert as_admin.get("/sources/add/other/").status_code == 404
    as_admin.post(address, {"do": "remove"})
    assert not ArrivalSource.objects.exists()
    events = AuditEvent.objects.filter(action__startswith="arrival").order_by("pk")
    actions = [action.removeprefix("arrival.") for action in events.values_list("action", flat=True)]
    assert actions == ["added", "changed", "requested", "paused", "resumed", "removed"]


def test_only_administrators_open_the_pages(as_supervisor: Client, root: Path) -> None:
    source = watch(root / "north")
    for address in ("/sources/", "/sources/add/folder/", f"/sources/{source.pk}/", f"/sources/{source.pk}/change/"):
        assert as_supervisor.get(address).status_code == 403
        assert as_supervisor.post(address, {"do": "remove"}).status_code in (403, 405)
    assert 'href="/sources/"' not in as_supervisor.get("/profile/").content.decode()
    assert ArrivalSource.objects.exists()


@pytest.mark.usefixtures("at_once")
def test_pages_count_what_arrived_as_its_batch_does(
    as_admin: Client, root: Path, django_assert_max_num_queries: Any
) -> None:
    source = watch(root / "north", after="leave")
    (root / "north" / "one.pdf").write_bytes(letter_pdf(1))
    (root / "north" / "moving.gif").write_bytes(b"GIF89a")
    look(source, 2)
    upload = Upload.objects.get()
    expected = f'<a href="/uploads/{upload.pk}/">Batch {upload.pk}</a>: 1 new, 0 already here'
    for address in ("/sources/", f"/sources/{source.pk}/"):
        with django_assert_max_num_queries(14):
            page = as_admin.get(address).content.decode()
        assert expected in page
        assert "Unsupported file type (1)" in page
    assert "works" in page
    refused = as_admin.get(f"/uploads/{upload.pk}/?state=refused").content.decode()
    assert "moving.gif" in refused
    assert "one.pdf" not in refused
    (root / "north").rename(root / "away")
    look(source, 2)
    page = as_admin.get(f"/sources/{source.pk}/").content.decode()
    assert "failing" in page
    assert "2 times in a row" in page
    assert ArrivalRun.objects.count() == 2


HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
FORMS = {
    "mailbox": {
        "host": "127.0.0.1",
        "port": "1",
        "security": "tls",
        "folder": "INBOX",
        "taken": "Taken",
        "refused": "No",
    },
    "sftp": {"host": "127.0.0.1", "port": "1", "host_key": HOST_KEY, "folder": ".", "after": "move"},
    "s3": {"endpoint": "https://127.0.0.1:1", "region": "", "bucket": "letters", "start": "", "after": "move"},
}


@pytest.mark.parametrize(
    ("kind", "wrong", "place"),
    [
        ("mailbox", {"taken": "Inbox"}, {"host": "elsewhere.example.org"}),
        ("mailbox", {"host": "a b"}, {"port": "2"}),
        ("sftp", {"host_key": "ssh-ed25519 AAAA"}, {"user": "another"}),
        ("sftp", {"private_key": "-----BEGIN zebrawood"}, {"folder": "other"}),
        ("s3", {"endpoint": "http://127.0.0.1"}, {"bucket": "others"}),
        ("s3", {"endpoint": "https://user:word@127.0.0.1"}, {"endpoint": "https://elsewhere.example.org"}),
    ],
)
def test_secrets_are_typed_again_for_another_place_and_shown_nowhere(
    as_admin: Client, kind: str, wrong: dict[str, str], place: dict[str, str]
) -> None:
    form = FORMS[kind] | {"name": "Drop", "minutes": "15", "user": "synthetic"}
    secret = {"secret": "zebrawood"}
    pages = [
        as_admin.post(f"/sources/add/{kind}/", form),
        as_admin.post(f"/sources/add/{kind}/", form | secret | wrong),
    ]
    address = as_admin.post(f"/sources/add/{kind}/", form | secret).headers["Location"]
    source = ArrivalSource.objects.get()
    sealed = bytes(source.sealed_secret)
    assert as_admin.post(f"{address}change/", form | {"name": "Other name"}).status_code == 302
    source.refresh_from_db()
    assert (source.name, bytes(source.sealed_secret)) == ("Other name", sealed)
    pages += [as_admin.post(f"{address}change/", form | place)]
    assert [page.status_code for page in pages] == [422, 422, 422]
    pages += [as_admin.get(path) for path in ("/sources/", address, f"{address}change/", "/audit/")]
    assert not [page for page in pages if b"zebrawood" in page.content]
    assert not AuditEvent.objects.filter(detail__icontains="zebrawood").exists()
    assert b"zebrawood" not in sealed
    assert as_admin.post(f"{address}change/", form | place | secret).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("at_once")
def test_pages_are_accessible(sign_in: Any, people: People, root: Path) -> None:
    source = watch(root / "north")
    (root / "north" / "moving.gif").write_bytes(b"GIF89a")
    look(source, 2)
    (root / "north").rename(root / "away")
    look(source)
    page = sign_in(people.admin)
    for address in ("/sources/", f"/sources/{source.pk}/", "/sources/add/sftp/"):
        page.goto(address)
        assert (address, faults_of(page)) == (address, [])
