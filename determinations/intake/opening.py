"""Opens archives, messages and portfolios that were uploaded, in a worker: their files become entries of the batch.

One process opens at a time, and containers take turns, so that a slow one delays no letters and few containers. Every
window of files is committed with its rows. A worker that goes on with a container, because another was killed or its
turn was over, leaves out what has a row already. When everything is received, the container's own entry disappears,
and its stored file too, unless that is a letter itself, as a PDF with attachments is.
"""

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from determinations.access import audit
from determinations.access.scope import all_letters
from determinations.extraction.contents import ContentReader
from determinations.intake.arrivals import Arrival, arrivals_of, close_all, content_limits, windows_of
from determinations.intake.leftovers import delete_if_unneeded
from determinations.intake.receiving import lane_of, receive_window, refuse_erased, rows_received
from determinations.intake.store_health import StoreUnavailable, check_store
from determinations.intake.stored_files import KeyMissing, StoredFileFault, open_stored
from determinations.models import UnopenedFile, UploadedFile
from determinations.models.clock import database_now
from determinations.models.uploads import FileOutcome

log = logging.getLogger(__name__)

#: A container that was tried this often without a new file ended its worker each time.
ATTEMPTS = 10
_KILLED = f"The worker stopped {ATTEMPTS} times while it opened this file. Other files are not affected."
_SLOW = "Opening the file takes longer than allowed."
_NOTHING = "It holds no letters."


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds after which a container's turn ends: ``new`` of receiving files, if others wait, and ``whole`` in all.

    A whole turn without a new file is the container's last one.
    """

    new: float = 20.0
    whole: float = 200.0


PATIENCE = Patience()


class OpeningStopped(Exception):
    """The child that opens messages does not start, which is no container's fault: they wait."""

    def __init__(self) -> None:
        super().__init__("the reader of messages does not start.")


@dataclass(frozen=True, slots=True)
class _Turn:
    """A container that this process opens. ``tried_at`` tells its turn from that of another process."""

    entry: UploadedFile
    unopened: UnopenedFile
    tried_at: datetime

    def holds(self) -> bool:
        """Whether the container is still there and ours; locks its row until the transaction ends."""
        own = UnopenedFile.objects.select_for_update().filter(pk=self.unopened.pk, tried_at=self.tried_at)
        return own.exists()

    def received(self) -> Counter[tuple[str, str]]:
        """What has an entry already, of all turns."""
        return Counter(rows_received(_files_of(self.entry)))


def any_waiting() -> bool:
    """Whether a container waits to be opened."""
    return UnopenedFile.objects.exists()


def any_due(since: datetime) -> bool:
    """Whether a container waits that was not tried since then, or got on at its last turn."""
    return UnopenedFile.objects.filter(Q(tried_at=None) | Q(tried_at__lt=since) | Q(attempts=0)).exists()


def open_waiting(*, seconds: float, patience: Patience = PATIENCE) -> Iterator[str]:
    """Open containers, those that waited longest first, for so long; yields the lane of letters as they are received.

    The caller holds the lock that keeps other processes from opening. Raises ``StoreUnavailable`` or
    ``OpeningStopped``.
    """
    check_store()
    until, tried = time.monotonic() + seconds, set[int]()
    with ContentReader(content_limits()) as reader:
        while time.monotonic() < until and (turn := _begin_turn(tried)):
            tried.add(turn.entry.pk)
            yield from _open(turn, reader, patience)


def _begin_turn(tried: Collection[int]) -> _Turn | None:
    with transaction.atomic():
        waiting = UnopenedFile.objects.exclude(pk__in=tried).order_by(F("tried_at").asc(nulls_first=True), "pk")
        unopened = waiting.select_for_update(of=("self",), skip_locked=True).first()
        if unopened is None:
            return None
        entry = UploadedFile.objects.select_related("upload__office", "upload__by").get(pk=unopened.pk)
        now = database_now()
        UnopenedFile.objects.filter(pk=unopened.pk).update(tried_at=now, attempts=F("attempts") + 1)
    return _Turn(entry, unopened, now)


def _open(turn: _Turn, reader: ContentReader, patience: Patience) -> Iterator[str]:
    if turn.unopened.attempts >= ATTEMPTS:
        _refuse(turn, "opening_failed", _KILLED)
        return
    try:
        with open_stored(turn.unopened.stored) as stored:
            file = File(stored, name=turn.entry.name)
            file.size = turn.entry.size
            yield from _receive(turn, windows_of(arrivals_of(file, reader)), patience)
    except KeyMissing as fault:
        log.error("The file of entry %d cannot be opened (%s).", turn.entry.pk, fault.kind)
        _take_back_attempt(turn)
    except StoredFileFault as fault:
        _refuse(turn, "unreadable", str(fault))
    except (StoreUnavailable, OpeningStopped):
        _take_back_attempt(turn)
        raise


