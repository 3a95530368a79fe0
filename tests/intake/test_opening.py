"""Archives and messages of web uploads: stored by the request, opened by a worker, nothing lost or doubled."""

import hashlib
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations.extraction.containers.reader import ContainerReader
from determinations.extraction.results import TooSlow
from determinations.intake import arrivals, opening, store_check
from determinations.intake.opening import Patience, open_waiting
from determinations.intake.receiving import receive_upload
from determinations.intake.receiving import receive_window as keep_window
from determinations.models import AuditEvent, ErasedLetter, Letter, UnopenedFile, Upload, UploadedFile
from determinations.models.letters import OPEN_STATES
from determinations.tasks import open_files, sweep
from imrsite.celery import app
from tests.extraction.files import archive
from tests.extraction.messages import mail, outlook, portfolio, winmail
from tests.fixtures.people import People
from tests.fixtures.services import broker_client
from tests.fixtures.stored import stored_path
from tests.fixtures.worker import Worker
from tests.letters_made import letter_pdf, letter_text

pytestmark = pytest.mark.django_db(transaction=True)


def receive(files: dict[str, bytes], upload: Upload | None = None) -> Upload:
    contents = [ContentFile(data, name=name) for name, data in files.items()]
    return receive_upload(by=None, files=contents, upload=upload)


def open_all(**patience: float) -> None:
    for _ in open_waiting(seconds=60, patience=Patience(**patience)):
        pass


def entries(upload: Upload) -> list[tuple[str, str, str]]:
    return list(upload.files.order_by("received_at", "pk").values_list("name", "outcome", "reason"))


def stored(row: UnopenedFile) -> Path:
    return stored_path(row.stored.store_name)


def synthetic(files: int) -> dict[str, bytes]:
    return {f"{n}.txt": f"A synthetic file, number {n}".encode() for n in range(files)}


# The request


def test_a_request_stores_containers_unopened_and_a_worker_replaces_them(broker: None, people: People) -> None:
    word = archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
    upload = receive(
        {
            "a.txt": b"synthetic",
            "letters.zip": archive({"one.pdf": letter_pdf(1), "same.pdf": letter_pdf(1), "x.gif": b"GIF89a"}),
            "message.eml": mail({"two.pdf": letter_pdf(2)}),
            "saved.msg": outlook({"three.pdf": letter_pdf(3)}),
            "winmail.dat": winmail({"four.pdf": letter_pdf(4)}),
            "carries.pdf": portfolio({"five.pdf": letter_pdf(5)}),
            "document.docx": word,
            "damaged.zip": archive({"a.txt": b"synthetic"})[:-9],
            "z.txt": b"synthetic z",
        }
    )
    assert [outcome for _, outcome, _ in entries(upload)] == [
        "accepted", "opening", "opening", "opening", "opening", "opening", "accepted", "refused", "accepted",
    ]  # fmt: skip
    assert Letter.objects.count() == 3
    paths = [stored(row) for row in UnopenedFile.objects.all()]
    assert all(path.is_file() for path in paths)
    checked = store_check.check_files()
    assert (checked.files, checked.missing, checked.damaged) == (8, [], [])

    open_all()
    assert entries(upload) == [
        ("a.txt", "accepted", ""),
        ("letters.zip/one.pdf", "accepted", ""),
        ("letters.zip/same.pdf", "duplicate", ""),
        ("letters.zip/x.gif", "refused", "unsupported"),
        ("message.eml/two.pdf", "accepted", ""),
        ("saved.msg/three.pdf", "accepted", ""),
        ("winmail.dat/four.pdf", "accepted", ""),
        ("carries.pdf", "accepted", ""),
        ("carries.pdf/five.pdf", "accepted", ""),
        ("document.docx", "accepted", ""),
        ("damaged.zip", "refused", "archive_damaged"),
        ("z.txt", "accepted", ""),
    ]
    assert not UnopenedFile.objects.exists()
    left = [path for path in paths if path.is_file()]
    assert [path.name for path in left] == [Letter.objects.get(arrivals__name="carries.pdf").sha256]
    event = AuditEvent.objects.filter(action="letters.unpacked").earliest("pk")
    assert event.detail == {"upload": upload.pk, "accepted": 1, "duplicate": 1, "refused": 1}


def test_letters_of_a_container_count_as_received_with_it(broker: None) -> None:
    upload = receive({"letters.zip": archive({"one.pdf": letter_pdf(1)})})
    at = upload.files.get().received_at
    open_all()
    assert upload.files.get().received_at == at
    assert Letter.objects.get().received_at == at


