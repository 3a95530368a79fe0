"""``import_letters``: folders of letters, windows that stay when the run ends, and going on."""

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from determinations.management.commands import import_letters
from determinations.models import Letter, Upload
from tests.extraction.files import archive
from tests.fixtures.people import People
from tests.letters_made import letter_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_worker")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Letters in folders, with a copy, a hidden file, an archive and one that cannot be used."""
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


def test_a_folder_is_taken_in_on_the_bulk_lane(folder: Path, people: People) -> None:
    said = run(folder, "--note", "2017", "--by", "admin")
    upload = Upload.objects.get()
    assert (upload.note, upload.by) == ("2017", people.admin)
    assert f"Upload {upload.pk}: 31 letters, 1 duplicates, 1 refused." in said
    assert "31 letters are waiting: no worker is running." in said
    assert "33 of 33 files" in said
    assert set(Letter.objects.values_list("lane", flat=True)) == {"bulk"}
    assert not upload.files.filter(name__contains="hidden").exists()
    assert not Letter.objects.filter(queued_at=None).exists()


def test_the_same_run_again_stores_nothing_twice_and_takes_what_is_new(folder: Path) -> None:
    run(folder)
    (folder / "1" / "new.txt").write_text(letter_text(500))
    said = run(folder)
    assert "continuing after them" in said
    assert Upload.objects.count() == 1
    assert Letter.objects.count() == 32
    assert Upload.objects.get().files.filter(name__endswith="1/new.txt", outcome="accepted").count() == 1


def test_a_file_that_was_written_anew_is_taken_in_again(folder: Path) -> None:
    run(folder)
    (folder / "1" / "1.txt").write_text(letter_text(501))
    run(folder)
    assert Letter.objects.count() == 32
    run(folder)
    assert Letter.objects.count() == 32
    assert Upload.objects.get().files.filter(name__endswith="1/1.txt").count() == 2


def test_what_was_stored_before_an_interruption_stays_and_the_next_run_goes_on(
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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(folder: Path) -> None:
    (folder / "copy.txt").chmod(0)
    assert "2 refused" in run(folder)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        run(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="The account nobody does not exist"):
        run(tmp_path, "--by", "nobody")
