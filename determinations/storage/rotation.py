"""Encrypts stored files with the current key: those of older keys, and those that are not encrypted. If encryption was
turned off, it decrypts them all.

Each file is written anew under a temporary name, checked, and put in place of the old one in one step, while others
read and add files. A run that ends early leaves every file whole, under one key or the other; the next run goes on
with what is left. A key is released when no file needs it.
"""

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from determinations.models import FileKeyInUse
from determinations.storage.files import Area, areas
from determinations.storage.inventory import DAMAGED, changed_since, key_of, keys_of, units
from determinations.storage.keys import key_ring
from determinations.storage.locking import lock_store
from determinations.storage.register import register_current_key
from determinations.storage.sealed import KeyUnknown, NotAuthentic
from determinations.storage.secrets import keys_of_secrets, seal_secrets_anew

#: Files that are written anew in one turn; deletions wait for it.
BATCH = 50
#: File systems may keep times to two seconds.
_CLOCK_STEP = 2.0


class NoCurrentKey(Exception):
    """No key is configured."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file by its place."""

    area: Area
    name: str


@dataclass(slots=True)
class Progress:
    """What a run did so far: ``left`` files need another key than the current one or none."""

    left: int = 0
    written: int = 0
    damaged: set[StoredFile] = field(default_factory=set)
    without_key: int = 0
    released: list[str] = field(default_factory=list)


def rotate(*, batch: int = BATCH) -> Iterator[Progress]:
    """Encrypt all files with the current key, or decrypt them; yields the progress after the count and each batch.

    Raises ``NoCurrentKey``.
    """
    if key_ring().current is None and not key_ring().turned_off:
        raise NoCurrentKey
    register_current_key()
    progress, since = Progress(left=sum(1 for _ in _waiting())), _settled_moment()
    yield progress
    waiting: list[StoredFile] = []
    for file in _waiting():
        waiting.append(file)
        if len(waiting) == batch:
            _encrypt(waiting, progress)
            waiting = []
            yield progress
    _encrypt(waiting, progress)
    seal_secrets_anew()
    if not progress.without_key:
        progress.released = _release(since, progress.damaged)
    yield progress


def _waiting() -> Iterator[StoredFile]:
    """Files to write anew, in order. One that is damaged cannot be, and is counted when it is tried."""
    current = key_ring().current
    done = {DAMAGED, current.name if current else ""}
    for unit in units():
        for area, name, key in keys_of(unit):
            if key not in done:
                yield StoredFile(area, name)


def _encrypt(files: Sequence[StoredFile], progress: Progress) -> None:
    """Write these files anew, all of them or those before a fault; nothing deletes stored files meanwhile."""
    written: dict[StoredFile, Path] = {}
    try:
        with transaction.atomic():
            lock_store(to_delete=False)
            for file in files:
                outcome = _write_anew(file, written)
                progress.left -= 1
                if outcome == "damaged":
                    progress.damaged.add(file)
                elif outcome == "without key":
                    progress.without_key += 1
            for area in areas():
                of_area = {file.name: path for file, path in written.items() if file.area == area}
                if of_area:
                    area.place.put(of_area)
                    progress.written += len(of_area)
    finally:
        for unfinished in written.values():
            unfinished.unlink(missing_ok=True)


def _write_anew(file: StoredFile, written: dict[StoredFile, Path]) -> str:
    """Write the file under a temporary name, with the age of the old one. Returns why it was not, or nothing."""
    unfinished = file.area.place.unfinished()
    written[file] = unfinished
    digest = hashlib.sha256()
    try:
        age = file.area.place.entry(file.name).changed_ns
        with file.area.open(file.name) as source, file.area.begin(file.name, unfinished) as target:
            while part := source.read(1024 * 1024):
                digest.update(part)
                target.write(part)
    except (NotAuthentic, KeyUnknown, FileNotFoundError) as fault:
        written.pop(file).unlink(missing_ok=True)
        if isinstance(fault, KeyUnknown) and FileKeyInUse.objects.filter(pk=fault.key_name).exists():
            return "without key"
        return "gone" if isinstance(fault, FileNotFoundError) else "damaged"
    if file.area.purpose == "letters" and digest.hexdigest() != Path(file.name).name:
        written.pop(file).unlink()
        return "damaged"
    os.utime(unfinished, ns=(age, age))
    return ""


def _settled_moment() -> float:
    """A moment after which whatever is stored is stored by a process that began later, by the place's own clock."""
    with transaction.atomic():
        lock_store(to_delete=True)
        return min(area.place.clock() for area in areas()) - _CLOCK_STEP


def _release(since: float, damaged: Collection[StoredFile]) -> list[str]:
    """Release all keys but the current one, unless files were stored with them after the run began."""
    current = key_ring().current
    with transaction.atomic():
        lock_store(to_delete=True)
        new = {StoredFile(area, name) for area, name in changed_since(since)}.difference(damaged)
        used = {key_of(file.area, file.name) for file in new}.union(keys_of_secrets())
        unused = FileKeyInUse.objects.exclude(pk=current.name if current else "").exclude(pk__in=used)
        released = sorted(unused.values_list("pk", flat=True))
        unused.delete()
    return released
