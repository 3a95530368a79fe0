"""Reads stored letters: claims their rows, extracts the text, parses it, writes what the pages show.

The row decides whose turn it is (see ``turns``). Running any of this twice changes nothing.
"""

import hashlib
import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from determinations.access import audit
from determinations.cases import review_entries, scanned_words
from determinations.cases.effective import entered_by_hand, remove_cases, write_cases
from determinations.cases.letter_corrections import own_corrections
from determinations.extraction.reader import ReaderBroken
from determinations.extraction.results import ExtractedText
from determinations.models import Case, Letter, LetterState, ScannedPage
from determinations.models.letters import LARGEST_INTERACTIVE_BATCH, OPEN_STATES, Lane
from determinations.parsing import PARSER_VERSION
from determinations.reading.file_letters import LetterReading, letters_of, page_ranges
from determinations.reading.one_letter import Reading, read_letter
from determinations.reading.turns import claimed, give_back, set_aside_killers
from determinations.reference.aliases import aliases_in_force
from determinations.wording.states import RETRY_STATES

log = logging.getLogger(__name__)

#: Letters written in one transaction.
CHUNK = 50
_KEPT = "Reading it again failed: {} Its earlier values are kept."
_KEPT_WITHOUT_PAGES = (
    "The file was read again and no longer yields this letter. Its values are kept, because someone corrected them."
)


@dataclass(frozen=True, slots=True)
class CallLimits:
    """When a call of :func:`ingest_letters`, and each chunk in it, ends early."""

    #: Unread letters then go back into the queue, well before the worker's own time limit.
    seconds: float = 120.0
    chunk_seconds: float = 10.0
    chunk_characters: int = 5_000_000


CALL_LIMITS = CallLimits()


def ingest_letters(ids: Sequence[int], limits: CallLimits = CALL_LIMITS) -> None:
    """Read these letters. Letters already read, or claimed by another worker, are skipped.

    New letters are read in chunks. A letter that was begun before is read alone, so that one that ends its worker is
    told from those that were only in the same chunk; after ``ATTEMPTS`` it is set aside. Letters for which the time
    of one call is too short are sent again.
    """
    stop_at = time.monotonic() + limits.seconds
    with transaction.atomic():
        stop_killers(ids)
    for start in range(0, len(ids), CHUNK):
        with claimed(ids[start : start + CHUNK], begun=False) as waiting:
            while waiting and time.monotonic() < stop_at:
                waiting = waiting[_ingest_chunk(waiting, stop_at, limits) :]
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


def stop_killers(ids: Sequence[int]) -> None:
    """Set aside those of the letters that ended their worker too often, in the caller's transaction."""
    _stopped(set_aside_killers(ids))


def _stopped(ids: Collection[int]) -> None:
    """Letters that were set aside without being written go into the review queue; earlier values are kept."""
    kept = {*_with_case(ids), *entered_by_hand(ids)}
    messages = dict(Letter.objects.filter(pk__in=kept).values_list("pk", "message"))
    write_cases(kept)
    _say_what_is_kept({pk: _KEPT.format(message) for pk, message in messages.items()})
    review_entries.refresh(set(ids) - kept)


def _ingest_chunk(mine: Sequence[int], stop_at: float, limits: CallLimits) -> int:
    """Read letters from the head of ``mine`` and write them in one transaction; returns how many were processed.

    When the transaction fails, each of its letters gets one of its own. A file with several letters is read once.
    """
    processed = len(mine)
    try:
        with transaction.atomic():
            readings: dict[str, Reading] = {}
            stop_reading_at = time.monotonic() + limits.chunk_seconds
            characters = 0
            aliases = aliases_in_force()
            letters = _locked(mine)
            ranges = page_ranges(letters)
            for letter in letters:
                if letter.sha256 in readings:
                    continue
                reading = read_letter(letter, aliases, ranges.get(letter.sha256, ()))
                readings[letter.sha256] = reading
                characters += len(reading.text)
                if time.monotonic() > stop_reading_at or characters > limits.chunk_characters:
                    processed = mine.index(letter.pk) + 1
                    break
            _write(readings.values())
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
    return processed


def _ingest_alone(pk: int) -> None:
    """Read one claimed letter in a transaction of its own; one that cannot be written is set aside."""
    try:
        with transaction.atomic():
            letters = _locked([pk])
            ranges = page_ranges(letters)
            _write([read_letter(each, aliases_in_force(), ranges.get(each.sha256, ())) for each in letters])
    except Exception as fault:
        _set_aside(pk, fault)


