"""Fetches files of a source into files without a name, and says which of them are refused."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files import File

from determinations.arrivals.connections import Connection, Item, ItemChanged, ItemFault
from determinations.intake.arrivals import Arrival, clean_name, unopened_files
from determinations.intake.leftovers import uploading_folder
from determinations.intake.store import letter_limits
from determinations.models import ArrivalRun
from determinations.storage.scratch import ScratchFile
from determinations.wording.states import REFUSALS

_PART = 1024 * 1024
#: Faults of files that a page tells in full.
_MOST_FAULTS = 3


@dataclass(slots=True)
class Look:
    """What a look found so far. ``is_over``: everything was looked at."""

    run: ArrivalRun | None = None
    unsettled: int = 0
    faults: list[str] = field(default_factory=list)
    more_faults: int = 0
    is_over: bool = False

    def note(self, fault: Exception) -> None:
        """Note why something was not taken or moved."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(str(fault))
        else:
            self.more_faults += 1

    @property
    def fault(self) -> str:
        """All faults in words; empty if there was none."""
        more = [f"{self.more_faults:,} more files have faults."] if self.more_faults else []
        return " ".join(self.faults + more)[:500]


@dataclass(slots=True)
class Taken:
    """A file that was fetched, with the arrivals that it is."""

    item: Item
    sha256: str
    arrivals: list[Arrival]


def fetch(connection: Connection, item: Item, look: Look) -> Taken | None:
    """Fetch a file; None if it changed or cannot be read now."""
    if item.size > _most_bytes():
        return Taken(item, "", [_too_large(item)])
    copy = _scratch()
    try:
        connection.fetch(item, cast(BinaryIO, copy))
    except (ItemChanged, ItemFault) as fault:
        copy.close()
        if isinstance(fault, ItemFault):
            look.note(fault)
        else:
            look.unsettled += 1
        return None
    except BaseException:
        copy.close()
        raise
    digest = _digest(copy)
    file = File(copy, name=clean_name(item.name))  # type: ignore[arg-type]  # the stubs know files of text only
    file.size = copy.seek(0, 2)
    copy.seek(0)
    return Taken(item, digest, list(unopened_files([file])))


def has_bytes(connection: Connection, item: Item, sha256: str) -> bool:
    with _scratch() as copy:
        connection.fetch(item, cast(BinaryIO, copy))
        return _digest(copy) == sha256


def refusal_of(file: Taken) -> str:
    """Why the file as a whole was refused; empty if it was accepted, or is still to be opened."""
    refused = [arrival for arrival in file.arrivals if arrival.reason]
    if not file.arrivals or len(refused) < len(file.arrivals):
        return ""
    arrival = refused[0]
    words = REFUSALS.get(arrival.reason)
    told = (f"{words.label}.", arrival.message, words.next_step) if words else (arrival.message or arrival.reason,)
    return " ".join(filter(None, told))[:600]


def _too_large(item: Item) -> Arrival:
    message = f"{item.size:,} bytes; {_most_bytes():,} are allowed."
    return Arrival(clean_name(item.name), item.size, reason="too_large", message=message)


def _most_bytes() -> int:
    """What a file may have: a letter, or an archive."""
    return max(letter_limits().bytes, settings.ARCHIVE_BYTES)


def _scratch() -> ScratchFile:
    folder = uploading_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ScratchFile(folder)


def _digest(copy: ScratchFile) -> str:
    digest = sha256()
    copy.seek(0)
    while part := copy.read(_PART):
        digest.update(part)
    copy.seek(0)
    return digest.hexdigest()
