"""Reads stored letters: claims their rows, gets the text, parses it, writes what the pages show.

The row is the truth. Whoever claims a letter holds an advisory lock on it from the statement that counts the attempt
until its outcome is committed; the lock ends with the reader's connection. So a row in state ``parsing`` whose lock is
free has lost its reader, and a message that comes twice never counts an attempt. Running any of this twice changes
nothing. The lock belongs to the connection: workers connect to PostgreSQL itself, not through a transaction pooler.
"""

import hashlib
import json
import logging
import signal
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from django.contrib.auth.models import User
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from determinations import reviews
from determinations.aliases import aliases_in_force
from determinations.effective import entered_by_hand, write_cases
from determinations.extraction.reader import ReaderBroken, text_of
from determinations.extraction.results import ExtractedText, Unreadable
from determinations.models import AuditEvent, Case, Letter, LetterState
from determinations.models.letters import LARGEST_INTERACTIVE_BATCH, OPEN_STATES, Lane
from determinations.parsing import PARSER_VERSION, parse_letter
from determinations.parsing.problems import OTHER_PROGRAMME_CODES
from determinations.parsing.results import to_record
from determinations.states import RETRY_STATES
from determinations.store import letter_limits, letter_store

log = logging.getLogger(__name__)

#: The first key of the advisory locks on letters being read; the second is the letter's number.
LOCK = 1_145_918
#: A letter that took its worker down this often is set aside.
ATTEMPTS = 2
#: Letters written in one transaction, and what ends a chunk earlier: seconds of reading, characters of text.
CHUNK = 50
_CHUNK_SECONDS = 10.0
_CHUNK_CHARACTERS = 5_000_000
#: After these seconds what is not read yet goes back into the queue: well before the worker's own limit ends it.
_SECONDS_A_CALL = 120.0
#: Seconds that parsing one letter may take; it takes a thousandth of one.
_PARSING_SECONDS = 20.0

_KILLED = "Reading it ended its worker twice. The other letters went on."


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one letter gave: text and record, or the state it stops in and why."""

    letter_id: int
    extracted: ExtractedText | None = None
    record: Mapping[str, Any] | None = None
    state: str = LetterState.PARSED
    message: str = ""


def ingest_letters(ids: Sequence[int]) -> None:
    """Read these letters, whatever has become of them meanwhile: done ones and those of other readers are left alone.

    Fresh letters go in chunks. A letter that was begun before goes alone, so that one which ends its worker is told
    from those that were only read beside it; after ``ATTEMPTS`` it is set aside. What takes too long for one call is
    left to be sent again.
    """
    stop_at = time.monotonic() + _SECONDS_A_CALL
    _set_aside_killers(ids)
    for start in range(0, len(ids), CHUNK):
        with _claimed(ids[start : start + CHUNK], begun=False) as waiting:
            while waiting and time.monotonic() < stop_at:
                waiting = waiting[_ingest_chunk(waiting) :]
            _give_back(waiting)
    begun = Letter.objects.filter(pk__in=ids, state__in=OPEN_STATES, attempts__gt=0)
    for pk in list(begun.order_by("pk").values_list("pk", flat=True)):
        if time.monotonic() >= stop_at:
            break
        with _claimed([pk], begun=True) as claimed:
            for letter_id in claimed:
                _ingest_alone(letter_id)
    if time.monotonic() >= stop_at:
        Letter.objects.filter(pk__in=ids, state=LetterState.RECEIVED).update(queued_at=None)


@contextmanager
def _claimed(ids: Sequence[int], *, begun: bool) -> Iterator[list[int]]:
    """Count an attempt and take the letters that nobody reads now, committed before any work is done.

    Inside, this connection holds their locks. What nobody could take is left out.
    """
    claimed: list[int] = []
    try:
        claimed += _claim(ids, begun=begun)
        yield claimed
    finally:
        if claimed and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, id) FROM unnest(%s::int[]) AS t (id)", [LOCK, claimed])


def _claim(ids: Sequence[int], *, begun: bool) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH open AS MATERIALIZED (
                SELECT id FROM determinations_letter
                WHERE id = ANY(%s) AND state IN ('received', 'parsing') AND (attempts > 0) = %s AND attempts < %s
                ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
            ), mine AS MATERIALIZED (
                SELECT id FROM open WHERE pg_try_advisory_lock(%s, id::int)
            )
            UPDATE determinations_letter
            SET state = 'parsing', attempts = attempts + 1, started_at = clock_timestamp(), finished_at = NULL
            WHERE id IN (SELECT id FROM mine)
            RETURNING id
            """,
            [list(ids), begun, ATTEMPTS, LOCK],
        )
        return sorted(pk for (pk,) in cursor.fetchall())