def _set_aside(pk: int, fault: Exception) -> None:
    """Set a letter aside that could not be written. A fault that is not its own is raised, and the letter waits."""
    if isinstance(fault, OperationalError | ReaderBroken | SoftTimeLimitExceeded) or not connection.is_usable():
        give_back([pk])
        raise fault
    # The message of a database error can hold letter text: its kind must do.
    log.exception("Letter %d cannot be written (%s).", pk, type(fault).__name__, exc_info=False)
    with transaction.atomic():
        Letter.objects.filter(pk=pk, state=LetterState.PARSING).update(
            state=LetterState.SET_ASIDE,
            message=f"What was read could not be stored ({type(fault).__name__}).",
            finished_at=Now(),
        )
        _stopped([pk])


def write_scan(reading: Reading) -> None:
    """Write what scanning a claimed letter gave; one that cannot be written is set aside."""
    try:
        with transaction.atomic():
            _write([reading] if _locked([reading.letter_id]) else [])
    except Exception as fault:
        _set_aside(reading.letter_id, fault)


def _locked(mine: Sequence[int]) -> list[Letter]:
    """The claimed letters, locked until the transaction ends; without those that another worker took meanwhile."""
    letters = Letter.objects.filter(pk__in=mine, state=LetterState.PARSING).order_by("pk")
    return list(letters.select_for_update(skip_locked=True, no_key=True))


def retry_letters(*, by: User, letters: QuerySet[Letter]) -> int:
    """Put letters back into the queue, to be read again from their stored files; returns how many.

    Only letters in a state in which that can help are taken; corrections stay in force. The caller sends them
    afterwards.
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
            pages_scanned=None,
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

    A letter that was read or entered before and cannot be read now keeps its values: its bytes are the same, so the
    fault is not theirs. One whose text says that it is no determination leaves no case behind, unless it was entered
    by hand.
    """
    waiting = [reading for reading in readings if reading.state == LetterState.SCAN_WAITING]
    _hand_to_scans(waiting)
    readings = [reading for reading in readings if reading.state != LetterState.SCAN_WAITING]
    if not readings:
        return
    letters = letters_of(readings)
    kept = _kept(letters)
    fresh = [letter for letter in letters if letter.letter_id not in kept]
    _write_texts(fresh)
    _write_documents([letter for letter in fresh if letter.record is not None])
    _write_letters(fresh)
    without_case = [letter.letter_id for letter in fresh if letter.state != LetterState.PARSED]
    by_hand = entered_by_hand(without_case)
    _drop_cases([pk for pk in without_case if pk not in by_hand])
    write_cases([*kept, *by_hand, *(letter.letter_id for letter in fresh if letter.state == LetterState.PARSED)])
    _say_what_is_kept(kept)


def write_readings(readings: Collection[Reading]) -> None:
    """Write what reading stored texts again gave, in the caller's transaction."""
    _write(readings)


def _kept(letters: Collection[LetterReading]) -> dict[int, str]:
    """Why letters that could not be read now keep their values, by letter.

    A letter that its file no longer yields keeps them only if someone corrected it.
    """
    failed = {letter.letter_id: letter.message for letter in letters if letter.record is None}
    gone = {letter.letter_id for letter in letters if letter.is_gone}
    corrected = set(own_corrections(Letter.objects.filter(pk__in=gone))) if gone else set()
    return {
        pk: _KEPT_WITHOUT_PAGES if pk in gone else _KEPT.format(failed[pk])
        for pk in _with_case(failed)
        if pk not in gone or pk in corrected
    }


def _with_case(ids: Collection[int]) -> set[int]:
    """Those of the letters that have a case, from an earlier reading or entered by hand."""
    return set(Case.objects.filter(pk__in=ids).values_list("pk", flat=True))


def _say_what_is_kept(messages: Mapping[int, str]) -> None:
    """Give letters that keep their values the state of their case, and the reason."""
    state = Subquery(Case.objects.filter(pk=OuterRef("pk")).values("state"))
    for pk, message in messages.items():
        Letter.objects.filter(pk=pk).update(state=state, message=message[:500], finished_at=Now())


def _hand_to_scans(readings: Collection[Reading]) -> None:
    """Have letters whose pages are pictures wait in the lane of scans. Existing cases stay as they are.

    The other letters of the file that are being read wait with them: recognizing its pages once reads them all.
    """
    for reading in readings:
        same_file = Letter.objects.filter(pk=reading.letter_id).values("sha256")
        Letter.objects.filter(sha256__in=same_file, state=LetterState.PARSING).update(
            state=LetterState.SCAN_WAITING,
            lane=Lane.SCANS,
            message=reading.message,
            attempts=0,
            queued_at=None,
            started_at=None,
            pages_to_scan=reading.pages_to_scan,
            pages_scanned=0,
        )


