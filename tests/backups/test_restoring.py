"""Backups made while letters arrive, and restored into an empty installation, an older or a newer one."""

import hashlib
import threading
import uuid
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from determinations.duties.documents import open_document
from determinations.intake.receiving import receive_upload
from determinations.intake.stored_files import stored_bytes
from determinations.models import AuditEvent, BackupRecord, Case, DutyDocument, Letter, UnopenedFile
from determinations.reading import readiness
from determinations.reading.schema import applied_migrations
from determinations.storage.files import documents_area
from determinations.tasks import open_files, parse_letters
from tests.backups.commands import CHANGED, backup, bring, files, rows, statistics, triggers, verify
from tests.backups.conftest import NEWER
from tests.extraction.files import archive
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


def attach_document(content: bytes) -> DutyDocument:
    """Attach a document to the item of a letter."""
    name, letter = uuid.uuid4().hex, Letter.objects.order_by("pk")[0]
    with documents_area().write(name) as stored:
        stored.write(content)
    return DutyDocument.objects.create(
        letter=letter, item_number=1, name="Sent.pdf", media_type="application/pdf", size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), store_name=name, by_name="casemanager", at=timezone.now(),
    )  # fmt: skip


@pytest.mark.slow
def test_a_backup_made_while_letters_arrive_is_restored_whole(elsewhere: Any, tmp_path: Path, settings: Any) -> None:
    """A thread uploads until the encrypted backup is made: whatever rows it has, it has their files."""
    folder, key, identity = tmp_path / "backups", tmp_path / "key.txt", pyrage.x25519.Identity.generate()
    key.write_text(str(identity))
    settings.BACKUP_RECIPIENTS = [str(identity.to_public())]
    parse_letters(bring(1, 3))
    done = threading.Event()
    uploaded: list[int] = []

    def upload() -> None:
        number = 100
        while not done.is_set() and number < 160:
            uploaded.extend(bring(number, 1))
            number += 1
        connections.close_all()

    arriving = threading.Thread(target=upload)
    arriving.start()
    try:
        manifest = backup(folder)
    finally:
        done.set()
        arriving.join()
    assert len(uploaded) > 1
    assert 3 <= manifest["files"] == manifest["tables"]["determinations_letter"] <= 3 + len(uploaded)
    assert b"synthetic" not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    Letter.objects.filter(
        state="received"
    ).delete()  # those that arrived meanwhile, so that both sides can be compared
    assert backup(folder)["new_files"] == 0
    letters_inside = {f"{number}.txt": letter_text(200 + number).encode() for number in range(2)}
    receive_upload(by=None, files=[ContentFile(archive(letters_inside), name="letters.zip")])
    assert backup(folder)["new_files"] == 1
    document = attach_document(b"%PDF-1.4 a document of a duty")
    assert backup(folder)["new_files"] == 1
    assert backup(folder)["new_files"] == 0
    assert verify(folder, identity=key)["faults"] == []
    kept, stored, had, counted = rows(), files(), triggers(), statistics()
    elsewhere()
    printed = StringIO()
    call_command("restore", folder=folder, identity=key, stdout=printed)
    assert "5 files" in printed.getvalue()
    with open_document(DutyDocument.objects.get(pk=document.pk)) as content:
        assert content.read() == b"%PDF-1.4 a document of a duty"
    restored = rows()
    assert {name for name in kept if kept[name] != restored.get(name)} <= CHANGED
    assert triggers() == had
    assert statistics() == counted
    assert counted["category"]
    names = [name for model in (Letter, UnopenedFile) for name in model.objects.values_list("sha256", flat=True)]
    needed = {f"{name[:2]}/{name[2:4]}/{name}" for name in names}
    assert files() == {name: digest for name, digest in stored.items() if name in needed or name == "store-id"}
    assert Case.objects.count() == 3
    assert BackupRecord.objects.latest("started_at").succeeded
    assert AuditEvent.objects.filter(action="backup.restored").exists()
    call_command("check_store", stdout=StringIO())
    call_command("migrate", check_unapplied=True, stdout=StringIO())
    open_files()
    parse_letters(list(Letter.objects.filter(state="received").values_list("pk", flat=True)))
    assert not UnopenedFile.objects.exists()
    assert Case.objects.count() == 3 + len(letters_inside), "an archive that waited is opened where it was restored"
    with pytest.raises(CommandError, match=r"tables\. Nothing was changed"):
        call_command("restore", folder=folder, identity=key)
    Letter.objects.all()[:1].get().delete()
    with pytest.raises(CommandError, match="is inside"):
        call_command("backup", folder=settings.MEDIA_ROOT / "backups")
    call_command("restore", folder=folder, identity=key, replace=True, stdout=StringIO())
    assert Case.objects.count() == 3


def test_an_older_backup_is_migrated_and_its_encrypted_files_need_their_key(
    elsewhere: Any, tmp_path: Path, settings: Any, newer_program: Callable[[], None]
) -> None:
    folder, printed = tmp_path / "backups", StringIO()
    settings.FILE_KEYS = [b"k" * 32]
    parse_letters(bring(1, 2))
    older = applied_migrations()
    with connection.cursor() as cursor:  # a table that versions before the opening of archives by workers did not have
        cursor.execute("ALTER TABLE determinations_unopenedfile RENAME TO not_made_yet")
        try:
            backup(folder)
        finally:
            cursor.execute("ALTER TABLE not_made_yet RENAME TO determinations_unopenedfile")
    assert verify(folder)["faults"] == []
    assert b"synthetic" not in b"".join(path.read_bytes() for path in stored_path("").rglob("*") if path.is_file())
    elsewhere()
    newer_program()
    settings.FILE_KEYS = []
    call_command("restore", folder=folder, stdout=printed)
    assert "manage.py migrate brings it up to date" in printed.getvalue()
    assert "need keys that FILE_KEYS lacks: " in printed.getvalue()
    assert applied_migrations() == older
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE not_made_yet RENAME TO determinations_unopenedfile")
    call_command("migrate", verbosity=0)
    assert set(applied_migrations()) - set(older) == {f"determinations.{NEWER}"}
    assert "made_by_a_newer_program" in connection.introspection.table_names()
    assert [obstacle.code for obstacle in readiness.obstacles()] == ["file_key_missing"]
    settings.FILE_KEYS = [b"k" * 32]
    assert readiness.obstacles() == []
    assert [stored_bytes(letter).decode() for letter in Letter.objects.order_by("pk")] == [
        letter_text(1),
        letter_text(2),
    ]
    assert Case.objects.count() == 2


def test_a_backup_of_a_newer_program_is_refused_before_anything_changes(elsewhere: Any, tmp_path: Path) -> None:
    bring(1, 1)
    MigrationRecorder(connection).record_applied("determinations", NEWER)
    try:
        backup(tmp_path / "backups")
    finally:
        MigrationRecorder(connection).record_unapplied("determinations", NEWER)
    elsewhere()
    with pytest.raises(CommandError, match=r"does not know determinations\.9999_of_a_newer_program\. Nothing was"):
        call_command("restore", folder=tmp_path / "backups")
    assert connection.introspection.table_names() == []
