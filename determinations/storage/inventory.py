"""Which stored files there are, by purpose and key: unit by unit, a unit being a folder of letters or
pictures, or all files of another purpose."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from determinations.storage.files import UNFINISHED, Area, areas, key_name_of
from determinations.storage.sealed import NotAuthentic

#: Stands for the key of files that are not encrypted, and of those whose header makes no sense.
PLAIN, DAMAGED = "", "damaged"
_PREFIXES = tuple(f"{number:02x}" for number in range(256))
#: Purposes whose files are in folders of folders; those of others are in one folder.
_IN_FOLDERS = ("letters", "pictures")


def units() -> list[str]:
    """All units, in order."""
    in_folders = [f"{purpose}/{prefix}" for purpose in _IN_FOLDERS for prefix in _PREFIXES]
    return in_folders + [area.purpose for area in areas() if area.purpose not in _IN_FOLDERS]


def files_of(unit: str) -> Iterator[tuple[Area, str]]:
    """The files of a unit: their area, and their name in it. Files that are being written are left out."""
    purpose, _, prefix = unit.partition("/")
    area = next(area for area in areas() if area.purpose == purpose)
    for path in sorted((area.root / prefix).rglob("*")) if prefix else _listed(area.root):
        if _is_stored(area, path):
            yield area, path.relative_to(area.root).as_posix()


def count_unit(unit: str) -> Counter[str]:
    """How many files of a unit are encrypted with which key."""
    return Counter(key_of(area, name) for area, name in files_of(unit))


def key_of(area: Area, name: str) -> str:
    """The ID of a file's key, ``PLAIN`` or ``DAMAGED``; also the latter if it is gone."""
    try:
        return key_name_of(area.path(name)) or PLAIN
    except (NotAuthentic, OSError):
        return DAMAGED


def changed_since(moment: float) -> Iterator[tuple[Area, str]]:
    """Files in folders in which a file appeared since then, by the clock of the file system."""
    for area in areas():
        for folder in _folders(area):
            if folder.stat().st_mtime >= moment:
                for path in _listed(folder):
                    if _is_stored(area, path):
                        yield area, path.relative_to(area.root).as_posix()


def _folders(area: Area) -> Iterator[Path]:
    if not area.root.is_dir():
        return
    if area.purpose not in _IN_FOLDERS:
        yield area.root
        return
    for prefix in _PREFIXES:
        yield from (path for path in _listed(area.root / prefix) if path.is_dir())


def _is_stored(area: Area, path: Path) -> bool:
    if not path.is_file() or path.name.startswith("."):
        return False
    if area.purpose == "letters":
        return len(path.name) == 64
    return UNFINISHED not in path.parts[len(area.root.parts) :]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
