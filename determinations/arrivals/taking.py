"""One look at a source: what is new there is stored with its rows, and only then moved aside.

``ArrivedItem`` rows and those of the batch are committed together. Whatever kills the worker, the next look finds each
file either not taken, or taken and still to be moved aside, which needs the same bytes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from time import monotonic
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.db import transaction

from determinations.access import audit
from determinations.arrivals.connections import Connection, Item, ItemChanged, ItemFault
from determinations.arrivals.set_aside import FileFailed, forget_gone, set_aside, without_set_aside, work_on
from determinations.intake.arrivals import Arrival, clean_name, close_all, unopened_files
from determinations.intake.leftovers import uploading_folder
from determinations.intake.receiving import lane_of, receive_window
from determinations.intake.store import letter_limits
from determinations.models import ArrivalRun, ArrivalSource, ArrivedItem, Upload
from determinations.models.clock import database_now
from determinations.models.uploads import FileOutcome
from determinations.storage.scratch import ScratchFile
from determinations.wording.states import REFUSALS

#: Files that may still be written to are taken when they were the same for this long. Network file systems may show
#: the size of a file up to a minute late.
SETTLED_AFTER = timedelta(seconds=60)
#: Rows of files that were not there for this long are deleted.
_GONE_AFTER = timedelta(days=30)
_NOTED_EVERY = timedelta(hours=12)
_LISTED_AT_ONCE = 200
#: Files that are stored in one transaction.
_WINDOW_FILES = 50
_WINDOW_BYTES = 32 * 1024 * 1024
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
class _Taken:
    """A file that was fetched, with the arrivals that it is."""

    item: Item
    sha256: str
    arrivals: list[Arrival]


class WindowFailed(Exception):
    """Something unforeseen went wrong with one of several files."""


def take(source: ArrivalSource, connection: Connection, look: Look, *, seconds: float) -> Iterator[str]:
    """Take what is there, for so long; yields the lane of letters as they are received.

    The caller holds the lock that keeps other processes from this source. Raises ``SourceFault``,
    ``StoreUnavailable``.
    """
    began, until = database_now(), monotonic() + seconds
    items = connection.items()
    try:
        while listed := list(islice(items, _LISTED_AT_ONCE)):
            for window in _windows(_ready(source, connection, listed, look)):
                yield from _take_window(source, connection, window, look)
                if monotonic() > until:
                    return
    except FileFailed as failure:
        set_aside(source, failure)  # the next look goes on, by another connection: this one may be out of step
        return
    look.is_over = True
    forget_gone(source, began)
    ArrivedItem.objects.filter(source=source, looked_at__lt=database_now() - _GONE_AFTER).delete()


def _ready(source: ArrivalSource, connection: Connection, listed: Sequence[Item], look: Look) -> list[Item]:
    """Those of these files to take now. What an earlier look took is moved aside; what is new is noted."""
    now = database_now()
    rows = ArrivedItem.objects.filter(source=source, identity__in={item.identity for item in listed})
    known = {row.identity: row for row in rows}
    ready, seen = [], []
    for item in without_set_aside(source, listed, now):
        row = known.get(item.identity)
        if row is not None and row.taken:
            if not connection.leaves_files and not _put_aside_again(connection, item, row, look):
                ready.append(item)
        elif not item.settles or (row is not None and now - row.seen_at >= SETTLED_AFTER):
            ready.append(item)
        else:
            look.unsettled += 1
            if row is None:
                seen.append(item)
    ArrivedItem.objects.bulk_create(
        (ArrivedItem(source=source, identity=item.identity, seen_at=now, looked_at=now) for item in seen),
        ignore_conflicts=True,
    )
    rows.filter(looked_at__lt=now - _NOTED_EVERY).update(looked_at=now)
    return ready


def _put_aside_again(connection: Connection, item: Item, row: ArrivedItem, look: Look) -> bool:
    """Move aside what an earlier run took, whose worker was killed before; False if it is another file by now."""
    try:
        with work_on(item):
            if row.sha256 and not _has_bytes(connection, item, row.sha256):
                return False
            connection.put_aside(item, row.reason)
    except ItemChanged:
        look.unsettled += 1
    except ItemFault as fault:
        look.note(fault)
    else:
        row.delete()
    return True


def _has_bytes(connection: Connection, item: Item, sha256: str) -> bool:
    with _scratch() as copy:
        connection.fetch(item, cast(BinaryIO, copy))
        return _digest(copy) == sha256


def _windows(items: Iterable[Item]) -> Iterator[list[Item]]:
    window: list[Item] = []
    size = 0
    for item in items:
        window.append(item)
        size += item.size
        if len(window) >= _WINDOW_FILES or size >= _WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window


def _take_window(source: ArrivalSource, connection: Connection, items: Sequence[Item], look: Look) -> Iterator[str]:
    """Fetch these files, store them with their rows, then move them aside.

    If storing fails unexpectedly, each file is taken on its own, so that the one to blame is known.
    """
    fetched: list[_Taken] = []
    try:
        for item in items:
            with work_on(item):
                if taken := _fetch(connection, item, look):
                    fetched.append(taken)
        lane = _store(source, connection, fetched, look)
    except WindowFailed:
        lane = None
    finally:
        for taken in fetched:
            close_all(taken.arrivals)
    if lane is None:
        for item in items:
            yield from _take_window(source, connection, [item], look)
        return
    if lane:
        yield lane
    if not connection.leaves_files:
        _put_aside(source, connection, fetched, look)


def _store(source: ArrivalSource, connection: Connection, fetched: Sequence[_Taken], look: Look) -> str:
    """Store what is new of these files; the lane of its letters, if there are any.

    Raises :class:`WindowFailed` if something unforeseen goes wrong with one of several.
    """
    if not fetched:
        return ""
    try:
        with work_on(fetched[0].item):
            known = _left_before(source, fetched) if connection.leaves_files else set()
            new = [taken for taken in fetched if taken.sha256 not in known]
            lane = _keep(source, new, look) if new else ""
            _note(source, [taken for taken in fetched if taken.sha256 in known])
            return lane
    except FileFailed:
        if len(fetched) > 1:
            raise WindowFailed from None
        raise


def _fetch(connection: Connection, item: Item, look: Look) -> _Taken | None:
    """Fetch a file; None if it changed or cannot be read now."""
    if item.size > _most_bytes():
        return _Taken(item, "", [_too_large(item)])
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
    return _Taken(item, digest, list(unopened_files([file])))


def _left_before(source: ArrivalSource, fetched: Sequence[_Taken]) -> set[str]:
    """The bytes that were taken from this source before, and left there, also under another name or time."""
    digests = {taken.sha256 for taken in fetched if taken.sha256}
    rows = ArrivedItem.objects.filter(source=source, sha256__in=digests)
    return set(rows.values_list("sha256", flat=True))


def _keep(source: ArrivalSource, taken: Sequence[_Taken], look: Look) -> str:
    """Store the files with the rows that say so, in one transaction; returns the lane of their letters."""
    arrivals = [arrival for file in taken for arrival in file.arrivals]
    with transaction.atomic():
        now = database_now()
        run = look.run or begun_run(source, now)
        if run.upload is None:
            run.upload = Upload.objects.create(
                by=None, started_at=now, note=f"arrived from {source.name}", office=source.office
            )
            run.save(update_fields=["upload"])
        lane = lane_of(run.upload)
        counts: Counter[str] = receive_window(upload=run.upload, arrivals=arrivals, lane=lane)
        audit.record(
            "letters.uploaded", by=None, at=now, upload=run.upload.pk, source=source.pk,
            accepted=counts[FileOutcome.ACCEPTED], duplicate=counts[FileOutcome.DUPLICATE],
            refused=counts[FileOutcome.REFUSED], unopened=counts[FileOutcome.OPENING],
        )  # fmt: skip
        _note(source, taken)
    look.run = run
    return lane


def begun_run(source: ArrivalSource, now: datetime) -> ArrivalRun:
    """The run that was not finished, because its turn was over or its worker was killed, or a new one."""
    unfinished = ArrivalRun.objects.select_related("upload__office").filter(source=source, ended_at=None)
    if run := unfinished.first():
        if run.upload is None or run.upload.office_id == source.office_id:
            return run
        unfinished.update(ended_at=now)  # the source is for another office since
    return ArrivalRun.objects.create(source=source, started_at=now)


def _note(source: ArrivalSource, taken: Sequence[_Taken]) -> None:
    now = database_now()
    ArrivedItem.objects.bulk_create(
        [
            ArrivedItem(
                source=source, identity=file.item.identity, sha256=file.sha256, seen_at=now, looked_at=now,
                taken=True, reason=_refusal(file),
            )
            for file in taken
        ],
        update_conflicts=True, unique_fields=["source", "identity"],
        update_fields=["sha256", "taken", "reason", "looked_at"],
    )  # fmt: skip


def _put_aside(source: ArrivalSource, connection: Connection, taken: Sequence[_Taken], look: Look) -> None:
    """Move files aside whose rows are committed; their rows of this package go."""
    moved = []
    try:
        for file in taken:
            try:
                with work_on(file.item):
                    connection.put_aside(file.item, _refusal(file))
                moved.append(file.item.identity)
            except ItemFault as fault:
                look.note(fault)
    finally:
        ArrivedItem.objects.filter(source=source, identity__in=moved).delete()


def _refusal(file: _Taken) -> str:
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
