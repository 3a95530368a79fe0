"""``import_letters``: importing folders, keeping stored windows after an interruption, and resuming."""

import os
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from determinations.management.commands import import_letters
from determinations.models import Letter, Upload, UploadedFile
from imrsite.local.processes import spawn
from tests.extraction.files import archive
from tests.extraction.messages import mail
from tests.fixtures import ROOT
from tests.fixtures.people import People
from tests.fixtures.worker import child_environment
from tests.letters_made import letter_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_worker")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Letters in folders, with a copy, a hidden file, an archive and an unsupported file."""
    for n in range(30):
        place = tmp_path / "letters" / f"{n % 3}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{n}.txt").write_text(letter_text(n))
    root = tmp_path / "letters"
    (root / "copy.txt").write_text(letter_text(0))
    (root / ".hidden").write_text("synthetic")
    (root / "empty.pdf").touch()
    (root / "more.zip").write_bytes(archive({"inside.txt": letter_text(99).encode()}))
    return root


def run(*arguments: str | Path) -> str:
    out = StringIO()
    call_command("import_letters", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_folder_is_imported_on_the_bulk_lane(folder: Path, people: People) -> None:
    said = run(folder, "--note", "2017", "--by", "admin")
    upload = Upload.objects.get()
    assert (upload.note, upload.by) == ("2017", people.admin)
    assert f"Upload {upload.pk}: 31 letters, 1 duplicates, 1 refused." in said
    assert "31 letters are waiting: no worker is running." in said
    assert "33 of 33 files" in said
    assert set(Letter.objects.values_list("lane", flat=True)) == {"bulk"}
    assert not upload.files.filter(name__contains="hidden").exists()
    assert not Letter.objects.filter(queued_at=None).exists()


def test_a_second_run_imports_only_new_files(folder: Path) -> None:
    run(folder)
    (folder / "1" / "new.txt").write_text(letter_text(500))
    said = run(folder)
    assert "continuing after them" in said
    assert Upload.objects.count() == 1
    assert Letter.objects.count() == 32
    assert Upload.objects.get().files.filter(name__endswith="1/new.txt", outcome="accepted").count() == 1


def test_a_rewritten_file_is_imported_again(folder: Path) -> None:
    run(folder)
    (folder / "1" / "1.txt").write_text(letter_text(501))
    run(folder)
    assert Letter.objects.count() == 32
    run(folder)
    assert Letter.objects.count() == 32
    assert Upload.objects.get().files.filter(name__endswith="1/1.txt").count() == 2


def test_an_interrupted_import_keeps_stored_files_and_the_next_run_resumes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[str] = []

    def interrupt(lane: str) -> None:
        windows.append(lane)
        if len(windows) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(import_letters, "send_waiting", interrupt)
        with pytest.raises(CommandError, match="run the same command again to continue"):
            run(folder, "--window", "10")
    stored = Upload.objects.get().files.count()
    assert stored == 20
    run(folder)
    assert Letter.objects.count() == 31
    assert Upload.objects.get().files.exclude(outcome="accepted").count() == 2


def test_an_import_killed_within_an_archive_resumes_without_a_second_row_for_any_file(tmp_path: Path) -> None:
    members = 400
    letters = {f"{n}.txt": f"A synthetic file, number {n}".encode() for n in range(members)}
    (tmp_path / "letters.zip").write_bytes(archive(letters))
    (tmp_path / "message.eml").write_bytes(mail({"one.txt": b"A synthetic file in a message"}))
    process = spawn(
        [sys.executable, "manage.py", "import_letters", str(tmp_path)],
        log=tmp_path.parent / "import.log", dies_by="KILL", cwd=ROOT, env=child_environment(),
    )  # fmt: skip
    while not UploadedFile.objects.exists() and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert 0 < UploadedFile.objects.count() < members
    for _ in range(2):  # the second run finds nothing to do
        run(tmp_path)
        names = list(UploadedFile.objects.values_list("name", flat=True))
        assert len(names) == len(set(names)) == members + 1
        assert not UploadedFile.objects.exclude(outcome="accepted").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_refused(folder: Path) -> None:
    (folder / "copy.txt").chmod(0)
    assert "2 refused" in run(folder)


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        run(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="The account nobody does not exist"):
        run(tmp_path, "--by", "nobody")
