"""Reads stored letters: claims their rows, gets the text, parses it, writes what the pages show.

The row is the truth (see ``claims``). Running any of this twice changes nothing.
"""

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from determinations.access import audit
from determinations.cases import review_entries
from determinations.cases.effective import entered_by_hand, remove_cases, write_cases
from determinations.extraction.reader import ReaderBroken
from determinations.models import Case, Letter, LetterState
from determinations.models.letters import LARGEST_INTERACTIVE_BATCH, OPEN_STATES, Lane
from determinations.parsing import PARSER_VERSION
from determinations.parsing.results import LetterRecord
from determinations.reading.one_letter import Reading, read_letter, standing_of
from determinations.reading.turns import claimed, give_back, set_aside_killers
from determinations.reference.aliases import aliases_in_force
from determinations.wording.states import RETRY_STATES

log = logging.getLogger(__name__)

#: Letters written in one transaction, and what ends a chunk earlier: seconds of reading, characters of text.
CHUNK = 50
_CHUNK_SECONDS = 10.0
_CHUNK_CHARACTERS = 5_000_000
#: After these seconds what is not read yet goes back into the queue: well before the worker's own limit ends it.
_SECONDS_A_CALL = 120.0


def ingest_letters(ids: Sequence[int]) -> None:
    """Read these letters, whatever has become of them meanwhile: done ones and those of other readers are left alone.

    Fresh letters go in chunks. A letter that was begun before goes alone, so that one which ends its worker is told
    from those that were only read beside it; after ``ATTEMPTS`` it is set aside. What takes too long for one call is
    left to be sent again.
    """
    stop_at = time.monotonic() + _SECONDS_A_CALL
    with transaction.atomic():
        _stopped(set_aside_killers(ids))
    for start in range(0, len(ids), CHUNK):
        with claimed(ids[start : start + CHUNK], begun=False) as waiting:
            while waiting and time.monotonic() < stop_at:
                waiting = waiting[_ingest_chunk(waiting, stop_at) :]
            give_back(waiting)
    begun = Letter.objects.filter(pk__in=ids, state__in=OPEN_STATES, attempts__gt=0)
    for pk in list(begun.order_by("pk").values_list("pk", flat=True)):
        if time.monotonic() >= stop_at:
            break
        with claimed([pk], begun=True) as mine:
            for letter_id in mine:
                _ingest_alone(letter_id)
    if time.monotonic() >= stop_at:
        Letter.objects.filter(pk__in=ids, state=LetterState.RECEIVED).update(queued_at=None)


def _stopped(ids: Collection[int]) -> None:
    """Letters that were set aside without being written go into the review queue; what was read or entered stays."""
    stands = {*_stand(ids), *entered_by_hand(ids)}
    messages = dict(Letter.objects.filter(pk__in=stands).values_list("pk", "message"))
    write_cases(stands)
    _say_that_it_stands(messages)
    review_entries.refresh(set(ids) - stands)


def _ingest_chunk(mine: Sequence[int], stop_at: float) -> int:
    """Read letters from the head of ``mine`` and write them in one transaction; returns how many were dealt with.

    When the transaction fails, each of its letters gets one of its own.
    """
    done = 0
    try:
        with transaction.atomic():
            readings = []
            began = time.monotonic()
            characters = 0
            aliases = aliases_in_force()
            for letter in _locked(mine):
                readings.append(read_letter(letter, aliases))
                characters += len(readings[-1].extracted.text) if readings[-1].extracted else 0
                if time.monotonic() - began > _CHUNK_SECONDS or characters > _CHUNK_CHARACTERS:
                    break
            _write(readings)
            done = mine.index(readings[-1].letter_id) + 1 if readings else len(mine)
    except Exception as fault:
        if isinstance(fault, ReaderBroken | SoftTimeLimitExceeded) or not connection.is_usable():
            give_back(mine)
            raise
        log.warning("A chunk of %d letters failed (%s): one by one.", len(mine), type(fault).__name__)
        for number, pk in enumerate(mine, 1):
            _ingest_alone(pk)
            if time.monotonic() >= stop_at:
                return number
        return len(mine)
    return done


def _ingest_alone(pk: int) -> None:
    """Read one claimed letter in a transaction of its own; one that cannot be written is set aside."""
    try:
        with transaction.atomic():
            _write([read_letter(letter, aliases_in_force()) for letter in _locked([pk])])
    except Exception as fault:
        if isinstance(fault, OperationalError | ReaderBroken | SoftTimeLimitExceeded) or not connection.is_usable():
            give_back([pk])
            raise
        # The message of a database error can hold letter text: its kind must do.
        log.exception("Letter %d cannot be written (%s).", pk, type(fault).__name__, exc_info=False)
        with transaction.atomic():
            Letter.objects.filter(pk=pk, state=LetterState.PARSING).update(
                state=LetterState.SET_ASIDE,
                message=f"What was read could not be stored ({type(fault).__name__}).",
                finished_at=Now(),
            )
            _stopped([pk])


def _locked(mine: Sequence[int]) -> list[Letter]:
    """The claimed letters, locked until the transaction ends; without those that somebody else took meanwhile."""
    letters = Letter.objects.filter(pk__in=mine, state=LetterState.PARSING).order_by("pk")
    return list(letters.select_for_update(skip_locked=True, no_key=True))


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
        audit.record(
            "letters.retried",
            by=by,
            at=timezone.now(),
            letter_id=ids[0] if len(ids) == 1 else None,
            letters=len(ids),
            first=ids[:1000],
        )
    return len(ids)


# Writing


def _write(readings: Collection[Reading]) -> None:
    """Write what was read, in the caller's transaction.

    A letter that was read or entered before and cannot be read now keeps what stands: its bytes are the same, so the
    fault is not theirs. One whose text says that it is no determination leaves no case behind, save one made by hand.
    """
    if not readings:
        return
    failed = [reading for reading in readings if reading.record is None]
    stand = _stand([reading.letter_id for reading in failed])
    fresh = [reading for reading in readings if reading.letter_id not in stand]
    _write_texts([r for r in fresh if r.extracted])
    _write_documents([r for r in fresh if r.record is not None])
    _write_letters(fresh)
    without_case = [r.letter_id for r in fresh if r.state != LetterState.PARSED]
    by_hand = entered_by_hand(without_case)
    _drop_cases([pk for pk in without_case if pk not in by_hand])
    write_cases([*stand, *by_hand, *(r.letter_id for r in fresh if r.state == LetterState.PARSED)])
    _say_that_it_stands({r.letter_id: r.message for r in failed if r.letter_id in stand})


def write_records(records: Mapping[int, LetterRecord]) -> None:
    """Write what reading stored texts again gave, by letter, in the caller's transaction."""
    _write([Reading(pk, None, record, *standing_of(record)) for pk, record in records.items()])


def _stand(ids: Collection[int]) -> set[int]:
    """Those of the letters whose case stands from an earlier reading, or was entered by hand."""
    return set(Case.objects.filter(pk__in=ids).values_list("pk", flat=True))


def _say_that_it_stands(messages: Mapping[int, str]) -> None:
    for pk, message in messages.items():
        said = f"Reading it again failed: {message} What stood before stands."
        Letter.objects.filter(pk=pk).update(message=said[:500], finished_at=Now())


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
            (r.record["layout"] if r.record else None) or "",
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
    """A letter that was read before and now gives no case leaves none behind; other versions of it count again."""
    remove_cases(ids)
    review_entries.refresh(ids)
