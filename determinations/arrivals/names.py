"""Names of files in sources: which are not finished yet, and free ones beside others."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import PurePosixPath

from determinations.extraction.clutter import is_clutter

#: Where files go that were taken or refused.
TAKEN_FOLDERS = ("taken", "refused")
#: How programs name what they are still writing.
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".swp", "~")
#: Bytes of a name to which something is added; file systems allow 255.
_LONGEST = 220


def is_unfinished(path: str) -> bool:
    """Whether a file's name says that it is not finished, hidden, or no letter."""
    name = path.rpartition("/")[2]
    return name.startswith(".") or name.lower().endswith(_UNFINISHED) or is_clutter(path)


def with_number(name: str) -> Iterator[str]:
    """The name, then ``name (2).pdf`` and so on."""
    yield name
    path = PurePosixPath(name)
    for number in count(2):
        yield f"{shortened(path.stem)} ({number}){path.suffix[:20]}"


def shortened(name: str) -> str:
    """The name, cut between two characters so that something can be added to it."""
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    return name