def _set_aside_killers(ids: Sequence[int]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH open AS MATERIALIZED (
                SELECT id FROM determinations_letter
                WHERE id = ANY(%s) AND state IN ('received', 'parsing') AND attempts >= %s
                ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE determinations_letter
            SET state = 'set_aside', message = %s, finished_at = clock_timestamp()
            WHERE id IN (SELECT id FROM open WHERE pg_try_advisory_xact_lock(%s, id::int))
            RETURNING id
            """,
            [list(ids), ATTEMPTS, _KILLED, LOCK],
        )
        _stopped([pk for (pk,) in cursor.fetchall()])


def _stopped(ids: Collection[int]) -> None:
    """Letters that were set aside without being written go into the review queue; what people entered stays."""
    by_hand = entered_by_hand(ids)
    write_cases(by_hand)
    reviews.refresh(set(ids) - by_hand)


def without_reader(ids: Sequence[int]) -> list[int]:
    """Those of the letters that nobody reads now, and nobody begins to until the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::int[]) AS t (id) WHERE pg_try_advisory_xact_lock(%s, id)", [list(ids), LOCK]
        )
        return [pk for (pk,) in cursor.fetchall()]


def _ingest_chunk(claimed: Sequence[int]) -> int:
    """Read letters from the head of ``claimed`` and write them in one transaction; returns how many were dealt with.

    When the transaction fails, each of its letters gets one of its own.
    """
    done = 0
    try:
        with transaction.atomic():
            readings = []
            began = time.monotonic()
            characters = 0
            aliases = aliases_in_force()
            for letter in _locked(claimed):
                readings.append(_read(letter, aliases))
                characters += len(readings[-1].extracted.text) if readings[-1].extracted else 0
                if time.monotonic() - began > _CHUNK_SECONDS or characters > _CHUNK_CHARACTERS:
                    break
            _write(readings)
            done = claimed.index(readings[-1].letter_id) + 1 if readings else len(claimed)
    except Exception as fault:
        if isinstance(fault, ReaderBroken) or not connection.is_usable():
            _give_back(claimed)
            raise
        log.warning("A chunk of %d letters failed (%s): one by one.", len(claimed), type(fault).__name__)
        for pk in claimed:
            _ingest_alone(pk)
        return len(claimed)
    return done


def _ingest_alone(pk: int) -> None:
    """Read one claimed letter in a transaction of its own; one that cannot be written is set aside."""
    try:
        with transaction.atomic():
            _write([_read(letter, aliases_in_force()) for letter in _locked([pk])])
    except Exception as fault:
        if isinstance(fault, OperationalError | ReaderBroken) or not connection.is_usable():
            _give_back([pk])
            raise
        # The message of a database error can hold letter text: its kind must do.
        log.exception("Letter %d cannot be written (%s).", pk, type(fault).__name__, exc_info=False)
        Letter.objects.filter(pk=pk, state=LetterState.PARSING).update(
            state=LetterState.SET_ASIDE,
            message=f"What was read could not be stored ({type(fault).__name__}).",
            finished_at=Now(),
        )
        _stopped([pk])


def _locked(claimed: Sequence[int]) -> list[Letter]:
    """The claimed letters, locked until the transaction ends; without those that somebody else took meanwhile."""
    letters = Letter.objects.filter(pk__in=claimed, state=LetterState.PARSING).order_by("pk")
    return list(letters.select_for_update(skip_locked=True, no_key=True))


