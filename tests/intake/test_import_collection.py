"""``import_collection``: archives beyond the limits of uploads, continued after a kill, and a report that adds up."""

import csv
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from determinations.intake.batches import progress_of
from determinations.models import Letter, Upload, UploadedFile
from determinations.reading.ingest import ingest_letters
from imrsite.local.processes import spawn
from tests.extraction.files import archive
from tests.fixtures import ROOT
from tests.fixtures.worker import child_environment
from tests.letters_made import letter_pdf, letter_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_worker")]


def run(*arguments: str | Path) -> str:
    out = StringIO()
    call_command("import_collection", *map(str, arguments), "--no-wait", stdout=out)
    return out.getvalue()


def read_all() -> None:
    ingest_letters(list(Letter.objects.filter(state="received").values_list("pk", flat=True)))


def counts_in(said: str) -> dict[str, int]:
    words = ("new", "amended", "already here", "unreadable", "waiting")
    lines = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    return {word: int(line.removeprefix(word)) for line in lines for word in words if line.startswith(word)}


def test_the_report_says_what_was_new_amended_here_and_unreadable(
    tmp_path: Path, as_admin: Client, settings: Any
) -> None:
    settings.ARCHIVE_BYTES = 1_000  # of an upload; a collection may be larger
    before, folder, report = tmp_path / "before", tmp_path / "published", tmp_path / "report.csv"
    before.mkdir()
    folder.mkdir()
    (before / "one.txt").write_text(letter_text(1))
    (before / "two.txt").write_text(letter_text(2))
    run(before)
    read_all()
    amended = letter_text(2, decision="Overturned").replace("Decision Date: 01/30/2017", "Decision Date: 03/30/2017")
    members = {
        "2017/CM17-0000001.txt": letter_text(1).encode(),
        "2017/CM17-0000002.txt": amended.encode(),
        "2017/CM17-0000003.pdf": letter_pdf(3),
        "2017/CM17-0000004 scanned.txt": b"A synthetic text that is no letter",
        "2017/CM17-0000009.txt": letter_text(5).encode(),
        "2017/=moving.gif": b"GIF89a",
        ".hidden": b"hidden",
    }
    (folder / "published.zip").write_bytes(archive(members))
    (folder / "cut.zip").write_bytes(archive({"a.txt": b"synthetic"}).replace(b"PK\1\2", b"PK__"))
    (folder / "copy.txt").write_text(letter_text(5) + "\n\n")
    said = run(folder, "--report", report)
    assert counts_in(said) == {"new": 0, "amended": 0, "already here": 1, "unreadable": 2, "waiting": 5}
    read_all()
    said = run(folder, "--report", report)
    counts = {"new": 2, "amended": 1, "already here": 2, "unreadable": 3, "waiting": 0}
    assert counts_in(said) == counts
    assert f"amended: CM17-0000002, {folder}/published.zip/2017/CM17-0000002.txt." in said
    with report.open(encoding="utf-8-sig", newline="") as file:
        lines = {Path(row["file"]).name: row for row in csv.DictReader(file)}
    assert len(lines) == sum(counts.values()) == 8
    assert (lines["CM17-0000004 scanned.txt"]["case number"], lines["CM17-0000004 scanned.txt"]["number from"]) == (
        "CM17-0000004", "file name",
    )  # fmt: skip
    assert lines["CM17-0000009.txt"]["case number"] == "CM17-0000005"
    assert "another number: CM17-0000009" in lines["CM17-0000009.txt"]["reason"]
    assert lines["CM17-0000003.pdf"]["outcome"] == "new"
    upload = Upload.objects.order_by("-pk")[0]
    progress = progress_of(upload, now=timezone.now())
    assert progress.duplicates == 1
    assert progress.refused + progress.of_group("failed") == counts["unreadable"]
    assert progress.of_group("parsed") + progress.of_group("look") == counts["new"] + counts["amended"] + 1  # a copy
    cases = as_admin.get(f"/cases/?upload={upload.pk}").content.decode()
    assert [number for number in range(1, 10) if f"CM17-{number:07d}" in cases] == [1, 2, 3, 5]
    with pytest.raises(CommandError, match="does not exist"):
        run(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="Nothing was imported"):
        run(folder, "--report", tmp_path / "nowhere" / "report.csv")


def test_an_import_that_is_killed_continues_without_a_second_row_for_any_file(tmp_path: Path) -> None:
    members = {f"{number}.txt": b"A synthetic file, number %d" % number for number in range(150)}
    collection = tmp_path / "collection"
    collection.mkdir()
    (collection / "published.zip").write_bytes(archive(members))
    process = spawn(
        [sys.executable, "manage.py", "import_collection", str(collection), "--no-wait", "--window", "25"],
        log=tmp_path / "import.log", dies_by="KILL", cwd=ROOT, env=child_environment(),
    )  # fmt: skip
    while not UploadedFile.objects.exists() and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert 0 < UploadedFile.objects.count() < len(members), (tmp_path / "import.log").read_text()
    for _ in range(2):  # the second run finds nothing to do
        run(collection)
        names = [Path(name).name for name in UploadedFile.objects.values_list("name", flat=True)]
        assert sorted(names) == sorted(members)
    assert Upload.objects.count() == 1
