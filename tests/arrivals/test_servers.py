"""Mailboxes, SFTP servers and object stores, each with a real server: taken once, moved aside, and faults in words."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from determinations.arrivals.sources import Draft, change_source
from determinations.models import ArrivalRun, ArrivalSource, ArrivedItem, AuditEvent, Letter, Upload, UploadedFile
from determinations.models.clock import database_now
from determinations.storage.secrets import purpose_of, seal_secret
from imrsite.store_address import Bucket
from tests.arrivals.conftest import look, source_of, watch
from tests.arrivals.servers import PASSWORD, USER, MailServer, SftpServer, free_port, sftp_server
from tests.arrivals.servers import mail_server as running_mail_server
from tests.extraction.messages import mail
from tests.fixtures import ROOT
from tests.fixtures.object_storage import KEYS, ObjectStorage
from tests.fixtures.people import People
from tests.fixtures.worker import child_environment
from tests.letters_made import letter_pdf

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at_once")]


def with_secret(source: ArrivalSource, secret: str = PASSWORD) -> ArrivalSource:
    with transaction.atomic():
        source.sealed_secret = seal_secret(purpose_of(source), secret)
        source.save()
    return source


def options_of_mail(server: MailServer, folder: str) -> dict[str, str]:
    return {
        "host": "127.0.0.1", "port": str(server.port), "security": "starttls", "user": USER, "folder": folder,
        "taken": f"{folder}-taken", "refused": f"{folder}-refused",
    }  # fmt: skip


def options_of_sftp(server: SftpServer) -> dict[str, str]:
    return {
        "host": "127.0.0.1", "port": str(server.port), "user": USER, "folder": ".", "host_key": server.host_key,
        "after": "move",
    }  # fmt: skip


def options_of_bucket(part: Bucket) -> dict[str, str]:
    return {
        "endpoint": part.endpoint, "region": "", "bucket": part.name, "start": part.prefix, "user": KEYS[0],
        "after": "move",
    }  # fmt: skip


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with running_mail_server(tmp_path_factory.mktemp("mail")) as server:
        yield server


def outcomes() -> list[tuple[str, str]]:
    return sorted(UploadedFile.objects.values_list("name", "outcome"))


@dataclass(frozen=True)
class Emptied:
    """A source with 4 files, one of which is refused; ``left``, ``taken`` and ``refused`` count what is where."""

    source: ArrivalSource
    counts: Callable[[], tuple[int, int, int]]


def killed_sources(
    root: Path, drop: SftpServer, mail: MailServer, storage: ObjectStorage, part: Bucket
) -> Iterator[Emptied]:
    """A source of each kind."""
    letters = {f"{number}.txt": b"A synthetic file, number %d" % number for number in range(3)}

    def of_folder(folder: Path) -> Callable[[], tuple[int, int, int]]:
        def counts() -> tuple[int, int, int]:
            plain = [path for path in folder.iterdir() if path.is_file()]
            aside = [list((folder / name).iterdir()) for name in ("taken", "refused")]
            return len(plain), len(aside[0]), len(aside[1]) - 1  # one is the reason

        return counts

    for folder in (root / "north", drop.folder):
        folder.mkdir(exist_ok=True)
        for name, content in letters.items():
            (folder / name).write_bytes(content + str(folder).encode())
        (folder / "moving.gif").write_bytes(b"GIF89a")
    yield Emptied(look(watch(root / "north")), of_folder(root / "north"))
    yield Emptied(look(with_secret(source_of("sftp", options_of_sftp(drop)))), of_folder(drop.folder))
    mail.client.create_folder("Killed")
    for number in range(3):
        mail.client.append("Killed", b"Subject: synthetic\r\n\r\nA synthetic message, number %d" % number)
    mail.client.append("Killed", b"GIF89a synthetic")

    def of_mail() -> tuple[int, int, int]:
        names = ("Killed", "Killed-taken", "Killed-refused")
        left, taken, refused = (mail.client.folder_status(name)[b"MESSAGES"] for name in names)
        return left, taken, refused

    yield Emptied(with_secret(source_of("mailbox", options_of_mail(mail, "Killed"))), of_mail)
    for name, content in letters.items():
        storage.client.put_object(Bucket=part.name, Key=part.prefix + name, Body=content)
    storage.client.put_object(Bucket=part.name, Key=f"{part.prefix}moving.gif", Body=b"GIF89a")

    def of_bucket() -> tuple[int, int, int]:
        names = keys_of(storage, part)
        taken, refused = (sum(name.startswith(aside) for name in names) for aside in ("taken/", "refused/"))
        return len(names) - taken - refused, taken, refused - 1

    yield Emptied(with_secret(source_of("s3", options_of_bucket(part)), KEYS[1]), of_bucket)


def keys_of(storage: ObjectStorage, part: Bucket) -> list[str]:
    listed = storage.client.list_objects_v2(Bucket=part.name, Prefix=part.prefix).get("Contents", [])
    return sorted(entry["Key"].removeprefix(part.prefix) for entry in listed)


@pytest.mark.slow
def test_nothing_is_lost_or_taken_twice_wherever_the_process_is_killed(
    root: Path, tmp_path: Path, mail_server: MailServer, object_storage: ObjectStorage, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    settings.ARRIVAL_HOSTS = ["127.0.0.1"]
    monkeypatch.setenv("SSL_CERT_FILE", str(mail_server.certificate))
    with sftp_server(tmp_path / "drop") as drop:
        emptied = list(killed_sources(root, drop, mail_server, object_storage, object_storage.new_part()))
        ids = ",".join(str(one.source.pk) for one in emptied)
        command = [sys.executable, "-m", "tests.arrivals.killed", ids, str(root)]
        killed = subprocess.run(command, cwd=ROOT, env=child_environment(), capture_output=True, text=True, check=True)
        ended = [line.split() for line in killed.stdout.splitlines()]
        points = ("halfway", "stored", "noted", "committed", "copied", "moved_one", "moved_one_again")
        assert ended == [[str(one.source.pk), point, "9"] for one in emptied for point in points], killed.stderr[
            -3000:
        ]
        assert "moving" not in killed.stderr
        for one in emptied:
            assert (one.source.kind, look(one.source).fault) == (one.source.kind, "")
            assert (one.source.kind, *one.counts()) == (one.source.kind, 0, 3, 1)
    for one in emptied:
        run = ArrivalRun.objects.get(source=one.source)
        files = UploadedFile.objects.filter(upload=run.upload)
        assert sorted(files.values_list("outcome", flat=True)) == ["accepted"] * 3 + ["refused"]
        assert len(set(files.values_list("name", flat=True))) == 4
        assert run.ended_at is not None
    assert Letter.objects.count() == 12
    recorded = AuditEvent.objects.filter(action="letters.uploaded").values_list("detail", flat=True)
    assert sum(detail["accepted"] + detail["refused"] for detail in recorded) == 16
    assert not ArrivedItem.objects.filter(taken=False).exists()


def test_messages_are_taken_whole_and_moved(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = mail_server
    server.client.create_folder("Letters")
    for number in (1, 2):
        server.client.append("Letters", mail({"one.pdf": letter_pdf(number)}))
    server.client.append("Letters", b"GIF89a synthetic")
    source = with_secret(source_of("mailbox", options_of_mail(server, "Letters")))
    assert "certificate" in look(source).fault
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    assert look(source).fault == ""
    assert [outcome for _, outcome in outcomes()] == ["opening", "opening", "refused"]
    assert outcomes()[0][0] == "Message 101 of Letters.eml"
    names = ("Letters", "Letters-taken", "Letters-refused")
    assert [server.client.folder_status(name)[b"MESSAGES"] for name in names] == [0, 2, 1]
    assert look(source).fault == ""
    assert Upload.objects.count() == 1
    assert "user name or the password" in look(with_secret(source, "wrong")).fault
    source.options["folder"] = "Nowhere"
    assert "refused a request" in look(with_secret(source)).fault
    source.options["port"] = str(free_port())
    source.save()
    assert "cannot be reached" in look(source).fault


def test_files_of_an_sftp_server_are_taken_from_the_known_host_alone(tmp_path: Path, settings: Any) -> None:
    folder = tmp_path / "drop"
    with sftp_server(folder) as server:
        source = with_secret(source_of("sftp", options_of_sftp(server)))
        (folder / "one.pdf").write_bytes(letter_pdf(1))
        (folder / "moving.gif").write_bytes(b"GIF89a")
        (folder / "half.pdf.filepart").write_bytes(b"half")
        (folder / "link.pdf").symlink_to("one.pdf")
        assert look(source).unsettled == 2
        assert not Upload.objects.exists()
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


def test_objects_of_a_bucket_are_taken_and_moved(object_storage: ObjectStorage, settings: Any, people: People) -> None:
    part, client = object_storage.new_part(), object_storage.client
    options = options_of_bucket(part)

    def put(name: str, body: bytes) -> None:
        client.put_object(Bucket=part.name, Key=part.prefix + name, Body=body)

    source = with_secret(source_of("s3", options), KEYS[1])
    put("one.pdf", letter_pdf(1))
    put("north/moving.gif", b"GIF89a")
    assert "without HTTPS" in look(source).fault
    settings.ARRIVAL_HOSTS = ["127.0.0.1"]
    assert look(source).fault == ""
    assert outcomes() == [("north/moving.gif", "refused"), ("one.pdf", "accepted")]
    moved = ["refused/north/moving.gif", "refused/north/moving.gif.reason.txt", "taken/one.pdf"]
    assert keys_of(object_storage, part) == moved
    put("one.pdf", letter_pdf(2))
    source.options["after"] = "leave"
    source.save()
    look(source, 3)
    assert keys_of(object_storage, part) == sorted([*moved, "one.pdf"])
    assert UploadedFile.objects.count() == 3
    source.options["after"] = "move"
    source.save()
    assert look(source).fault == ""
    assert keys_of(object_storage, part) == sorted([*moved, "taken/one (2).pdf"])
    draft = Draft("Elsewhere", options | {"bucket": "others"}, None, 5)
    change_source(source, draft, by=people.admin, now=database_now())
    source.refresh_from_db()
    assert bytes(source.sealed_secret) == b""  # it is not sent to another place
    assert "no such bucket" in look(with_secret(source, KEYS[1])).fault
    assert "access key" in look(with_secret(source, "wrong")).fault