def _give_back(claimed: Sequence[int]) -> None:
    """It was not for these letters' fault that they were not read: they wait as before, and no attempt counts."""
    if not claimed:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE determinations_letter SET state = 'received', attempts = attempts - 1
                WHERE id = ANY(%s) AND state = 'parsing' AND attempts > 0
                """,
                [list(claimed)],
            )
    except DatabaseError:
        log.warning("%d letters could not be given back; the sweep will find them.", len(claimed))


def retry_letters(*, by: User, letters: QuerySet[Letter]) -> int:
    """Have letters read again from their stored files; returns how many. Corrections stand.

    Only letters in a state in which that can help are taken. The caller sends them, afterwards.
    """
    with transaction.atomic():
        again = Letter.objects.filter(pk__in=letters.order_by().values("pk"), state__in=RETRY_STATES)
        ids = list(again.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        lane = Lane.INTERACTIVE if len(ids) <= LARGEST_INTERACTIVE_BATCH else Lane.BULK
        Letter.objects.filter(pk__in=ids).update(
            state=LetterState.RECEIVED,
            message="",
            attempts=0,
            queued_at=None,
            started_at=None,
            finished_at=None,
            lane=lane,
        )
        AuditEvent.objects.create(
            at=timezone.now(),
            by_id=by.pk,
            by_name=by.get_username(),
            action="letters.retried",
            letter_id=ids[0] if len(ids) == 1 else None,
            detail={"letters": len(ids), "first": ids[:1000]},
        )
    return len(ids)


# Reading


def _read(letter: Letter, aliases: Mapping[str, str]) -> Reading:
    """The letter's text and record, or why there is none. Raises nothing that is the letter's fault."""
    try:
        with letter_store().open(letter.store_name) as file:
            data = file.read()
    except FileNotFoundError:
        return Reading(
            letter.pk, state=LetterState.SET_ASIDE, message="The stored file is gone from the letter store."
        )
    try:
        extracted = text_of(data, letter_limits())
    except Unreadable as reason:
        return Reading(letter.pk, state=reason.state, message=str(reason))
    try:
        with _no_longer_than(_PARSING_SECONDS):
            record = to_record(parse_letter(extracted.text, aliases=aliases))
    except _TooLong:
        message = f"Finding the values takes longer than {_PARSING_SECONDS:g} seconds."
        return Reading(letter.pk, extracted, state=LetterState.TOO_SLOW, message=message)
    except MemoryError:
        message = "Finding the values takes more memory than there is."
        return Reading(letter.pk, extracted, state=LetterState.TOO_LARGE, message=message)
    except Exception as fault:
        log.error("The parser failed on letter %d (%s).", letter.pk, type(fault).__name__)
        message = f"The parser failed ({type(fault).__name__})."
        return Reading(letter.pk, extracted, state=LetterState.SET_ASIDE, message=message)
    return Reading(letter.pk, extracted, record, *_standing(record))


def _standing(record: Mapping[str, Any]) -> tuple[str, str]:
    """State and message of a letter that was parsed; ``write_cases`` tells parsed from needs review."""
    for problem in record["problems"]:
        if problem["code"] in OTHER_PROGRAMME_CODES:
            return LetterState.OTHER_PROGRAMME, problem["message"]
        if problem["code"] == "not_a_determination":
            return LetterState.NOT_DETERMINATION, problem["message"]
    return LetterState.PARSED, ""


class _TooLong(BaseException):
    """Not an ``Exception``: no handler on the way may take it for a fault of its own."""


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """End what is inside by an alarm, also within a regular expression. In threads, which have none, it may go on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Writing


def _write(readings: Collection[Reading]) -> None:
    """Write what was read, in the caller's transaction."""
    if not readings:
        return
    _write_texts([r for r in readings if r.extracted])
    _write_documents([r for r in readings if r.record is not None])
    _write_letters(readings)
    without_case = [r.letter_id for r in readings if r.state != LetterState.PARSED]
    by_hand = entered_by_hand(without_case)
    _drop_cases([pk for pk in without_case if pk not in by_hand])
    write_cases([*by_hand, *(r.letter_id for r in readings if r.state == LetterState.PARSED)])


def write_records(records: Mapping[int, Mapping[str, Any]]) -> None:
    """Write what reading stored texts again gave, by letter, in the caller's transaction."""
    _write([Reading(pk, None, record, *_standing(record)) for pk, record in records.items()])


def _write_texts(readings: Sequence[Reading]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO determinations_lettertext (letter_id, text, page_offsets, folded_sha256)
            VALUES (%s, %s, %s, %s)
            ON CONFLICT (letter_id) DO UPDATE SET text = excluded.text, page_offsets = excluded.page_offsets,
                folded_sha256 = excluded.folded_sha256
            """,
            [
                (r.letter_id, r.extracted.text, list(r.extracted.page_offsets), folded_sha256(r.extracted.text))
                for r in readings
                if r.extracted
            ],
        )


def folded_sha256(text: str) -> str:
    """SHA-256 of the text without white space: the same for a letter that was saved anew by another program."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()


def _write_documents(readings: Sequence[Reading]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO determinations_parseddocument (letter_id, parser_version, parsed_at, document)
            VALUES (%s, %s, statement_timestamp(), %s::jsonb)
            ON CONFLICT (letter_id) DO UPDATE SET parser_version = excluded.parser_version,
                parsed_at = excluded.parsed_at, document = excluded.document
            """,
            [(r.letter_id, PARSER_VERSION, json.dumps(r.record)) for r in readings],
        )


def _write_letters(readings: Collection[Reading]) -> None:
    rows = [
        (
            r.letter_id,
            r.state,
            r.message[:500],
            r.extracted.pages if r.extracted else None,
            r.extracted.method if r.extracted else "",
            (r.record or {}).get("layout") or "",
            PARSER_VERSION if r.record is not None else "",
        )
        for r in readings
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_letter AS letter
            SET state = was.state, message = was.message, pages = COALESCE(was.pages, letter.pages),
                text_method = COALESCE(NULLIF(was.method, ''), letter.text_method), layout = was.layout,
                parser_version = was.version, finished_at = clock_timestamp()
            FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[])
                AS was (id, state, message, pages, method, layout, version)
            WHERE letter.id = was.id
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )


def _drop_cases(ids: Collection[int]) -> None:
    """A letter that was read before and now gives no case leaves none behind; older versions of it count again."""
    cases = Case.objects.filter(pk__in=ids)
    numbers = set(cases.exclude(case_number=None).values_list("case_number", flat=True))
    if cases.exists():
        cases.delete()
        write_cases(list(Case.objects.filter(case_number__in=numbers).values_list("pk", flat=True)))
    reviews.refresh(ids)
