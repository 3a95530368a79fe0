"""Reads stored letters: claims their rows, extracts the text, parses it, and writes the values that pages show.

The row decides which worker reads a letter (see ``turns``). Every step is idempotent.
"""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NoReturn

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.db import (
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from determinations.access import audit
from determinations.cases.holding import Held, holding, lock_letters
from determinations.extraction.reader import ReaderBroken
from determinations.intake.store_health import StoreUnavailable
from determinations.models import Letter, LetterState
from determinations.models.any_of import AnyOf
from determinations.models.letters import LARGEST_INTERACTIVE_BATCH, OPEN_STATES, Lane
from determinations.reading.breaker import (
    WRITING,
    ReadingStopped,
    breaker,
    check_breaker,
    note_reading,
    note_written,
    return_set_aside,
)
from determinations.reading.file_letters import page_ranges
from determinations.reading.one_letter import Reading, read_letter
from determinations.reading.turns import ATTEMPTS, claimed, give_back, set_aside_killers
from determinations.reading.writing import stop_unwritten, write_readings
from determinations.reference.aliases import aliases_in_force
from determinations.wording.states import RETRY_STATES

log = logging.getLogger(__name__)

#: Letters written in one transaction: its statements take most of their time once, however many letters there are.
CHUNK = 200
#: Letters that were started at most so often are read with others of their kind, each tried in a child process first
#: (see ``trial``). Most lost their worker to a kill, a restart or a lost connection; one by one, they took four times
#: as long. A letter that was started more often is read alone, so that no kill costs others an attempt.
_TOGETHER_UNTIL, _BEGUN_CHUNK = 3, 20


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Limits after which a call of :func:`ingest_letters`, or a chunk of it, ends early."""

    #: Unread letters then return to the queue, well before the worker's own time limit.
    seconds: float = 120.0
    chunk_seconds: float = 10.0
    chunk_characters: int = 5_000_000


CALL_LIMITS = CallLimits()


def ingest_letters(ids: Sequence[int], limits: CallLimits = CALL_LIMITS) -> None:
    """Read these letters. Letters already read, or claimed by another worker, are skipped.

    New letters are read in chunks, and letters that were started before in smaller ones, or alone if that happened
    often. Letters left over when the time is up, or when reading stops for a fault that is not theirs (see
    ``breaker``), are requeued.
    """
    stop_at = time.monotonic() + limits.seconds
    stop_killers(ids)
    try:
        _ingest_new(ids, stop_at, limits)
        _ingest_begun(ids, stop_at, limits)
    except (ReadingStopped, StoreUnavailable) as fault:
        log.error("Letters return to the queue: %s", fault)
        if isinstance(fault, ReadingStopped):
            return_set_aside(fault.set_aside)
        requeue(ids)
    if time.monotonic() >= stop_at:
        requeue(ids)


def requeue(ids: Sequence[int]) -> None:
    """Let the letters that no worker has claimed be sent again immediately."""
    with transaction.atomic():
        waiting = lock_letters(ids).filter(state__in=(LetterState.RECEIVED, LetterState.SCAN_WAITING))
        Letter.objects.filter(pk__in=list(waiting.values_list("pk", flat=True))).update(queued_at=None)


def _ingest_new(ids: Sequence[int], stop_at: float, limits: CallLimits) -> None:
    size = CHUNK if not breaker.stopped else 1
    for start in range(0, len(ids), size):
        check_breaker()
        with claimed(ids[start : start + size], begun=False) as waiting:
            _ingest_chunks(waiting, stop_at, limits)


def _ingest_begun(ids: Sequence[int], stop_at: float, limits: CallLimits) -> None:
    begun = Letter.objects.filter(AnyOf("pk", ids), state__in=OPEN_STATES, attempts__gt=0).order_by("pk")
    attempts = dict(begun.values_list("pk", "attempts"))
    size = _BEGUN_CHUNK if not breaker.stopped else 1
    seldom = [pk for pk, begun_times in attempts.items() if begun_times <= _TOGETHER_UNTIL]
    often = [pk for pk, begun_times in attempts.items() if begun_times > _TOGETHER_UNTIL]
    for chunk in [*(seldom[at : at + size] for at in range(0, len(seldom), size)), *([pk] for pk in often)]:
        if time.monotonic() >= stop_at:
            break
        check_breaker()
        with claimed(chunk, begun=True) as mine:
            if len(chunk) > 1:
                _ingest_chunks(mine, stop_at, limits)
            else:
                for letter_id in mine:
                    _ingest_alone(letter_id)


def _ingest_chunks(mine: Sequence[int], stop_at: float, limits: CallLimits) -> None:
    """Read claimed letters, chunk by chunk; those left over when the time is up are given back."""
    while mine and time.monotonic() < stop_at:
        mine = mine[_ingest_chunk(mine, stop_at, limits) :]
    give_back(mine)


def stop_killers(ids: Sequence[int]) -> None:
    """Set aside letters that crashed their worker too often."""
    killers = Letter.objects.filter(AnyOf("pk", ids), state__in=OPEN_STATES, attempts__gte=ATTEMPTS)
    if killer_ids := list(killers.values_list("pk", flat=True)):
        holding(killer_ids, lambda held: stop_unwritten(set_aside_killers(killer_ids), held))


def _ingest_chunk(mine: Sequence[int], stop_at: float, limits: CallLimits) -> int:
    """Read letters from the head of ``mine`` and write them in one transaction; returns how many were processed.

    No row is locked while letters are read: the claim keeps other workers away. If the transaction fails, each letter
    is retried in its own. A file with several letters is read once.
    """
    processed = len(mine)
    try:
        readings: dict[str, Reading] = {}
        stop_reading_at = time.monotonic() + limits.chunk_seconds
        characters = 0
        aliases = aliases_in_force()
        letters = _claimed(mine)
        ranges = page_ranges(letters)
        for letter in letters:
            if letter.sha256 in readings:
                continue
            reading = read_letter(letter, aliases, ranges.get(letter.sha256, ()))
            readings[letter.sha256] = reading
            note_reading(reading)
            characters += len(reading.text)
            if time.monotonic() > stop_reading_at or characters > limits.chunk_characters:
                processed = mine.index(letter.pk) + 1
                break
        write_readings(readings.values(), only=LetterState.PARSING)
    except Exception as fault:
        if _is_of_the_system(fault):
            give_back(mine)
            raise_for_the_system(fault)
        log.warning("A chunk of %d letters failed (%s); retrying them one by one.", len(mine), type(fault).__name__)
        return _ingest_one_by_one(mine, stop_at)
    note_written(readings.values())
    return processed


def _ingest_one_by_one(mine: Sequence[int], stop_at: float) -> int:
    for number, pk in enumerate(mine, 1):
        try:
            _ingest_alone(pk)
        except Exception:
            give_back(mine[number:])
            raise
        if time.monotonic() >= stop_at:
            return number
    return len(mine)


def _ingest_alone(pk: int) -> None:
    """Read one claimed letter in its own transaction; if it cannot be written, set it aside."""
    readings: list[Reading] = []
    try:
        letters = _claimed([pk])
        ranges = page_ranges(letters)
        aliases = aliases_in_force()
        readings += [read_letter(letter, aliases, ranges.get(letter.sha256, ())) for letter in letters]
        for reading in readings:
            note_reading(reading)
        write_readings(readings, only=LetterState.PARSING)
    except Exception as fault:
        _set_aside(pk, fault)
    else:
        note_written(readings)


def _set_aside(pk: int, fault: Exception) -> None:
    """Set aside a letter that could not be written. Faults of the system are raised, and it returns to the queue."""
    if _is_of_the_system(fault):
        give_back([pk])
        raise_for_the_system(fault)
    # The message of a database error may contain letter text: only its type is logged.
    kind = type(fault).__name__
    log.exception("Letter %d cannot be written (%s).", pk, kind, exc_info=False)
    try:
        breaker.judge(pk, f"{WRITING}: {kind}")
    except ReadingStopped:
        give_back([pk])
        raise

    def stop(held: Held) -> None:
        Letter.objects.filter(pk=pk, state=LetterState.PARSING).update(
            state=LetterState.SET_ASIDE,
            message=f"What was read could not be stored ({kind}).",
            finished_at=Now(),
        )
        stop_unwritten([pk], held)

    holding([pk], stop)


def _is_of_the_system(fault: Exception) -> bool:
    """Whether the fault can never be a letter's: no store, no reader, no connection, another schema."""
    return isinstance(fault, _OF_THE_SYSTEM) or not connection.is_usable()


_OF_THE_SYSTEM = (
    ReadingStopped, StoreUnavailable, ReaderBroken, SoftTimeLimitExceeded, OperationalError, ProgrammingError,
    InterfaceError, NotSupportedError, OSError, ImportError,
)  # fmt: skip


def raise_for_the_system(fault: Exception) -> NoReturn:
    """Raise the fault. One that would meet every letter stops reading in this process for a while."""
    if isinstance(fault, ReaderBroken | ProgrammingError | NotSupportedError | OSError | ImportError):
        breaker.stop(type(fault).__name__)
    raise fault


def write_scan(reading: Reading) -> None:
    """Write the result of scanning a claimed letter; if it cannot be written, set it aside."""
    try:
        note_reading(reading)
        write_readings([reading], only=LetterState.PARSING)
    except Exception as fault:
        _set_aside(reading.letter_id, fault)
    else:
        note_written([reading])


def _claimed(mine: Sequence[int]) -> list[Letter]:
    """The claimed letters, except those that were removed or set aside since."""
    return list(Letter.objects.filter(AnyOf("pk", mine), state=LetterState.PARSING).order_by("pk"))


def read_from_file(ids: Collection[int]) -> None:
    """Have these letters, whose rows are locked, wait to be read from their stored files, as if just received."""
    Letter.objects.filter(pk__in=ids).update(
        state=LetterState.RECEIVED,
        message="",
        attempts=0,
        queued_at=None,
        started_at=None,
        finished_at=None,
        pages_scanned=None,
        lane=Lane.INTERACTIVE if len(ids) <= LARGEST_INTERACTIVE_BATCH else Lane.BULK,
    )


def retry_letters(*, by: User, letters: QuerySet[Letter]) -> int:
    """Requeue letters to be read again from their stored files; returns how many.

    Only letters in ``RETRY_STATES`` are requeued; corrections stay in force. The caller sends the letters afterwards.
    """
    with transaction.atomic():
        retryable = Letter.objects.filter(pk__in=letters.order_by().values("pk"), state__in=RETRY_STATES)
        ids = list(retryable.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        read_from_file(ids)
        audit.record(
            "letters.retried",
            by=by,
            at=timezone.now(),
            letter_id=ids[0] if len(ids) == 1 else None,
            letters=len(ids),
            first=ids[:1000],
        )
    return len(ids)
