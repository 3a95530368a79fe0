"""What tests of backups share: letters to back up, the commands, and digests of what an installation holds."""

import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection

from determinations.intake.receiving import receive_files
from determinations.models import ItemFact
from determinations.statistics.catalog import STATISTICS
from tests.fixtures.stored import stored_path
from tests.letters_made import letter_text


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


def use_store(settings: Any, folder: Path) -> Path:
    settings.MEDIA_ROOT = folder
    return folder


#: What the backup itself, its restoring and rebuilt statistics of the server change.
CHANGED = {"determinations_backuprecord", "determinations_auditevent", "determinations_auditpending"}


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


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])
