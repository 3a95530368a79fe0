"""Backups made while letters arrive, and restored into an empty installation."""

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from determinations import migrations
from determinations.backups import database, making
from determinations.backups.encryption import keys_for_making, keys_for_reading
from determinations.backups.faults import BackupRefused
from determinations.backups.repository import Repository
from determinations.intake.receiving import receive_files, receive_upload
from determinations.intake.stored_files import stored_bytes
from determinations.models import AuditEvent, BackupRecord, Case, ItemFact, Letter, RemovedLetter, UnopenedFile
from determinations.operations.checks import backup as backup_check
from determinations.operations.findings import Level
from determinations.reading import readiness
from determinations.reading.schema import applied_migrations, known_migrations
from determinations.statistics.catalog import STATISTICS
from determinations.tasks import open_files, parse_letters
from tests.extraction.files import archive
from tests.fixtures import ROOT
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


NEWER = "9999_of_a_newer_program"
_NEWER = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("determinations", "{latest}")]
    operations = [migrations.RunSQL("CREATE TABLE made_by_a_newer_program (id integer)")]
"""


@pytest.fixture
def newer_program(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """``newer_program()`` gives this process one migration more than it has, as an update of the program does."""
    package, ours = tmp_path / "more_migrations", str(migrations.__path__[0])
    package.mkdir()
    latest = max(path.stem for path in Path(ours).glob("0*.py"))
    (package / "__init__.py").write_text(f"__path__ = [{ours!r}, {str(package)!r}]\n")
    (package / f"{NEWER}.py").write_text(_NEWER.format(latest=latest))
    monkeypatch.syspath_prepend(tmp_path)

    def update() -> None:
        settings.MIGRATION_MODULES = {"determinations": package.name}
        known_migrations.cache_clear()

    yield update
    known_migrations.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]


def bring(first: int, count: int) -> list[int]:
    """Upload synthetic letters; returns their IDs."""
    files = [ContentFile(letter_text(first + number).encode(), name="letter") for number in range(count)]
    upload = receive_files(by=None, files=files, lane="interactive")
    return list(upload.files.order_by("id").values_list("letter_id", flat=True))


def backup(folder: Path, **options: Any) -> dict[str, Any]:
    printed = StringIO()
    call_command("backup", folder=folder, json=True, stdout=printed, **options)
    manifest: dict[str, Any] = json.loads(printed.getvalue())
    return manifest


def verify(folder: Path, **options: Any) -> dict[str, Any]:
    printed = StringIO()
    call_command("verify_backup", folder=folder, json=True, stdout=printed, **options)
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> Path:
    """A letter store of its own, so that other tests' files are not in it."""
    return use_store(settings, tmp_path / "data")


def use_store(settings: Any, folder: Path) -> Path:
    settings.MEDIA_ROOT = folder
    return folder


@pytest.fixture
def elsewhere(settings: Any, tmp_path: Path) -> Iterator[Any]:
    """``elsewhere()`` turns this process to an empty database and an empty letter store."""
    ours = connection.settings_dict["NAME"]

    def turn(name: str) -> None:
        connections["default"].close()
        connection.settings_dict["NAME"] = name

    def elsewhere() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{ours}_restored"')
        turn(f"{ours}_restored")
        use_store(settings, tmp_path / "restored")

    yield elsewhere
    turn(ours)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{ours}_restored"')


#: What the backup itself, its restoring and rebuilt statistics of the server change.
_CHANGED = {"determinations_backuprecord", "determinations_auditevent", "determinations_auditpending"}


def rows() -> dict[str, str]:
    """A digest of each table's rows, whatever their order."""
    digests = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute(
                "SELECT count(*) || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')"
                f" FROM {name} t"
            )
            digests[name] = cursor.fetchone()[0]
    return digests


def triggers() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2")
        return list(cursor.fetchall())


