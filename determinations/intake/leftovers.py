"""Deletes what a process left behind when it was killed: files half received or half stored, files without a letter,
batches without a file. Only what is older than a limit: younger ones may be at work."""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from determinations.access.scope import all_letters
from determinations.intake.store import letter_store
from determinations.intake.store_health import store_obstacle
from determinations.models import Letter, RemovedLetter, UnopenedFile, Upload, UploadedFile
from determinations.storage.files import areas
from determinations.storage.locking import lock_store

log = logging.getLogger(__name__)

#: A file that was not written to for this long is no longer being written.
ABANDONED_AFTER = timedelta(hours=6)
#: A stored file gets its row within seconds. One that has none for this long never will.
WITHOUT_ROW_AFTER = timedelta(hours=24)
EMPTY_BATCH_AFTER = timedelta(hours=1)
#: One call looks into this many of the 65,536 folders of the store, so that a large one takes days, not the disk.
_FOLDERS_PER_CALL = 16
_MOST = 1_000


def delete_leftovers(*, now: datetime) -> int:
    """Delete leftovers; returns how many. Nothing is deleted in a folder that is not this database's store."""
    deleted = _delete_empty_batches(now)
    if store_obstacle() is not None:
        return deleted
    abandoned = time.time() - ABANDONED_AFTER.total_seconds()
    for folder in (*(area.place.unfinished_folder for area in areas()), uploading_folder()):
        deleted += sum(_delete(path) for path in _older_files(folder, abandoned))
    return deleted + delete_files_without_row(_folders_of_this_minute(now))


def uploading_folder() -> Path:
    """Where the web server keeps large uploads until they have arrived."""
    return Path(settings.MEDIA_ROOT) / "uploading"


def delete_files_without_row(folders: Iterable[str]) -> int:
    """Delete stored files of these folders that no letter needs, not even a removed one, and no unopened file."""
    old = (time.time() - WITHOUT_ROW_AFTER.total_seconds()) * 1e9
    place = letter_store().area.place
    entries = (entry for folder in folders for entry in place.entries(folder) if entry.changed_ns < old)
    candidates = [name for entry in entries if len(name := entry.name.rpartition("/")[2]) == 64]
    deleted = 0
    for start in range(0, len(candidates), _MOST):
        deleted += _delete_unknown(candidates[start : start + _MOST])
    return deleted


@all_letters
def delete_if_unneeded(sha256: str) -> int:
    """Delete a stored file unless a letter, a removed letter or an unopened file needs it; returns how many."""
    with transaction.atomic():
        lock_store(to_delete=True)  # the same file may be arriving
        if _needed([sha256]):
            return 0
        try:
            letter_store().delete(Letter(sha256=sha256).store_name)
        except OSError as fault:
            log.error("A leftover file cannot be deleted (%s).", type(fault).__name__)
            return 0
        return 1


def _delete_unknown(names: Sequence[str]) -> int:
    needed = _needed(names)
    return sum(delete_if_unneeded(name) for name in names if name not in needed)


def _needed(names: Sequence[str]) -> set[str]:
    """Those of these files that a row names."""
    return {
        sha256
        for model in (Letter, RemovedLetter, UnopenedFile)
        for sha256 in model.objects.filter(sha256__in=names).values_list("sha256", flat=True)
    }


def _folders_of_this_minute(now: datetime) -> list[str]:
    """A few folders of the store, others every minute; all of them within three days."""
    minute = int(now.timestamp()) // 60
    first = minute * _FOLDERS_PER_CALL % 65_536
    numbers = (f"{number:04x}" for number in range(first, first + _FOLDERS_PER_CALL))
    return [f"{number[:2]}/{number[2:]}" for number in numbers]


def _older_files(folder: Path, changed_before: float) -> Iterator[Path]:
    """The plain files of a folder that were last written before this time."""
    try:
        entries = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in entries:
        try:
            if path.is_file() and path.lstat().st_mtime < changed_before:
                yield path
        except FileNotFoundError:
            continue


def _delete(path: Path) -> int:
    try:
        path.unlink(missing_ok=True)
    except OSError as fault:
        log.error("A leftover file cannot be deleted (%s).", type(fault).__name__)
        return 0
    return 1


def _delete_empty_batches(now: datetime) -> int:
    """A process that was killed before it stored the first file leaves a batch without files."""
    with transaction.atomic():
        empty = Upload.objects.filter(started_at__lt=now - EMPTY_BATCH_AFTER).exclude(
            Exists(UploadedFile.objects.filter(upload=OuterRef("pk")))
        )
        ids = list(empty.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_MOST])
        Upload.objects.filter(pk__in=ids).exclude(Exists(UploadedFile.objects.filter(upload=OuterRef("pk")))).delete()
    return len(ids)