def test_what_no_worker_could_open_is_refused_by_the_request(broker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    data = archive({"one.pdf": letter_pdf(1)})
    monkeypatch.setattr(settings, "ARCHIVE_BYTES", len(data) - 1)
    assert entries(receive({"letters.zip": data})) == [("letters.zip", "refused", "archive_too_large")]


# Pages


def test_a_batch_is_unfinished_while_a_container_waits(broker: None, as_casemanager: Client) -> None:
    files = [
        SimpleUploadedFile("letters.zip", archive({"one.txt": letter_text(1).encode()})),
        SimpleUploadedFile("a.txt", letter_text(2).encode()),
    ]
    answer = as_casemanager.post(reverse("upload_list"), {"files": files})
    upload = Upload.objects.get()
    page = as_casemanager.get(answer.headers["Location"]).content.decode()
    for words in ("2 waiting", "Being opened", "takes the letters out of it", 'hx-trigger="every 2s"', 'value="0"'):
        assert words in page, words
    listed = as_casemanager.get(reverse("upload_list")).content.decode()
    assert f'href="{reverse("upload_detail", args=[upload.pk])}?state=waiting">2</a>' in listed
    waiting = as_casemanager.get(answer.headers["Location"] + "?state=waiting").content.decode()
    assert ">letters.zip<" in waiting
    assert ">a.txt<" in waiting
    assert ">letters.zip<" not in as_casemanager.get(answer.headers["Location"] + "?state=refused").content.decode()
    open_all()
    page = as_casemanager.get(answer.headers["Location"]).content.decode()
    assert '>one.txt</span> <span class="quiet small">in letters.zip</span>' in page
    assert "Being opened" not in page


def test_users_remove_what_is_not_opened_of_their_own_batches(broker: None, people: People, client: Client) -> None:
    upload = receive_upload(by=people.admin, files=[ContentFile(archive(synthetic(1)), name="letters.zip")])
    file, path = upload.files.get(), stored(UnopenedFile.objects.get())
    address = reverse("remove_unopened", args=[upload.pk])
    client.force_login(people.casemanager)
    assert "Remove letters.zip" not in client.get(reverse("upload_detail", args=[upload.pk])).content.decode()
    assert client.post(address, {"file": file.pk}).status_code == 403
    client.force_login(people.admin)
    assert "Remove letters.zip" in client.get(reverse("upload_detail", args=[upload.pk])).content.decode()
    assert client.post(address, {"file": "x"}).status_code == 404
    page = client.post(address, {"file": file.pk}, follow=True).content.decode()
    assert "Refused: removed before it was opened" in page
    assert not path.exists()
    assert AuditEvent.objects.get(action="letters.unopened_removed").detail == {"upload": upload.pk, "file": file.pk}
    assert "Nothing was removed." in client.post(address, {"file": file.pk}, follow=True).content.decode()
    open_all()
    assert not Letter.objects.exists()


def test_a_batch_is_not_moved_while_a_container_waits(broker: None, as_admin: Client) -> None:
    upload = receive({"letters.zip": archive(synthetic(1))})
    page = as_admin.get(reverse("move_batch", args=[upload.pk]), follow=True).content.decode()
    assert "Files of this batch are being opened. Nothing was moved" in page


# Crashes and limits


def interrupt_after(windows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the process end within the window after these."""
    kept = [0]

    def interrupted(**window: Any) -> Any:
        if kept[0] == windows:
            raise KeyboardInterrupt
        kept[0] += 1
        return keep_window(**window)

    monkeypatch.setattr(opening, "receive_window", interrupted)


def test_an_interrupted_container_goes_on_without_second_entries(
    broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_WINDOW_FILES", 3)
    twice = {f"{folder}/same.txt": b"A synthetic file" for folder in "ab"}
    files = {**synthetic(7), "x.gif": b"GIF89a", **twice}
    ErasedLetter.objects.create(
        letter_id=1,
        sha256=hashlib.sha256(files["1.txt"]).hexdigest(),
        reason="request",
        at=timezone.now(),
        by_id=1,
        by_name="a",
    )
    upload = receive({"letters.zip": archive(files)})
    same_name = receive({"letters.zip": archive(files)}, upload)  # another container of the same name
    assert same_name == upload
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        with pytest.raises(KeyboardInterrupt):
            open_all()
    assert upload.files.filter(outcome="opening").count() == 2
    assert upload.files.exclude(outcome="opening").count() == 6
    open_all()
    assert not UnopenedFile.objects.exists()
    names = list(upload.files.values_list("name", flat=True))
    assert sorted(names) == sorted([f"letters.zip/{name}" for name in files] * 2)
    assert upload.files.filter(outcome="accepted").count() == 7
    assert upload.files.filter(reason="erased").count() == 2


def test_a_container_that_ends_its_worker_each_time_is_refused(broker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = receive({"letters.zip": archive(synthetic(1)), "other.zip": archive({"b.txt": b"synthetic b"})})
    UnopenedFile.objects.filter(file__name="letters.zip").update(attempts=opening.ATTEMPTS)
    open_all()
    assert entries(upload) == [("letters.zip", "refused", "opening_failed"), ("other.zip/b.txt", "accepted", "")]


def test_a_container_without_its_stored_file_is_refused_and_says_so(broker: None) -> None:
    upload = receive({"letters.zip": archive(synthetic(1))})
    stored(UnopenedFile.objects.get()).unlink()
    assert store_check.check_files().missing == [UnopenedFile.objects.get().sha256]
    open_all()
    assert entries(upload) == [("letters.zip", "refused", "unreadable")]
    assert "Upload the same file again" in upload.files.get().message


def test_containers_take_turns_and_one_without_progress_is_too_slow(
    broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_WINDOW_FILES", 2)
    upload = receive({"a.zip": archive(synthetic(6)), "b.zip": archive({"b.txt": b"synthetic b"})})
    open_all(new=0.0)
    assert {name.partition("/")[0]: outcome for name, outcome, _ in entries(upload)}["b.zip"] == "accepted"
    assert upload.files.filter(name__startswith="a.zip/").count() == 2
    assert opening.any_due(timezone.now())
    open_all(new=0.0)  # no other waits
    assert upload.files.filter(name__startswith="a.zip/").count() == 6
    slow = receive({"c.zip": archive(synthetic(3))})
    known = {"upload": slow, "outcome": "duplicate", "received_at": timezone.now(), "container": slow.files.get().pk}
    UploadedFile.objects.bulk_create(  # received in an earlier turn
        UploadedFile(name=f"c.zip/{n}.txt", letter=Letter.objects.get(arrivals__name=f"a.zip/{n}.txt"), **known)
        for n in range(2)
    )
    open_all(whole=0.0)
    refused = slow.files.get(outcome="refused")
    assert (refused.name, refused.reason, refused.message) == (
        "c.zip", "too_slow", "Opening the file takes longer than allowed.",
    )  # fmt: skip


def test_a_message_that_hangs_the_reader_has_the_usual_reason(broker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ContainerReader, "_open_once", _hang)
    upload = receive({"message.eml": mail({"one.pdf": letter_pdf(1)})})
    open_all()
    assert entries(upload) == [("message.eml", "refused", "too_slow")]


def _hang(self: ContainerReader, form: str, data: bytes) -> Any:
    from determinations.extraction.containers.results import ContainerRefused

    raise ContainerRefused("too_slow", "Opening the file takes longer than allowed.") from TooSlow("synthetic")


# Messages and workers


def test_a_lost_message_is_sent_again_by_the_sweep(broker: None, as_casemanager: Client) -> None:
    as_casemanager.post(reverse("upload_list"), {"files": [SimpleUploadedFile("a.zip", archive(synthetic(3)))]})
    app.control.purge()
    sweep()
    assert any(b"open_files" in message for message in broker_client().lrange("interactive", 0, -1))
    open_files()
    assert Upload.objects.get().files.filter(outcome="accepted").count() == 3


@pytest.mark.slow
def test_a_killed_process_of_the_worker_loses_and_doubles_nothing(worker: Worker, as_casemanager: Client) -> None:
    """The processes of a real worker are killed while one of them opens an archive, and it goes on."""
    letters = {f"{n}.eml": mail({"letter.txt": letter_text(n).encode()}) for n in range(3)}
    dropped = [SimpleUploadedFile("letters.zip", archive(synthetic(270) | letters))]
    as_casemanager.post(reverse("upload_list"), {"files": dropped})
    upload = Upload.objects.get()
    wait_until(partial(has_files, upload, 1), every=0.002)
    for process in processes_of(worker):
        os.kill(process, signal.SIGKILL)
    wait_until(nothing_is_open, every=0.5)
    names = list(upload.files.values_list("name", flat=True))
    assert len(names) == len(set(names)) == 273
    assert upload.files.filter(outcome="accepted").count() == 273 == Letter.objects.count()
    assert Letter.objects.filter(state="parsed").count() == 3


def has_files(upload: Upload, least: int) -> bool:
    return upload.files.count() >= least


def nothing_is_open() -> bool:
    """Sweeps, as the scheduler does: PostgreSQL may hold a killed process's locks for an instant."""
    sweep()
    return not (UnopenedFile.objects.exists() or Letter.objects.filter(state__in=OPEN_STATES).exists())


def processes_of(worker: Worker) -> list[int]:
    """The processes in which the worker runs tasks."""
    main = worker.process.pid
    return list(map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split()))


def wait_until(true: Callable[[], bool], *, every: float) -> None:
    give_up_at = time.monotonic() + 60
    while not true():
        assert time.monotonic() < give_up_at
        time.sleep(every)
