"""A watched folder: what is taken when, what becomes of the files, and what a source may not reach."""

import os
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from determinations.arrivals import looking, set_aside, storing, taking
from determinations.arrivals.connections import Item, Place, SourceFault
from determinations.arrivals.folder import Folder
from determinations.arrivals.names import shortened, with_number
from determinations.models import (
    ArrivalRun,
    ArrivedItem,
    AuditEvent,
    Letter,
    Office,
    OfficeSet,
    SetAsideItem,
    Upload,
    UploadedFile,
)
from determinations.operations.checking.safeguards import sources_of_letters
from determinations.operations.findings import Level
from determinations.tasks import look_for_letters, sweep
from tests.arrivals.conftest import look, watch
from tests.extraction.files import archive
from tests.fixtures.worker import Worker
from tests.letters_made import letter_pdf

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker", "at_once")]


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def outcomes(upload: Upload) -> dict[str, str]:
    return {name: reason or outcome for name, outcome, reason in upload.files.values_list("name", "outcome", "reason")}


@pytest.mark.django_db(transaction=False)
def test_a_name_is_cut_between_two_characters() -> None:
    assert shortened("x" + "é" * 200) == "x" + "é" * 109
    assert list(islice(with_number("x" + "é" * 200 + ".pdf"), 2))[1] == "x" + "é" * 109 + " (2).pdf"


def test_files_are_taken_as_by_an_upload_and_moved_aside(root: Path) -> None:
    office = Office.objects.create(name="North desk")
    source = watch(root / "north", office=office)
    folder = root / "north"
    (folder / "morning").mkdir()
    (folder / "one.pdf").write_bytes(letter_pdf(1))
    (folder / "morning" / "same.pdf").write_bytes(letter_pdf(1))
    (folder / "letters.zip").write_bytes(archive({"two.pdf": letter_pdf(2)}))
    (folder / "moving.gif").write_bytes(b"GIF89a")
    (folder / "half.pdf.part").write_bytes(b"half")
    (folder / ".hidden").write_bytes(b"hidden")
    assert look(source).unsettled == 4
    assert not Upload.objects.exists()
    assert not ArrivalRun.objects.exists()
    assert look(source).unsettled == 0
    upload = Upload.objects.get()
    assert (upload.office, upload.by, upload.note) == (office, None, "arrived from Synthetic folder")
    assert sorted(outcomes(upload).values()) == ["accepted", "duplicate", "opening", "unsupported"]
    assert outcomes(upload)["letters.zip"] == "opening"
    assert Letter.objects.get().office_set == OfficeSet.of([office.pk])
    assert names(folder) == [
        ".hidden", "half.pdf.part", "refused/moving.gif", "refused/moving.gif.reason.txt", "taken/letters.zip",
        "taken/morning/same.pdf", "taken/one.pdf",
    ]  # fmt: skip
    assert "Unsupported file type" in (folder / "refused" / "moving.gif.reason.txt").read_text()
    run = ArrivalRun.objects.get()
    assert (run.upload, run.ended_at is not None, run.fault, source.fault) == (upload, True, "", "")
    assert not ArrivedItem.objects.exists()
    event = AuditEvent.objects.get(action="letters.uploaded")
    assert (event.by_id, event.detail["source"], event.detail["refused"]) == (None, source.pk, 1)
    (folder / "one.pdf").write_bytes(letter_pdf(1))  # the same letter again is a duplicate, and goes beside the first
    look(source, 2)
    assert [file.outcome for file in UploadedFile.objects.exclude(upload=upload)] == ["duplicate"]
    assert "taken/one (2).pdf" in names(folder)
    assert look(source).fault == ""
    assert ArrivalRun.objects.count() == 2


def test_a_file_that_is_written_to_waits_until_it_is_the_same_twice(root: Path) -> None:
    source, letter = watch(root / "north"), letter_pdf(1)
    file = root / "north" / "slow.pdf"
    for part in (letter[:100], letter[:200], letter):
        file.write_bytes(part)
        assert look(source).unsettled == 1
        assert not Letter.objects.exists()
    look(source)
    assert Letter.objects.get().size == len(letter)


