"""Compares the letter store with the database: every file's bytes, rows without a file, files without a row.

One step is one of the 256 first folders of the store, so that a check can be limited, and continued later.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from determinations.intake.leftovers import WITHOUT_ROW_AFTER
from determinations.models import Letter, RemovedLetter, UnopenedFile
from determinations.storage.files import Area, letters_area
from determinations.storage.sealed import KeyUnknown, NotAuthentic
from determinations.storage.together import together

#: Faults of one kind that are named.
_MOST = 100
_WHOLE, _DAMAGED, _MISSING, _UNREADABLE = "whole", "damaged", "missing", "unreadable"
PREFIXES = tuple(f"{number:02x}" for number in range(256))


@dataclass(slots=True)
class StoreCheck:
    """What was found; names are SHA-256. ``next``: the folder to continue with, empty if all were looked at."""

    files: int = 0
    bytes: int = 0
    next: str = ""
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    without_row: list[str] = field(default_factory=list)
    more: int = 0

    @property
    def faults(self) -> int:
        """How many files are missing, damaged, unreadable or of no letter."""
        return sum(map(len, (self.missing, self.damaged, self.unreadable, self.without_row))) + self.more

    def note(self, names: list[str], name: str) -> None:
        """Note a fault."""
        if len(names) < _MOST:
            names.append(name)
        else:
            self.more += 1


def check_files(*, begin: str = "00", most: int = 0, seconds: float = 0.0) -> StoreCheck:
    """Look at folders from ``begin`` on, until at least ``most`` files were read or the time is up (0: all)."""
    result, until = StoreCheck(), time.monotonic() + seconds
    for prefix in PREFIXES:
        if prefix < begin:
            continue
        if (most and result.files >= most) or (seconds and time.monotonic() >= until):
            result.next = prefix
            break
        _check_folder(prefix, result)
    return result


def _check_folder(prefix: str, result: StoreCheck) -> None:
    area = letters_area()
    old = (time.time() - WITHOUT_ROW_AFTER.total_seconds()) * 1e9
    # Before the rows: files come first.
    stored = {entry.name.rpartition("/")[2]: entry for entry in area.place.entries(prefix)}
    expected = sorted(_expected(prefix))
    for name, (state, size) in zip(expected, _states(area, expected), strict=True):
        if state == _MISSING:
            if any(model.objects.filter(sha256=name).exists() for model in (Letter, UnopenedFile)):  # still needed
                result.note(result.missing, name)
            continue
        result.bytes += size
        if state == _UNREADABLE:
            result.note(result.unreadable, name)
            continue
        result.files += 1
        if state == _DAMAGED:
            result.note(result.damaged, name)
    for name in sorted(stored.keys() - set(expected)):
        if len(name) == 64 and stored[name].changed_ns < old and area.has(stored[name].name):
            result.note(result.without_row, name)


def _states(area: Area, names: Sequence[str]) -> Sequence[tuple[str, int]]:
    """Of each of these files, what it is, and its bytes as stored."""
    if area.place.kind == "folder":
        return [_state(area, name) for name in names]
    return together(partial(_state, area), names)


def _state(area: Area, name: str) -> tuple[str, int]:
    place = f"{name[:2]}/{name[2:4]}/{name}"
    try:
        with area.open(place) as content:
            whole = hashlib.file_digest(content, "sha256").hexdigest() == name
        return _WHOLE if whole else _DAMAGED, area.place.entry(place).size
    except FileNotFoundError:
        return _MISSING, 0
    except NotAuthentic:
        return _DAMAGED, 0
    except KeyUnknown:
        return _UNREADABLE, 0


def _expected(prefix: str) -> Iterator[str]:
    """The files that rows with these two first digits need; those of unopened files too, and of removed
    letters until they are deleted."""
    end = "g" if prefix == PREFIXES[-1] else PREFIXES[PREFIXES.index(prefix) + 1]
    within = {"sha256__gte": prefix, "sha256__lt": end}
    yield from Letter.objects.filter(**within).values_list("sha256", flat=True).distinct().order_by("sha256")
    yield from UnopenedFile.objects.filter(**within).values_list("sha256", flat=True)
    yield from RemovedLetter.objects.filter(**within, deleted_at=None).values_list("sha256", flat=True)
