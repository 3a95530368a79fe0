"""The key changes while a real worker reads letters."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from determinations.intake.receiving import receive_files
from determinations.models import FileKeyInUse, Letter, StoppedWorker
from determinations.storage import rotation
from determinations.tasks import send_waiting
from tests.fixtures.worker import Worker
from tests.letters_made import letter_pdf

pytestmark = pytest.mark.django_db(transaction=True)


def bring(*numbers: int) -> None:
    files = [ContentFile(letter_pdf(number), name="letter.pdf") for number in numbers]
    receive_files(by=None, files=files, lane="interactive")


def test_a_worker_reads_while_files_get_the_key_and_waits_for_one_that_it_lacks(worker: Worker, settings: Any) -> None:
    known = settings.FILE_KEYS
    settings.FILE_KEYS = []
    bring(*range(201, 213))
    send_waiting("interactive")
    settings.FILE_KEYS = known
    assert list(rotation.rotate(batch=1))[-1].left == 0
    worker.wait_until_idle()
    assert set(Letter.objects.values_list("state", flat=True)) == {"parsed"}

    settings.FILE_KEYS = [b"a key that the worker lacks 4567", *known]
    bring(*range(213, 217))
    send_waiting("interactive")
    settings.FILE_KEYS = [*known, settings.FILE_KEYS[0]]
    list(rotation.rotate(batch=1))
    assert FileKeyInUse.objects.count() == 1
    worker.wait_until_idle()
    assert set(Letter.objects.values_list("state", flat=True)) == {"parsed"}, "none was set aside"
    assert not StoppedWorker.objects.exists()