def test_a_file_that_changes_while_it_is_copied_is_not_taken(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = watch(root / "north")
    file = root / "north" / "slow.pdf"
    file.write_bytes(letter_pdf(1))
    look(source)
    fetch = Folder.fetch

    def grows(self: Folder, item: Any, target: Any) -> None:
        with file.open("ab") as more:
            more.write(b"more")
        fetch(self, item, target)

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "fetch", grows)
        assert look(source).unsettled == 1
    assert not Upload.objects.exists()
    look(source, 2)
    assert UploadedFile.objects.get().size == len(letter_pdf(1)) + 4


def test_files_that_stay_in_place_are_taken_once(root: Path) -> None:
    source = watch(root / "archive", after="leave")
    file = root / "archive" / "one.pdf"
    file.write_bytes(letter_pdf(1))
    (root / "archive" / "moving.gif").write_bytes(b"GIF89a")
    look(source, 4)
    assert UploadedFile.objects.count() == 2
    assert names(root / "archive") == ["moving.gif", "one.pdf"]
    os.utime(file, (1, 1))
    file.rename(file.with_name("renamed.pdf"))
    look(source, 3)
    assert UploadedFile.objects.count() == 2
    source.options["after"] = "move"
    source.save()
    look(source)
    assert names(root / "archive") == ["refused/moving.gif", "refused/moving.gif.reason.txt", "taken/renamed.pdf"]
    (root / "archive" / "moving.gif").write_bytes(b"GIF89a")
    look(source, 2)
    assert UploadedFile.objects.count() == 3


def test_nothing_outside_of_the_roots_is_reached(root: Path, tmp_path: Path, settings: Any) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.pdf").write_bytes(letter_pdf(1))
    source = watch(root / "north")
    folder = root / "north"
    (folder / "link.pdf").symlink_to(outside / "secret.pdf")
    (folder / "linked").symlink_to(outside)
    os.mkfifo(folder / "pipe.pdf")
    look(source, 3)
    assert not Upload.objects.exists()
    (root / "through").symlink_to(outside)
    for path in (root / "through", outside, root / ".." / "outside", Path("north"), Path(f"{root}side")):
        with pytest.raises(SourceFault):
            Folder(Place({"path": str(path)}, ""))
    (folder / "taken").symlink_to(outside)
    (folder / "one.pdf").write_bytes(letter_pdf(2))
    assert "cannot be moved" in look(source, 2).fault
    assert names(outside) == ["secret.pdf"]
    settings.ARRIVAL_ROOTS = []
    assert "IMRSITE_ARRIVAL_ROOTS" in look(source).fault
    assert source.failing_since is not None


def test_what_cannot_be_reached_is_said_once_and_taken_later(root: Path) -> None:
    source = watch(root / "north")
    (root / "north").rename(root / "away")
    look(source, 3)
    run = ArrivalRun.objects.get()
    assert (run.times, run.fault) == (3, source.fault)
    assert "No such file or directory" in source.fault
    (root / "away").rename(root / "north")
    assert (look(source).fault, source.failing_since) == ("", None)


def test_a_turn_ends_and_the_next_one_goes_on_with_its_batch(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "_WINDOW_FILES", 2)
    source = watch(root / "north")
    for number in range(5):
        (root / "north" / f"{number}.txt").write_bytes(b"synthetic %d" % number)
    look(source)
    for files in (2, 4, 5):
        list(looking.look_at(source.pk, seconds=0))
        assert UploadedFile.objects.count() == files
    source.refresh_from_db()
    assert Upload.objects.count() == 1
    while looking.is_due(source.pk):
        list(looking.look_at(source.pk, seconds=60))
    assert ArrivalRun.objects.get().ended_at is not None


