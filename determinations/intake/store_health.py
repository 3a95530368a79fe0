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
from determinations.storage.places import MARKER, MOVED, MOVING, Place
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
    place = letters_area().place
    try:
        found = place.marker()
        if expected is None:
            if not _has_our_letters():
                return _other(place, found)
            found = found or _write_marker(place)
            expected = _tie(found)
    except OSError as fault:
        return _unusable(fault)
    if found == expected:
        return None
    return _other(place, found)


def unavailable(fault: OSError) -> StoreUnavailable:
    """What to raise if the store failed in the middle of work."""
    return StoreUnavailable(_unusable(fault))


def _unusable(fault: OSError) -> Obstacle:
    return Obstacle(
        "store_unreadable",
        f"The letter store cannot be used ({fault.strerror or type(fault).__name__}).",
        _WORDS[letters_area().place.kind].unusable,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said of a folder or a bucket."""

    missing: tuple[str, str]
    foreign: tuple[str, str]
    unusable: str
    disk: str


_WORDS = {
    "folder": _Words(
        missing=(
            "The letter store is not mounted: its folder has no file store-id.",
            "Mount the storage of DATA_DIR at this path on every host. If the file was lost, run manage.py tie_store.",
        ),
        foreign=(
            "The folder of letters belongs to another database.",
            "Set DATA_DIR and DATABASE_URL of the same installation on every host.",
        ),
        unusable="Check the disk or network share of DATA_DIR and its permissions.",
        disk="The disk of the letter store",
    ),
    "bucket": _Words(
        missing=(
            "The bucket of letters is not the letter store: it has no object store-id.",
            "Set the STORE_URL of this installation on every host. If the object was lost, run manage.py tie_store.",
        ),
        foreign=(
            "The bucket of letters belongs to another database.",
            "Set STORE_URL and DATABASE_URL of the same installation on every host.",
        ),
        unusable=(
            "Check STORE_URL, S3_ENDPOINT_URL, the access keys, and the network to the object storage. Nothing is "
            "lost; work goes on by itself when it answers."
        ),
        disk="The disk on which files wait to be sent to the bucket (SCRATCH_DIR)",
    ),
}


def _other(place: Place, found: str) -> Obstacle:
    """Why a place with this marker is not the store of this database."""
    if not found:
        return Obstacle("store_missing", *_WORDS[place.kind].missing)
    if found.startswith(MOVED):
        return Obstacle(
            "store_moved",
            f"The letter store was moved to {found.removeprefix(MOVED)}.",
            "Change STORE_URL or DATA_DIR on this host as move_store said, and restart.",
        )
    if found.startswith(MOVING):
        return Obstacle(
            "store_moving",
            "The letter store is being moved to this place and is not complete here.",
            "Use the old STORE_URL or DATA_DIR until move_store has finished.",
        )
    return Obstacle("store_foreign", *_WORDS[place.kind].foreign)


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
        f"{disk_words()} is full: {free // 2**20:,} MB are free, "
        f"{settings.STORE_FREE_BYTES // 2**20:,} MB are required.",
        "Free space on it or enlarge it; reading then continues without a restart.",
    )


def disk_words() -> str:
    """The name of the disk of ``store_folder``, at the start of a sentence."""
    return _WORDS[letters_area().place.kind].disk


def free_bytes(folder: Path) -> int:
    """Bytes that an ordinary process may still write in the folder's file system."""
    status = os.statvfs(folder)
    if status.f_files and not status.f_favail:
        return 0
    return status.f_bavail * status.f_frsize


def tie_store() -> None:
    """Declare the folder of letters to be the store of this database. Raises :class:`StoreUnavailable` if none of
    the newest letters' files are in it."""
    place = letters_area().place
    if not _has_our_letters():
        raise StoreUnavailable(Obstacle("store_foreign", *_WORDS[place.kind].foreign))
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
