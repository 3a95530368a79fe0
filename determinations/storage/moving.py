"""Moves all stored files to another place while letters are received and read.

Files are copied as they are stored, encrypted or not, and compared by SHA-256 with what the new place has then. Rounds
go on until few are left. The last round runs while no file can be added or deleted; at its end the new place gets its
marker, the database the ID in it, and the old place a marker that says where its files are. From then on processes
that are configured with the old place neither receive nor read, so that the two never go apart. A run that was stopped
is continued by the next one.
"""

import hashlib
import os
import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import connection, transaction

from determinations.models import Installation
from determinations.storage.files import PURPOSES, Area, area_of, configured_location
from determinations.storage.folder import new_private
from determinations.storage.inventory import units
from determinations.storage.locking import hold_store
from determinations.storage.places import MARKER, MOVED, MOVING, Entry, Place, StoreReplaced
from determinations.storage.together import together
from imrsite.store_address import Bucket

#: Rounds before the last one, at most; and how few copies in a round end them.
_MOST_ROUNDS, _FEW = 5, 200
#: A batch of files that are copied together: how many, and their bytes.
_BATCH, _BATCH_BYTES = 100, 256 * 1024 * 1024
_UNITS_AT_ONCE = 16
#: Clocks of places show whole seconds, and are compared over a network.
_CLOCK_STEP = 3.0


class MoveRefused(Exception):
    """The move cannot begin or go on; the message says why. Nothing was switched."""


@dataclass(slots=True)
class Progress:
    """What a run did so far. ``files`` and ``bytes``: what the last round saw in the old place."""

    rounds: int = 0
    files: int = 0
    bytes: int = 0
    copied: int = 0
    deleted: int = 0
    moved: bool = False


@dataclass(frozen=True, slots=True)
class _Pair:
    """The files of one purpose in the old and in the new place; ``ahead``: seconds of the new one's clock."""

    old: Area
    new: Area
    ahead: float


@dataclass(frozen=True, slots=True)
class _Difference:
    pair: _Pair
    copy: Sequence[Entry]
    delete: Sequence[str]
    files: int
    bytes: int


def move(target: Bucket | Path) -> Generator[Progress, None, None]:
    """Move to the bucket or folder; yields the progress after each step. Raises ``MoveRefused`` and ``OSError``."""
    source = configured_location()
    if source == target:
        raise MoveRefused("The files are there already.")
    store_id = Installation.objects.values_list("store_id", flat=True).first()
    old, new = area_of("letters", source).place, area_of("letters", target).place
    if store_id is None:
        raise MoveRefused("No letter was received yet: there is nothing to move. Set STORE_URL instead.")
    if old.marker() not in {store_id, f"{MOVED}{target}"}:
        raise MoveRefused("The configured letter store is not that of this database: see manage.py check_store.")
    next_id = hashlib.sha256(f"{store_id} {target}".encode()).hexdigest()[:32]
    if new.marker() == store_id:
        raise MoveRefused("The files were moved there already: change the setting and restart.")
    begun = {f"{MOVING}{store_id}", next_id}
    _begin(target, begun, came_from=f"{MOVED}{source}", marker=f"{MOVING}{store_id}")
    pairs = {}
    for purpose in PURPOSES:
        of_old, of_new = area_of(purpose, source), area_of(purpose, target)
        pairs[purpose] = _Pair(of_old, of_new, of_new.place.clock() - of_old.place.clock())
    progress = Progress()
    while progress.rounds < _MOST_ROUNDS:
        before = progress.copied
        yield from _round(pairs, progress)
        if progress.copied - before <= _FEW:
            break
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        hold_store(to_delete=True)
        yield from _round(pairs, progress)
        _replace_marker(new, next_id)
        _replace_marker(old, f"{MOVED}{target}")
        Installation.objects.update(store_id=next_id)
    progress.moved = True
    yield progress