def fails_on_bad(work: Any, name_of: Any, fault: type[Exception] = ValueError) -> Any:
    """The work, which fails on files that are named ``bad``."""

    def failing(*given: Any, **named: Any) -> Any:
        if "bad" in name_of(*given, **named):
            raise fault("synthetic words of a letter")
        return work(*given, **named)

    return failing


def test_a_file_that_fails_unexpectedly_is_set_aside_and_the_others_are_taken(
    root: Path, as_admin: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def of_item(connection: object, item: Item, *more: object) -> str:
        return item.name

    def of_window(*, arrivals: Any, **more: object) -> str:
        return " ".join(arrival.name for arrival in arrivals)

    steps = {"fetch": (Folder, of_item), "put_aside": (Folder, of_item), "receive_window": (storing, of_window)}
    for step, (owner, name_of) in steps.items():
        source, folder = watch(root / step, name=step), root / step
        for name in ("a", "bad", "c"):
            (folder / f"{name}.txt").write_bytes(f"A synthetic file of {step}, {name}".encode())
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(owner, step, fails_on_bad(getattr(owner, step), name_of))
            assert look(source, 4).fault == ""
            assert names(folder) == ["bad.txt", "taken/a.txt", "taken/c.txt"]
            page = as_admin.get(f"/sources/{source.pk}/").content.decode()
            assert "bad.txt" in page
            assert "ValueError" in page
            assert "synthetic words" not in page + caplog.text
            assert "1 set aside" in as_admin.get("/sources/").content.decode()
            finding = sources_of_letters()
            assert (finding.level, step in finding.what) == (Level.FAILING, True)
            as_admin.post(f"/sources/{source.pk}/", {"do": "again"})
            assert not SetAsideItem.objects.exists()
            assert look(source).fault == ""
            assert SetAsideItem.objects.count() == 1
        as_admin.post(f"/sources/{source.pk}/", {"do": "again"})
        assert look(source).fault == ""
        assert names(folder) == ["taken/a.txt", "taken/bad.txt", "taken/c.txt"]
        assert UploadedFile.objects.filter(upload__arrival_run__source=source).count() == 3
        assert sources_of_letters().level is Level.OK
    assert AuditEvent.objects.filter(action="arrival.tried_again").count() == 6


def test_files_are_not_blamed_for_the_machine_and_many_for_none(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, folder = watch(root / "north"), root / "north"
    for number in range(3):
        (folder / f"bad{number}.txt").write_bytes(b"synthetic %d" % number)
    look(source)

    def of_item(connection: object, item: Item, target: object) -> str:
        return item.name

    for fault in (OperationalError, MemoryError, BrokenPipeError):
        with monkeypatch.context() as patched:
            patched.setattr(Folder, "fetch", fails_on_bad(Folder.fetch, of_item, fault))
            with pytest.raises(fault):
                look(source)
        source.refresh_from_db()
        assert "failed unexpectedly" in source.fault
    assert not SetAsideItem.objects.exists()
    monkeypatch.setattr(set_aside, "MOST_SET_ASIDE", 1)
    with monkeypatch.context() as patched:
        patched.setattr(Folder, "fetch", fails_on_bad(Folder.fetch, of_item))
        assert "Nothing more is taken" in look(source, 2).fault
    (folder / SetAsideItem.objects.get().name).write_bytes(b"synthetic, other bytes")  # another file by now
    assert look(source, 3).fault == ""
    assert not SetAsideItem.objects.exists()
    assert len(names(folder / "taken")) == 3


def test_a_worker_looks_when_the_sweep_says_so(root: Path, worker: Worker) -> None:
    source = watch(root / "north", after="leave")
    (root / "north" / "one.pdf").write_bytes(letter_pdf(1))
    sweep()
    worker.wait_until_idle()
    source.refresh_from_db()
    assert "IMRSITE_ARRIVAL_ROOTS" in source.fault  # the setting of the worker's own process
    assert source.looked_at is not None
    assert source.due_at > source.looked_at
    look_for_letters(source.pk)  # not due: nothing happens
    assert not Upload.objects.exists()
