"""Which stored files there are, by purpose and key: unit by unit, a unit being a folder of letters or
pictures, or all files of another purpose."""

from collections import Counter
from collections.abc import Iterator

from determinations.storage.files import Area, areas
from determinations.storage.places import Entry, StoreFault
from determinations.storage.sealed import NotAuthentic
from determinations.storage.together import together

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
    for entry in area.place.entries(prefix):
        if _is_stored(area, entry):
            yield area, entry.name


def count_unit(unit: str) -> Counter[str]:
    """How many files of a unit are encrypted with which key."""
    return Counter(key for _, _, key in keys_of(unit))


def keys_of(unit: str) -> Iterator[tuple[Area, str, str]]:
    """The files of a unit, each with the ID of its key, ``PLAIN`` or ``DAMAGED``."""
    files = list(files_of(unit))
    if not files or files[0][0].place.kind == "folder":
        yield from ((area, name, key_of(area, name)) for area, name in files)
        return
    keys = together(lambda file: key_of(*file), files)
    yield from ((area, name, key) for (area, name), key in zip(files, keys, strict=True))


def key_of(area: Area, name: str) -> str:
    """The ID of a file's key, ``PLAIN`` or ``DAMAGED``; also the latter if it is gone."""
    try:
        return area.key_name(name) or PLAIN
    except StoreFault:
        raise  # says nothing about the file
    except (NotAuthentic, OSError):
        return DAMAGED


def changed_since(moment: float) -> Iterator[tuple[Area, str]]:
    """At least the files that were stored since then, by the clock of their place."""
    for area in areas():
        for entry in area.place.changed_since(moment):
            if _is_stored(area, entry):
                yield area, entry.name


def _is_stored(area: Area, entry: Entry) -> bool:
    """Letters are named by their SHA-256; what else is among them is not ours."""
    return area.purpose != "letters" or len(entry.name.rpartition("/")[2]) == 64
