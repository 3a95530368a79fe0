"""Backups made: what is copied, for whom they are encrypted, and failures."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from determinations.backups import database, making
from determinations.backups.encryption import keys_for_making, keys_for_reading
from determinations.backups.faults import BackupRefused
from determinations.backups.repository import Repository
from determinations.duties import documents
from determinations.models import BackupRecord, DutyDocument, Letter, RemovedLetter
from determinations.operations.checking.safeguards import backup as backup_check
from determinations.operations.findings import Level
from tests.backups.commands import backup, bring, cut, verify
from tests.backups.test_restoring import attach_document
from tests.fixtures import ROOT
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


def test_backups_copy_only_new_files_and_old_ones_are_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    ids = bring(1, 3)
    first = backup(folder)
    assert (first["files"], first["new_files"], first["recipients"]) == (3, 3, [])
    bring(10, 1)
    second = backup(folder)
    assert (second["files"], second["new_files"]) == (4, 1)
    gone = Letter.objects.get(pk=ids[0])
    gone.delete()
    RemovedLetter.objects.all().delete()
    third = backup(folder, keep=2)
    assert Repository(folder).names() == [second["name"], third["name"]]
    assert len(list((folder / "files").glob("*/*/*"))) == 4, "the second backup still has the removed letter"
    backup(folder, keep=1)
    assert len(list((folder / "files").glob("*/*/*"))) == 3
    assert {path.stat().st_mode & 0o077 for path in folder.rglob("*")} == {0}
    assert BackupRecord.objects.filter(succeeded=True).count() == 4
    assert backup_check().level is Level.OK


def test_a_document_that_is_removed_meanwhile_is_in_the_backup_that_saw_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: People
) -> None:
    bring(1, 1)
    document = attach_document(b"A synthetic authorization.")
    copy_documents, copied = making._copy_documents, []

    def remove_first(*details: Any) -> None:
        copied.append(details)
        if len(copied) == 2:  # the snapshot has the row
            with ThreadPoolExecutor(1) as other:
                other.submit(remove_in_other_session).result()
        copy_documents(*details)

    def remove_in_other_session() -> None:
        documents.remove(document, by=people.admin, now=timezone.now())
        connection.close()

    monkeypatch.setattr(making, "_copy_documents", remove_first)
    manifest = backup(tmp_path)
    assert (len(copied), manifest["faults"]) == (2, [])
    assert not DutyDocument.objects.exists()
    assert documents.delete_files_without_row(now=timezone.now() + timedelta(days=2)) == 1


def test_only_the_holder_of_the_key_reads_an_encrypted_backup(tmp_path: Path) -> None:
    folder, identity = tmp_path / "backups", pyrage.x25519.Identity.generate()
    key, wrong = tmp_path / "key.txt", tmp_path / "wrong.txt"
    key.write_text(f"# made for a test\n{identity}\n")
    wrong.write_text(str(pyrage.x25519.Identity.generate()))
    bring(1, 2)
    manifest = backup(folder, recipient=[str(identity.to_public())])
    without = verify(folder)
    assert (without["decrypted"], without["files"], without["faults"]) == (False, 2, [])
    assert verify(folder, identity=key)["rows"] == sum(manifest["tables"].values())
    with pytest.raises(CommandError, match="cannot be decrypted"):
        verify(folder, identity=wrong)
    with pytest.raises(CommandError, match="is encrypted: give --identity"):
        call_command("restore", folder=folder)
    with pytest.raises(CommandError, match="begins with age1"):
        backup(folder, recipient=["ssh-ed25519 AAAA"])
    plain = backup(folder, recipient=[])
    assert plain["new_files"] == 2, "files for another recipient are kept apart"


def test_a_passphrase_protects_the_key_of_the_folder(tmp_path: Path, settings: Any) -> None:
    folder, passphrase = tmp_path / "backups", tmp_path / "passphrase"
    settings.BACKUP_PASSPHRASE_FILE = str(passphrase)
    with pytest.raises(CommandError, match="cannot be read"):
        backup(folder)
    passphrase.write_text("short\n")
    with pytest.raises(CommandError, match="shorter than 12"):
        backup(folder)
    passphrase.write_text("several unrelated words\n")
    made = keys_for_making(folder, [], passphrase)
    assert keys_for_reading(folder, None, passphrase).identities == made.identities
    assert b"AGE-SECRET-KEY" not in (folder / "key.age").read_bytes()


#: Backups that are not whole: what is done to one, and what its check says.
SPOILED: tuple[tuple[Callable[[Path, str], object], str], ...] = (
    (lambda folder, name: cut(next((folder / "files").glob("*/*/*"))), "was changed"),
    (lambda folder, name: next((folder / "files").glob("*/*/*")).unlink(), "is missing"),
    (lambda folder, name: cut(folder / name / "database.dump"), "database.dump is missing or was changed"),
    (lambda folder, name: (folder / name / "files.jsonl.gz").write_bytes(b""), "files.jsonl.gz is missing"),
)


def test_a_backup_that_is_not_whole_is_found(tmp_path: Path) -> None:
    bring(1, 1)
    name = backup(tmp_path / "whole")["name"]
    for number, (spoil, says) in enumerate(SPOILED):
        folder = Path(shutil.copytree(tmp_path / "whole", tmp_path / f"spoiled {number}"))
        spoil(folder, name)
        printed = StringIO()
        with pytest.raises(CommandError, match="not whole"):
            call_command("verify_backup", folder=folder, stdout=printed)
        assert says in printed.getvalue()


def test_a_failure_is_told_on_the_status_page_and_leaves_nothing_that_counts(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(1, 1)
    with pytest.raises(CommandError, match=r"is inside .*: from there it could get into an image"):
        call_command("backup", folder=ROOT / "imrsite" / "backups")
    assert backup_check().level is Level.FAILING
    with pytest.raises(CommandError, match="BACKUP_DIR"):
        call_command("backup")

    def none_fits(name: str) -> str:
        raise BackupRefused("pg_dump is not installed.")

    monkeypatch.setattr(making, "program", none_fits)
    with pytest.raises(CommandError, match=r"No backup was made. pg_dump is not installed\."):
        call_command("backup", folder=tmp_path / "backups")
    assert Repository(tmp_path / "backups").names() == []
    assert "pg_dump is not installed" in backup_check().what
    monkeypatch.undo()
    backup(tmp_path / "backups")
    assert not list((tmp_path / "backups").glob(".*unfinished")), "what the failure left is deleted"
    assert backup_check().level is Level.OK


def test_a_backup_is_made_before_a_migration_too(tmp_path: Path) -> None:
    """As after an upgrade of the program: the table of results may not exist yet."""
    bring(1, 1)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE determinations_backuprecord RENAME TO not_made_yet")
        try:
            printed = StringIO()
            call_command("backup", folder=tmp_path / "backups", stdout=StringIO(), stderr=printed)
        finally:
            cursor.execute("ALTER TABLE not_made_yet RENAME TO determinations_backuprecord")
    assert "cannot be recorded" in printed.getvalue()
    assert verify(tmp_path / "backups")["files"] == 1


def test_programs_of_an_older_version_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database.program("pg_dump").endswith("pg_dump")
    monkeypatch.setattr(database, "server_major", lambda: 99)
    with pytest.raises(BackupRefused, match=r"The server is PostgreSQL 99, and .*: install .*programs of 99"):
        database.program("pg_dump")
    monkeypatch.setattr(database, "_of_wheel", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(BackupRefused, match="pg_restore is not installed"):
        database.program("pg_restore")