def _write_texts(letters: Sequence[LetterReading]) -> None:
    """The text of each file, kept with one of its letters, and where in it each letter is."""
    rows = [
        (
            letter.letter_id,
            letter.extracted.text if letter.extracted and letter.keeper_id == letter.letter_id else "",
            list(letter.extracted.page_offsets) if letter.extracted else [],
            None if letter.keeper_id == letter.letter_id else letter.keeper_id,
            letter.extent.start if letter.extent else None,
            letter.extent.end if letter.extent else None,
            folded_sha256(letter.text[slice(*letter.extent)] if letter.extent else letter.text),
            letter.extracted is not None,
        )
        for letter in letters
        if letter.extracted or letter.extent
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT_TEXT, [row[:-1] for row in rows if row[-1]])
        cursor.executemany(_INSERT_PLACE, [row[:-1] for row in rows if not row[-1]])
    _write_scanned_pages({letter.keeper_id: letter.extracted for letter in letters if letter.extracted})


_INSERT_TEXT = """
INSERT INTO determinations_lettertext (letter_id, text, page_offsets, kept_with_id, start, "end", folded_sha256)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (letter_id) DO UPDATE SET text = excluded.text, page_offsets = excluded.page_offsets,
    kept_with_id = excluded.kept_with_id, start = excluded.start, "end" = excluded."end",
    folded_sha256 = excluded.folded_sha256
"""
#: Of a text that was stored before, only the letter's place in it can have changed.
_INSERT_PLACE = """
INSERT INTO determinations_lettertext AS stored
    (letter_id, text, page_offsets, kept_with_id, start, "end", folded_sha256)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (letter_id) DO UPDATE
SET start = excluded.start, "end" = excluded."end", folded_sha256 = excluded.folded_sha256
WHERE (stored.start, stored."end", stored.folded_sha256)
    IS DISTINCT FROM (excluded.start, excluded."end", excluded.folded_sha256)
"""


def _write_scanned_pages(texts: Mapping[int, ExtractedText]) -> None:
    """The words of each page that was recognized, in the place of those of an earlier reading."""
    ScannedPage.objects.filter(letter__in=texts).delete()
    ScannedPage.objects.bulk_create(
        ScannedPage(letter_id=pk, number=number, turn=extracted.turns[number], words=scanned_words.stored(words))
        for pk, extracted in texts.items()
        for number, words in scanned_words.by_page(extracted)
    )


def folded_sha256(text: str) -> str:
    """SHA-256 of the text without white space: the same for a letter that another program saved again."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()


def _write_documents(letters: Sequence[LetterReading]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO determinations_parseddocument (letter_id, parser_version, parsed_at, document)
            VALUES (%s, %s, statement_timestamp(), %s::jsonb)
            ON CONFLICT (letter_id) DO UPDATE SET parser_version = excluded.parser_version,
                parsed_at = excluded.parsed_at, document = excluded.document
            """,
            [(letter.letter_id, PARSER_VERSION, json.dumps(letter.record)) for letter in letters],
        )


def _write_letters(letters: Collection[LetterReading]) -> None:
    rows = [
        (
            letter.letter_id,
            letter.state,
            letter.message[:500],
            letter.extracted.pages if letter.extracted else None,
            letter.extracted.method if letter.extracted else "",
            (letter.record["layout"] if letter.record else None) or "",
            PARSER_VERSION if letter.record is not None else "",
            letter.pages[0] if letter.pages else None,
            letter.pages[1] if letter.pages else None,
        )
        for letter in letters
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE determinations_letter AS letter
            SET state = was.state, message = was.message, pages = COALESCE(was.pages, letter.pages),
                text_method = COALESCE(NULLIF(was.method, ''), letter.text_method), layout = was.layout,
                parser_version = was.version, first_page = COALESCE(was.first_page, letter.first_page),
                last_page = COALESCE(was.last_page, letter.last_page), finished_at = clock_timestamp()
            FROM unnest(
                %s::bigint[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::int[],
                %s::int[]
            ) AS was (id, state, message, pages, method, layout, version, first_page, last_page)
            WHERE letter.id = was.id
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )


def _drop_cases(ids: Collection[int]) -> None:
    """A letter that was read before and now yields no case leaves none behind; other versions of it count again."""
    remove_cases(ids)
    review_entries.refresh(ids)
