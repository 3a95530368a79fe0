"""Mailboxes, SFTP servers and object stores, each with a real server: taken once, moved aside, and faults in words."""

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from determinations.arrivals import taking
from determinations.arrivals.sources import Draft, change_source
from determinations.models import ArrivalSource, Letter, Upload, UploadedFile
from determinations.models.clock import database_now
from determinations.storage.secrets import purpose_of, seal_secret
from tests.arrivals.conftest import look, source_of
from tests.arrivals.servers import PASSWORD, USER, free_port, mail_server, object_store, sftp_server
from tests.extraction.messages import mail
from tests.fixtures.people import People
from tests.letters_made import letter_pdf

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at_once")]


def with_secret(source: ArrivalSource, secret: str = PASSWORD) -> ArrivalSource:
    with transaction.atomic():
        source.sealed_secret = seal_secret(purpose_of(source), secret)
        source.save()
    return source


def killed(*details: object) -> None:
    raise KeyboardInterrupt


def interrupted_before_moving(source: ArrivalSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that ends after the rows are committed."""
    with monkeypatch.context() as patched:
        patched.setattr(taking, "_put_aside", killed)
        with pytest.raises(KeyboardInterrupt):
            look(source)


def outcomes() -> list[tuple[str, str]]:
    return sorted(UploadedFile.objects.values_list("name", "outcome"))


def test_messages_are_taken_whole_and_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server(tmp_path) as server:
        server.client.create_folder("Letters")
        for number in (1, 2):
            server.client.append("Letters", mail({"one.pdf": letter_pdf(number)}))
        server.client.append("Letters", b"GIF89a synthetic")
        options = {
            "host": "127.0.0.1", "port": str(server.port), "security": "starttls", "user": USER, "folder": "Letters",
            "taken": "Taken", "refused": "Refused",
        }  # fmt: skip
        source = with_secret(source_of("mailbox", options))
        assert "certificate" in look(source).fault
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        interrupted_before_moving(source, monkeypatch)
        assert server.client.folder_status("Letters")[b"MESSAGES"] == 3
        assert look(source).fault == ""
        assert [outcome for _, outcome in outcomes()] == ["opening", "opening", "refused"]
        assert outcomes()[0][0] == "Message 101 of Letters.eml"
        folders = {name: server.client.folder_status(name)[b"MESSAGES"] for name in ("Letters", "Taken", "Refused")}
        assert folders == {"Letters": 0, "Taken": 2, "Refused": 1}
        assert look(source).fault == ""
        assert Upload.objects.count() == 1
        assert "user name or the password" in look(with_secret(source, "wrong")).fault
        source.options["folder"] = "Nowhere"
        assert "refused a request" in look(with_secret(source)).fault
        source.options["port"] = str(free_port())
        source.save()
        assert "cannot be reached" in look(source).fault


def test_files_of_an_sftp_server_are_taken_from_the_known_host_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    folder = tmp_path / "drop"
    with sftp_server(folder) as server:
        options = {
            "host": "127.0.0.1", "port": str(server.port), "user": USER, "folder": ".", "host_key": server.host_key,
            "after": "move",
        }  # fmt: skip
        source = with_secret(source_of("sftp", options))
        (folder / "one.pdf").write_bytes(letter_pdf(1))
        (folder / "moving.gif").write_bytes(b"GIF89a")
        (folder / "half.pdf.filepart").write_bytes(b"half")
        (folder / "link.pdf").symlink_to("one.pdf")
        assert look(source).unsettled == 2
        assert not Upload.objects.exists()
        interrupted_before_moving(source, monkeypatch)
        assert look(with_secret(source, server.user_key)).fault == ""
        assert outcomes() == [("moving.gif", "refused"), ("one.pdf", "accepted")]
        assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")) == [
            "half.pdf.filepart", "link.pdf", "refused/moving.gif", "refused/moving.gif.reason.txt", "taken/one.pdf",
        ]  # fmt: skip
        assert "user name, the password or the key" in look(with_secret(source, "wrong")).fault
        settings.ARRIVAL_HOSTS = ["other.example.org"]
        assert "IMRSITE_ARRIVAL_HOSTS" in look(source).fault
        settings.ARRIVAL_HOSTS = []
        port = server.port
    with sftp_server(folder, port) as impostor:
        assert impostor.host_key != server.host_key
        assert "another host key" in look(with_secret(source)).fault
    assert "cannot be reached" in look(source).fault
    assert Letter.objects.count() == 1


def test_objects_of_a_bucket_are_taken_and_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any, people: People
) -> None:
    with object_store(tmp_path) as store:
        options = {
            "endpoint": store.endpoint, "region": "", "bucket": "letters", "start": "in/", "user": USER,
            "after": "move",
        }  # fmt: skip
        source = with_secret(source_of("s3", options))
        store.put("in/one.pdf", letter_pdf(1))
        store.put("in/north/moving.gif", b"GIF89a")
        assert "without HTTPS" in look(source).fault
        settings.ARRIVAL_HOSTS = ["127.0.0.1"]
        interrupted_before_moving(source, monkeypatch)
        assert look(source).fault == ""
        assert outcomes() == [("north/moving.gif", "refused"), ("one.pdf", "accepted")]
        moved = [
            "elsewhere/ready.txt", "in/refused/north/moving.gif", "in/refused/north/moving.gif.reason.txt",
            "in/taken/one.pdf",
        ]  # fmt: skip
        assert store.keys() == moved
        store.put("in/one.pdf", letter_pdf(2))
        source.options["after"] = "leave"
        source.save()
        look(source, 3)
        assert store.keys() == sorted([*moved, "in/one.pdf"])
        assert UploadedFile.objects.count() == 3
        draft = Draft("Elsewhere", options | {"bucket": "others"}, None, 5)
        change_source(source, draft, by=people.admin, now=database_now())
        source.refresh_from_db()
        assert bytes(source.sealed_secret) == b""  # it is not sent to another place
        assert "no such bucket" in look(with_secret(source)).fault
        assert "access key" in look(with_secret(source, "wrong")).fault
