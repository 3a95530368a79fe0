"""The page that says what is encrypted: counted from the files, for administrators alone."""

import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations import tasks
from determinations.intake.receiving import receive_files
from determinations.models import StoreSurvey
from determinations.storage import files, inventory, survey
from determinations.storage.survey import encryption_state
from tests.fixtures import ROOT
from tests.fixtures.people import People
from tests.letters_made import letter_pdf

KEYS = [bytes([number]) * 32 for number in range(1, 4)]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker", "own_store")]


def bring(number: int) -> None:
    receive_files(by=None, files=[ContentFile(letter_pdf(number), name="letter.pdf")])


def text_of(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def test_files_are_counted_by_key_a_few_folders_at_a_time(settings: Any) -> None:
    settings.FILE_KEYS = []
    bring(1)
    settings.FILE_KEYS = KEYS[:1]
    bring(2)
    bring(3)
    settings.FILE_KEYS = [KEYS[1], KEYS[0]]
    with files.exports_area().write("1.csv") as file:
        file.write(b"synthetic")
    now, turns = timezone.now(), 1
    assert survey.is_due(now)
    while survey.count_files(seconds=0.0005, now=now):
        turns += 1
    assert turns > 1
    state = encryption_state()
    counts = {count.purpose: (count.current, count.older, count.plain, count.unreadable) for count in state.files}
    assert counts == {
        "letters": (0, 2, 1, 0),
        "pictures": (0, 0, 0, 0),
        "exports": (1, 0, 0, 0),
        "documents": (0, 0, 0, 0),
    }
    assert (state.left, state.is_complete, state.counted_at) == (3, False, now)
    assert not survey.is_due(now)
    assert survey.is_due(now + timedelta(hours=25))
    settings.FILE_KEYS = KEYS[2:]
    assert [count.unreadable for count in encryption_state().files] == [2, 0, 1, 0]
    assert len(encryption_state().missing_keys) == 2
    settings.FILE_KEYS = [KEYS[1], KEYS[0]]
    call_command("rotate_file_key", stdout=StringIO())
    tasks.count_stored_files()
    assert StoreSurvey.objects.get().next_folder == "" or survey.is_due(timezone.now())
    while survey.count_files(seconds=5, now=now):
        pass
    assert encryption_state().is_complete


def test_files_of_every_purpose_are_counted_and_get_the_current_key() -> None:
    purposes = {area.purpose for area in files.areas()}
    assert {unit.partition("/")[0] for unit in inventory.units()} == purposes == set(files.PURPOSES)


def test_the_page_says_what_is_encrypted_and_what_is_not(as_admin: Client, settings: Any) -> None:
    settings.FILE_KEYS = []
    bring(1)
    address = reverse("encryption")
    page = text_of(as_admin.get(address))
    for words in (
        "Stored files are not encrypted",
        "does not encrypt them on the disk",
        "openssl rand",
        "Not counted yet",
    ):
        assert words in page
    settings.FILE_KEYS = KEYS[:1]
    survey.count_files(seconds=60, now=timezone.now())
    page = text_of(as_admin.get(address))
    assert "1 file not encrypted with the current key" in page
    assert encryption_state().current_key in page
    call_command("rotate_file_key", stdout=StringIO())
    settings.FILE_KEYS = KEYS[1:2]
    assert "a key is missing" in text_of(as_admin.get(address))
    again = as_admin.post(reverse("count_stored_files"), follow=True)
    assert "being counted" in text_of(again)
    assert encryption_state().is_counting


def test_the_page_is_for_administrators_alone(client: Client, people: People) -> None:
    for user, status in (
        (people.casemanager, 403),
        (people.supervisor, 403),
        (people.outsider, 403),
        (people.admin, 200),
    ):
        client.force_login(user)
        assert client.get(reverse("encryption")).status_code == status
    client.force_login(people.supervisor)
    assert client.post(reverse("count_stored_files")).status_code == 403


def test_the_page_needs_few_queries(as_admin: Client, django_assert_max_num_queries: Any) -> None:
    as_admin.get(reverse("encryption"))
    with django_assert_max_num_queries(8):
        as_admin.get(reverse("encryption"))


#: Other modules that name the folder of the data: what they do there, they do without opening a stored file.
MAY_NAME_THE_FOLDER = {
    "backups/repository.py": "refuses backups within it",
    "intake/leftovers.py": "deletes leftovers",
    "storage/files.py": "opens stored files",
}


def test_only_the_storage_package_opens_stored_files() -> None:
    names = re.compile(r"MEDIA_ROOT|FolderPlace\(|SealedReader\(")
    root = ROOT / "determinations"
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and names.search(path.read_text())
    }
    assert found - {"storage/folder.py", "storage/scratch.py", "storage/sealed.py", "storage/secrets.py"} == set(
        MAY_NAME_THE_FOLDER
    )


def test_benchmark_storage_prints_ratios() -> None:
    out = StringIO()
    call_command("benchmark_storage", files=2, kilobytes=70, rounds=1, stdout=out)
    assert len(re.findall(r"ratio \d+\.\d\d", out.getvalue())) == 3


def test_the_guide_tells_every_step() -> None:
    guide = (Path(ROOT) / "imrsite/deploy/encryption.md").read_text()
    for words in ("rotate_file_key", "FILE_KEYS_FILE", "LoadCredential", "openssl rand -base64 32", "pg_dump", "LUKS"):
        assert words in guide
