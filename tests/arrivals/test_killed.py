"""A process that takes letters is killed at each step: nothing is lost, nothing is taken twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from determinations.arrivals import taking
from determinations.models import ArrivalRun, ArrivedItem, AuditEvent, Letter, Upload, UploadedFile
from tests.arrivals.conftest import look, watch
from tests.fixtures import ROOT
from tests.fixtures.worker import child_environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at_once")]
#: Enough for two windows.
FILES = taking._WINDOW_FILES + 5


def test_nothing_is_lost_or_taken_twice_wherever_the_process_is_killed(root: Path) -> None:
    source = watch(root / "north")
    folder = root / "north"
    contents = {f"{number}.txt": b"A synthetic file, number %d" % number for number in range(FILES - 1)}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "moving.gif").write_bytes(b"GIF89a")
    look(source)
    command = [sys.executable, "-m", "tests.arrivals.killed", str(source.pk), str(root)]
    killed = subprocess.run(command, cwd=ROOT, env=child_environment(), capture_output=True, text=True, check=True)
    points = ("halfway", "stored", "noted", "committed", "moved_one", "moved_one_again")
    assert killed.stdout.split("\n")[:-1] == [f"{point} 9" for point in points], killed.stderr[-3000:]
    for name in contents:
        assert name not in killed.stderr
    assert look(source).fault == ""
    assert sorted(UploadedFile.objects.values_list("name", flat=True)) == sorted([*contents, "moving.gif"])
    assert set(UploadedFile.objects.values_list("outcome", flat=True)) == {"accepted", "refused"}
    assert Letter.objects.count() == len(contents)
    assert Upload.objects.count() == ArrivalRun.objects.count() == 1
    assert ArrivalRun.objects.get().ended_at is not None
    assert {path.name: path.read_bytes() for path in (folder / "taken").iterdir()} == contents
    assert [path.name for path in folder.iterdir() if path.is_file()] == []
    recorded = AuditEvent.objects.filter(action="letters.uploaded").values_list("detail", flat=True)
    assert sum(detail["accepted"] + detail["refused"] for detail in recorded) == FILES
    assert not ArrivedItem.objects.filter(taken=False).exists()
