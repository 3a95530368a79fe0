"""Whether the letter store can be used: it is mounted, it belongs to this database, and it has room.

The database has an ID that is also in the file ``store-id`` of the store. A folder without it is not the store: it is
not mounted, or is a folder of another host. Both are written when the store is used for the first time.
"""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from determinations.intake.store import letter_store
from determinations.models import Installation, Letter
from determinations.storage.files import letters_area
from determinations.storage.places import MARKER, Place
from determinations.storage.register import missing_keys

#: The first use of a store that has letters: some of the newest must be in it.
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A reason why letters are neither received nor read: what is wrong, and the remedy. No letter text."""

    code: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


class StoreUnavailable(Exception):
    """The store cannot be used now; nothing was written. The message says why."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(str(obstacle))
        self.obstacle = obstacle


def check_store() -> None:
    """Raise :class:`StoreUnavailable` unless files can be stored and read."""
    if obstacle := store_obstacle() or key_obstacle() or space_obstacle():
        raise StoreUnavailable(obstacle)


def store_obstacle() -> Obstacle | None:
    """Why the folder of letters is not the store of this database; None if it is."""
    expected = Installation.objects.values_list("store_id", flat=True).first()
    try:
        place = letters_area().place
        found = place.marker()
        if expected is None:
            if not _has_our_letters():
                return _FOREIGN if found else _MISSING
            found = found or _write_marker(place)
            expected = _tie(found)
    except OSError as fault:
        return Obstacle(
            "store_unreadable",
            f"The letter store cannot be used ({fault.strerror or type(fault).__name__}).",
            "Check the disk or network share of DATA_DIR and its permissions.",
        )
    if found == expected:
        return None
    return _FOREIGN if found else _MISSING


_MISSING = Obstacle(
    "store_missing",
    "The letter store is not mounted: its folder has no file store-id.",
    "Mount the storage of DATA_DIR at this path on every host. If the file was lost, run manage.py tie_store.",
)
_FOREIGN = Obstacle(
    "store_foreign",
    "The folder of letters belongs to another database.",
    "Set DATA_DIR and DATABASE_URL of the same installation on every host.",
)


def key_obstacle() -> Obstacle | None:
    """Why stored files cannot be opened: a key that they are encrypted with is not configured. None if all are."""
    missing = missing_keys()
    if not missing:
        return None
    return Obstacle(
        "file_key_missing",
        f"Stored files are encrypted with a key that is not configured here: {', '.join(missing)}.",
        "Add the key to FILE_KEYS (or to the file that FILE_KEYS_FILE names) and restart; nothing is lost.",
    )


def space_obstacle() -> Obstacle | None:
    """Why no file should be written: less free space than the floor. None if there is enough."""
    try:
        free = free_bytes(store_folder())
    except OSError:
        return None  # ``store_obstacle`` says more
    if free >= settings.STORE_FREE_BYTES:
        return None
    return Obstacle(
        "disk_full",
        f"The disk of the letter store is full: {free // 2**20:,} MB are free, "
        f"{settings.STORE_FREE_BYTES // 2**20:,} MB are required.",
        "Free space on it or enlarge it; reading then continues without a restart.",
    )


def free_bytes(folder: Path) -> int:
    """Bytes that an ordinary process may still write in the folder's file system."""
    status = os.statvfs(folder)
    if status.f_files and not status.f_favail:
        return 0
    return status.f_bavail * status.f_frsize


def tie_store() -> None:
    """Declare the folder of letters to be the store of this database. Raises :class:`StoreUnavailable` if none of
    the newest letters' files are in it."""
    if not _has_our_letters():
        raise StoreUnavailable(_FOREIGN)
    place = letters_area().place
    place.delete(MARKER)
    Installation.objects.update_or_create(pk=1, defaults={"store_id": _write_marker(place)})


def _has_our_letters() -> bool:
    """Whether the folder has the file of one of the newest letters, or there are no letters yet."""
    newest = list(Letter.objects.order_by("-pk")[:_SAMPLE])
    return not newest or any(letter_store().exists(letter.store_name) for letter in newest)


def _write_marker(place: Place) -> str:
    """Write a new ID; the first of two processes wins. Returns the ID in the store."""
    place.write_marker(uuid.uuid4().hex)
    return place.marker()


def _tie(store_id: str) -> str:
    """Record the store's ID unless another process recorded one before; returns the recorded one."""
    Installation.objects.bulk_create([Installation(store_id=store_id)], ignore_conflicts=True)
    return Installation.objects.values_list("store_id", flat=True).get()


def store_folder() -> Path:
    """The local folder to whose disk letters are written; it may not exist yet."""
    return letters_area().place.local_folder
