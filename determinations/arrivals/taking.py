"""One look at a source: what is new there is stored with its rows, and only then moved aside.

``ArrivedItem`` rows and those of the batch are committed together. Whatever kills the worker, the next look finds each
file either not taken, or taken and still to be moved aside, which needs the same bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from time import monotonic

from determinations.arrivals.connections import Connection, Item, ItemChanged, ItemFault
from determinations.arrivals.fetching import Look, Taken, fetch, has_bytes, refusal_of
from determinations.arrivals.set_aside import FileFailed, forget_gone, set_aside, without_set_aside, work_on
from determinations.arrivals.storing import WindowFailed, store
from determinations.intake.arrivals import close_all
from determinations.models import ArrivalSource, ArrivedItem
from determinations.models.clock import database_now

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
            if row.sha256 and not has_bytes(connection, item, row.sha256):
                return False
            connection.put_aside(item, row.reason)
    except ItemChanged:
        look.unsettled += 1
    except ItemFault as fault:
        look.note(fault)
    else:
        row.delete()
    return True


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
    fetched: list[Taken] = []
    try:
        for item in items:
            with work_on(item):
                if taken := fetch(connection, item, look):
                    fetched.append(taken)
        lane = store(source, connection, fetched, look)
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


def _put_aside(source: ArrivalSource, connection: Connection, taken: Sequence[Taken], look: Look) -> None:
    """Move files aside whose rows are committed; their rows of this package go."""
    moved = []
    try:
        for file in taken:
            try:
                with work_on(file.item):
                    connection.put_aside(file.item, refusal_of(file))
                moved.append(file.item.identity)
            except ItemFault as fault:
                look.note(fault)
    finally:
        ArrivedItem.objects.filter(source=source, identity__in=moved).delete()
