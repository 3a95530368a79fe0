"""Counts which stored files are encrypted, a few folders at a time, and keeps the last complete count."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from determinations.models import StoreSurvey
from determinations.models.installation import StoreCounts
from determinations.storage.files import PURPOSES, letters_area
from determinations.storage.inventory import PLAIN, count_unit, units
from determinations.storage.keys import key_ring
from determinations.storage.register import missing_keys

#: A count older than this is made again. In a bucket, each file is a request.
_OLD_AFTER = {"folder": timedelta(hours=24), "bucket": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class FileCount:
    """Files of one purpose, by how they are stored; ``unreadable``: with a key that is not configured, or damaged."""

    purpose: str
    current: int
    older: int
    plain: int
    unreadable: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.current + self.older + self.plain + self.unreadable


@dataclass(frozen=True, slots=True)
class EncryptionState:
    """How stored files are protected: the configured keys by their IDs, those that are missing, and the last count."""

    current_key: str
    older_keys: tuple[str, ...]
    missing_keys: tuple[str, ...]
    counted_at: datetime | None
    is_counting: bool
    files: tuple[FileCount, ...]

    @property
    def is_on(self) -> bool:
        """Whether new files are encrypted."""
        return bool(self.current_key)

    @property
    def left(self) -> int:
        """Files that a run of ``rotate_file_key`` would encrypt."""
        return sum(count.older + count.plain for count in self.files) if self.is_on else 0

    @property
    def is_complete(self) -> bool:
        """Whether all files were encrypted with the current key when they were counted."""
        return self.is_on and self.counted_at is not None and all(c.current == c.total for c in self.files)


def encryption_state() -> EncryptionState:
    """How stored files are protected, from the settings and the last count: quick, whatever the size of the store."""
    ring, survey = key_ring(), _survey()
    current = ring.current.name if ring.current else ""
    older = tuple(sorted(ring.names - {current}))
    return EncryptionState(
        current_key=current,
        older_keys=older,
        missing_keys=tuple(missing_keys()),
        counted_at=survey.counted_at,
        is_counting=bool(survey.next_folder),
        files=tuple(_file_count(purpose, survey.counts.get(purpose, {}), current, older) for purpose in PURPOSES),
    )


def _file_count(purpose: str, by_key: dict[str, int], current: str, older: tuple[str, ...]) -> FileCount:
    own, plain = by_key.get(current, 0) if current else 0, by_key.get(PLAIN, 0)
    others = sum(by_key.get(name, 0) for name in older)
    return FileCount(purpose, own, others, plain, sum(by_key.values()) - own - plain - others)


def is_due(now: datetime) -> bool:
    """Whether files are to be counted: a count is under way, or the last one is old."""
    survey = _survey()
    old_after = _OLD_AFTER[letters_area().place.kind]
    return bool(survey.next_folder) or survey.counted_at is None or now - survey.counted_at > old_after


def begin() -> None:
    """Count anew, from the first folder."""
    StoreSurvey.objects.update_or_create(pk=1, defaults={"next_folder": units()[0], "counting": {}})


def count_files(*, seconds: float, now: datetime) -> bool:
    """Count for so long; returns whether any folder is left. One process at a time."""
    survey, until = _survey(), time.monotonic() + seconds
    waiting = units()
    counting: StoreCounts = survey.counting if survey.next_folder else {}
    if survey.next_folder in waiting:
        waiting = waiting[waiting.index(survey.next_folder) :]
    while waiting and time.monotonic() < until:
        unit = waiting.pop(0)
        purpose = unit.partition("/")[0]
        counting[purpose] = dict(Counter(counting.get(purpose, {})) + count_unit(unit))
    if waiting:
        survey.next_folder, survey.counting = waiting[0], counting
    else:
        survey.next_folder, survey.counting, survey.counts, survey.counted_at = "", {}, counting, now
    survey.save()
    return bool(waiting)


def _survey() -> StoreSurvey:
    return StoreSurvey.objects.filter(pk=1).first() or StoreSurvey(pk=1)