def _receive(turn: _Turn, windows: Iterator[list[Arrival]], patience: Patience) -> Iterator[str]:
    """Receive the container's files, or some of them if the turn ends first."""
    received, began_at, first_new_at = turn.received(), time.monotonic(), None
    for window in windows:
        try:
            if any(arrival.reason == "reader_broken" for arrival in window):
                raise OpeningStopped
            new = _without_received(window, received)
            now = time.monotonic()
            if now - began_at > patience.whole and first_new_at is None:
                _refuse(turn, "too_slow", _SLOW)
                return
            if first_new_at and _is_over(turn, patience, now - began_at, now - first_new_at):
                return
            lane = lane_of(turn.entry.upload)
            if new and not _keep(turn, new, lane):
                return
        finally:
            close_all(window)
        if new:
            first_new_at = first_new_at or now
            yield lane
    _finish(turn)


def _is_over(turn: _Turn, patience: Patience, seconds: float, seconds_of_new: float) -> bool:
    return seconds > patience.whole or (seconds_of_new > patience.new and _others_wait(turn))


def _without_received(window: list[Arrival], received: Counter[tuple[str, str]]) -> list[Arrival]:
    """The arrivals without an entry; ``received`` counts down, because two files may be alike in all."""
    refuse_erased(window)
    new = []
    for arrival in window:
        if received[arrival.identity]:
            received[arrival.identity] -= 1
        else:
            new.append(arrival)
    return new


def _keep(turn: _Turn, arrivals: list[Arrival], lane: str) -> bool:
    """Store these files with their rows; False if the container was removed meanwhile."""
    with transaction.atomic():
        if not turn.holds():
            return False
        receive_window(upload=turn.entry.upload, arrivals=arrivals, lane=lane, container=turn.entry)
        UnopenedFile.objects.filter(pk=turn.unopened.pk).update(attempts=0)
    return True


@all_letters
def remove_unopened(file_id: int, *, by: User, now: datetime) -> bool:
    """Delete an archive or message that waits to be opened; False if it is opened meanwhile.

    Files that were taken out of it before stay. The caller checks that the user may.
    """
    with transaction.atomic():
        unopened = UnopenedFile.objects.select_for_update().filter(pk=file_id).first()
        if unopened is None:
            return False
        UploadedFile.objects.filter(pk=file_id).update(outcome=FileOutcome.REFUSED, reason="removed", message="")
        upload_id = UploadedFile.objects.values_list("upload_id", flat=True).get(pk=file_id)
        unopened.delete()
        audit.record("letters.unopened_removed", by=by, at=now, upload=upload_id, file=file_id)
    delete_if_unneeded(unopened.sha256)
    return True


def _others_wait(turn: _Turn) -> bool:
    return UnopenedFile.objects.exclude(pk=turn.unopened.pk).exists()


def _finish(turn: _Turn) -> None:
    """Everything in the container is received: its entry goes."""
    outcomes = dict(_files_of(turn.entry).values_list("outcome").annotate(Count("pk")))
    if not outcomes:
        _refuse(turn, "archive_empty", _NOTHING)
        return
    with transaction.atomic():
        if not turn.holds():
            return
        turn.entry.delete()
        audit.record(
            "letters.unpacked", by=turn.entry.upload.by, at=database_now(), upload=turn.entry.upload_id,
            accepted=outcomes.get(FileOutcome.ACCEPTED, 0), duplicate=outcomes.get(FileOutcome.DUPLICATE, 0),
            refused=outcomes.get(FileOutcome.REFUSED, 0),
        )  # fmt: skip
    delete_if_unneeded(turn.unopened.sha256)


def _refuse(turn: _Turn, reason: str, message: str) -> None:
    """The rest of the container stays closed; files that were received stay. Its entry says why."""
    with transaction.atomic():
        if not turn.holds():
            return
        UploadedFile.objects.filter(pk=turn.entry.pk).update(
            outcome=FileOutcome.REFUSED, reason=reason, message=message[:500]
        )
        UnopenedFile.objects.filter(pk=turn.unopened.pk).delete()
    delete_if_unneeded(turn.unopened.sha256)


def _take_back_attempt(turn: _Turn) -> None:
    UnopenedFile.objects.filter(pk=turn.unopened.pk, attempts__gt=0).update(attempts=F("attempts") - 1)


def _files_of(entry: UploadedFile) -> QuerySet[UploadedFile]:
    return UploadedFile.objects.filter(upload=entry.upload_id, container=entry.pk)