def statistics() -> dict[str, list[tuple[str, ...]]]:
    """Every statistic's counts, from the facts."""
    return {
        statistic.key: sorted(
            tuple(map(str, row))
            for row in ItemFact.objects.values_list(*statistic.columns).order_by(*statistic.columns)
        )
        for statistic in STATISTICS
        if statistic.columns
    }


def files() -> dict[str, str]:
    root = stored_path("")
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and "unfinished" not in path.parts
    }


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
    assert verify(folder, identity=key)["faults"] == []
    kept, stored, had, counted = rows(), files(), triggers(), statistics()
    elsewhere()
    printed = StringIO()
    call_command("restore", folder=folder, identity=key, stdout=printed)
    assert "4 files" in printed.getvalue()
    restored = rows()
    assert {name for name in kept if kept[name] != restored.get(name)} <= _CHANGED
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


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder, name: _cut(next((folder / "files").glob("*/*/*"))), "was changed"),
        (lambda folder, name: next((folder / "files").glob("*/*/*")).unlink(), "is missing"),
        (lambda folder, name: _cut(folder / name / "database.dump"), "database.dump is missing or was changed"),
        (lambda folder, name: (folder / name / "files.jsonl.gz").write_bytes(b""), "files.jsonl.gz is missing"),
    ],
)  # fmt: skip
def test_a_backup_that_is_not_whole_is_found(tmp_path: Path, spoil: Any, says: str) -> None:
    bring(1, 1)
    name = backup(tmp_path / "backups")["name"]
    spoil(tmp_path / "backups", name)
    printed = StringIO()
    with pytest.raises(CommandError, match="not whole"):
        call_command("verify_backup", folder=tmp_path / "backups", stdout=printed)
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


def test_programs_of_an_older_version_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database.program("pg_dump").endswith("pg_dump")
    monkeypatch.setattr(database, "server_major", lambda: 99)
    with pytest.raises(BackupRefused, match=r"The server is PostgreSQL 99, and .*: install .*programs of 99"):
        database.program("pg_dump")
    monkeypatch.setattr(database, "_of_wheel", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(BackupRefused, match="pg_restore is not installed"):
        database.program("pg_restore")


def test_missing_and_damaged_files_are_found_and_an_earlier_copy_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    ids = bring(1, 4)
    backup(folder)
    names = [Letter.objects.get(pk=pk).sha256 for pk in ids]
    paths = [stored_path(f"{name[:2]}/{name[2:4]}/{name}") for name in names]
    call_command("check_store", stdout=StringIO())
    paths[0].unlink()
    _cut(paths[1])
    stray = stored_path(f"00/00/{'0' * 64}")
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"of no letter")
    printed = StringIO()
    with pytest.raises(CommandError, match="2 faults"):
        call_command("check_store", json=True, stdout=printed)
    result = json.loads(printed.getvalue())
    assert (result["missing"], result["damaged"], result["without_row"]) == ([names[0]], [names[1]], [])
    os.utime(stray, (0, 0))
    with pytest.raises(CommandError, match="3 faults"):
        call_command("check_store", stdout=printed)
    assert f"{'0' * 64}: of no letter" in printed.getvalue()
    printed = StringIO()
    with pytest.raises(CommandError, match="The backup is complete, but 1 files are missing"):
        call_command("backup", folder=folder, stdout=printed)
    newest = Repository(folder).read_manifest(Repository(folder).choose(""))
    assert newest.files == 4, "the earlier copies are kept"
    assert "is complete, but" in backup_check().what
    assert verify(folder)["faults"] == []


def test_a_large_store_is_checked_in_parts() -> None:
    bring(1, 4)
    seen, begin = 0, "00"
    for _ in range(5):
        printed = StringIO()
        call_command("check_store", begin=begin, limit=1, json=True, stdout=printed)
        result = json.loads(printed.getvalue())
        seen, begin = seen + result["files"], result["next"]
        if not begin:
            break
    assert seen == 4
    with pytest.raises(CommandError, match="from 00 to ff"):
        call_command("check_store", begin="zz")