def _begin(target: Bucket | Path, begun: set[str], *, came_from: str, marker: str) -> None:
    """Mark the new place as ours and not complete. It has to be empty, or of an earlier move of this store."""
    place = area_of("letters", target).place
    found = place.marker()
    if found in begun:
        return
    if found and found != came_from:
        raise MoveRefused(f"{target} holds the files of another installation. Nothing was changed.")
    if not found and not all(area_of(purpose, target).place.is_empty() for purpose in PURPOSES):
        raise MoveRefused(f"{target} is not empty. Nothing was changed: choose an empty place.")
    _replace_marker(place, marker)


def _replace_marker(place: Place, content: str) -> None:
    place.delete(MARKER)
    place.write_marker(content)
    if place.marker() != content:
        raise MoveRefused(f"Another process writes to {place}. Nothing was switched: run the command again.")


def _round(pairs: dict[str, _Pair], progress: Progress) -> Iterator[Progress]:
    """Bring the new place to the state of the old one."""
    progress.rounds += 1
    progress.files = progress.bytes = 0
    waiting = units()
    for start in range(0, len(waiting), _UNITS_AT_ONCE):
        for difference in together(partial(_compare, pairs), waiting[start : start + _UNITS_AT_ONCE]):
            progress.files += difference.files
            progress.bytes += difference.bytes
            for name in difference.delete:
                difference.pair.new.place.delete(name)
                progress.deleted += 1
            for batch in _batches(difference.copy):
                progress.copied += _copy(difference.pair, batch)
                yield progress


def _compare(pairs: dict[str, _Pair], unit: str) -> _Difference:
    """What a unit lacks in the new place. A file that was written anew with the same size is copied again."""
    purpose, _, prefix = unit.partition("/")
    pair = pairs[purpose]
    there = {entry.name: entry for entry in pair.new.place.entries(prefix)}
    copy, files, size = [], 0, 0
    later = (pair.ahead + _CLOCK_STEP) * 1e9
    for entry in pair.old.place.entries(prefix):
        files, size = files + 1, size + entry.size
        copied = there.pop(entry.name, None)
        if copied is None or copied.size != entry.size or copied.written_ns < entry.written_ns + later:
            copy.append(entry)
    return _Difference(pair, copy, list(there), files, size)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == _BATCH or size + entry.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield batch


def _copy(pair: _Pair, entries: Sequence[Entry]) -> int:
    """Copy these files and compare them; returns how many. One that is deleted or replaced meanwhile is left out."""
    local = {entry.name: pair.new.place.unfinished() for entry in entries}
    try:
        digests = dict(together(partial(_fetch, pair, local), entries))
        pair.new.place.put({name: local[name] for name, digest in digests.items() if digest})
        for name, digest in together(partial(_digest, pair), [name for name, digest in digests.items() if digest]):
            if digest != digests[name]:
                pair.new.place.delete(name)
                raise MoveRefused(f"{pair.new.place} does not return what was written to it. Nothing was switched.")
    finally:
        for path in local.values():
            path.unlink(missing_ok=True)
    return sum(bool(digest) for digest in digests.values())


def _fetch(pair: _Pair, local: dict[str, Path], entry: Entry) -> tuple[str, str]:
    """Copy a file to the local disk; returns its name and SHA-256, which is empty if it is no longer there."""
    path = local[entry.name]
    try:
        with pair.old.place.open(entry.name) as content, new_private(path) as copy:
            shutil.copyfileobj(content, copy, 1024 * 1024)
    except (FileNotFoundError, StoreReplaced):
        return entry.name, ""
    os.utime(path, ns=(entry.changed_ns, entry.changed_ns))
    with path.open("rb") as copied:
        return entry.name, hashlib.file_digest(copied, "sha256").hexdigest()


def _digest(pair: _Pair, name: str) -> tuple[str, str]:
    with pair.new.place.open(name) as copied:
        return name, hashlib.file_digest(copied, "sha256").hexdigest()
