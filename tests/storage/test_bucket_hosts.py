"""Web server, worker and backups with one bucket and no common folder."""

import base64
import json
import signal
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from determinations.intake.receiving import receive_files
from determinations.intake.store_health import store_obstacle
from determinations.intake.stored_files import stored_bytes
from determinations.models import Case, Letter
from determinations.tasks import send_waiting
from imrsite.local.processes import stop_process
from imrsite.store_address import Bucket
from tests.fixtures.answers import content_of
from tests.fixtures.object_storage import ObjectStorage
from tests.fixtures.worker import Worker, start_worker
from tests.letters_made import letter_pdf

KEY = bytes([7]) * 32
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


@pytest.fixture
def bucket(own_bucket: Bucket, settings: Any, tmp_path: Path) -> Bucket:
    """The letter store of this process, which is the web server here."""
    settings.STORE_BUCKET, settings.FILE_KEYS = own_bucket, [KEY]
    settings.MEDIA_ROOT, settings.SCRATCH_DIR = tmp_path / "web", tmp_path / "web" / "scratch"
    return own_bucket


@pytest.fixture
def other_host(no_worker: None, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker with another local folder."""
    monkeypatch.setenv("STORE_URL", str(bucket))
    monkeypatch.setenv("S3_ENDPOINT_URL", bucket.endpoint)
    monkeypatch.setenv("S3_REGION", bucket.region)
    monkeypatch.setenv("FILE_KEYS", base64.b64encode(KEY).decode())
    monkeypatch.setenv("SCRATCH_DIR", str(tmp_path / "worker" / "scratch"))
    worker = start_worker(tmp_path / "worker.log")
    yield worker
    worker.wait_until_idle()
    stop_process(worker.process, signal.SIGTERM, within=20)


def test_a_letter_goes_from_one_host_to_another_and_back(other_host: Worker, as_admin: Client, tmp_path: Path) -> None:
    sent = as_admin.post("/uploads/", {"files": ContentFile(letter_pdf(1), name="1.pdf")})
    assert sent.status_code == 302
    send_waiting("interactive")
    other_host.wait_until_idle()
    letter = Letter.objects.get()
    assert letter.state == "parsed"
    assert Case.objects.filter(pk=letter.pk).exists()
    picture = reverse("letter_page", args=[letter.pk, 1])
    assert as_admin.get(picture).status_code == 202
    other_host.wait_until_idle()
    drawn = as_admin.get(picture)
    assert drawn.status_code == 200
    assert drawn.content.startswith(b"\x89PNG")
    original = as_admin.get(reverse("letter_original", args=[letter.pk]))
    assert content_of(original) == letter_pdf(1)
    for host in ("web", "worker"):
        left = [path for path in (tmp_path / host).rglob("*") if path.is_file() and "columns" not in path.parts]
        assert left == [], f"nothing stays on the disk of {host}"


def test_a_backup_of_a_bucket_is_restored_into_another_part(
    bucket: Bucket, object_storage: ObjectStorage, settings: Any, tmp_path: Path, elsewhere: Callable[[], None]
) -> None:
    receive_files(by=None, files=[ContentFile(letter_pdf(number), name="letter.pdf") for number in (1, 2)])
    folder, printed = tmp_path / "backups", StringIO()
    call_command("backup", folder=folder, json=True, stdout=printed)
    assert (json.loads(printed.getvalue())["new_files"], json.loads(printed.getvalue())["faults"]) == (2, [])
    printed = StringIO()
    call_command("backup", folder=folder, json=True, stdout=printed)
    assert json.loads(printed.getvalue())["new_files"] == 0
    settings.STORE_BUCKET = object_storage.new_part()
    obstacle = store_obstacle()
    assert obstacle
    assert obstacle.code == "store_missing"
    elsewhere()
    call_command("restore", folder=folder, stdout=StringIO())
    assert store_obstacle() is None
    assert sorted(stored_bytes(letter) for letter in Letter.objects.all()) == sorted([letter_pdf(1), letter_pdf(2)])
    with pytest.raises(CommandError, match=r"tables\. Nothing was changed"):
        call_command("restore", folder=folder)
