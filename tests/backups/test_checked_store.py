"""The letter store compared with its rows."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from determinations.backups.repository import Repository
from determinations.models import Letter
from determinations.operations.checking.safeguards import backup as backup_check
from tests.backups.commands import backup, bring, cut, verify
from tests.fixtures.stored import stored_path

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("broker")]


def test_missing_and_damaged_files_are_found_and_an_earlier_copy_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    ids = bring(1, 4)
    backup(folder)
    names = [Letter.objects.get(pk=pk).sha256 for pk in ids]
    paths = [stored_path(f"{name[:2]}/{name[2:4]}/{name}") for name in names]
    call_command("check_store", stdout=StringIO())
    paths[0].unlink()
    cut(paths[1])
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
