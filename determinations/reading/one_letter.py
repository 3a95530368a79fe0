"""Reads one file: bytes to text, text to letters, or the state in which reading stopped and why."""

import logging
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType

from determinations.extraction.reader import text_of
from determinations.extraction.results import ExtractedText, TooManyPages, Unreadable
from determinations.extraction.scanning.engine import missing_engine
from determinations.extraction.scanning.reader import Progress, scanned_text_of
from determinations.extraction.source import source_text
from determinations.intake.store import letter_limits
from determinations.intake.store_health import check_store
from determinations.intake.stored_files import StoredFileFault, stored_bytes
from determinations.models import Letter, LetterState
from determinations.parsing import parse_file
from determinations.parsing.problems import OTHER_PROGRAM_CODES
from determinations.parsing.results import LetterPart, LetterRecord
from determinations.parsing.source import PageRange
from determinations.reading.trial import crashes

log = logging.getLogger(__name__)

#: Seconds that parsing one file may take; it normally takes about a millisecond.
PARSING_SECONDS = 20.0
_CRASHED = "Reading this letter crashed the worker twice. Other letters are not affected."
#: Letters that one file may contain.
_MOST_LETTERS = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a letter's file: its text and the letters in it, or the state in which it stopped and why.

    ``stored`` is the text if it was extracted earlier and is in the database. ``pages_to_scan``: pages that are
    pictures; the scan worker reads them next, unless they are ``left_unread``.
    """

    letter_id: int
    extracted: ExtractedText | None = None
    parts: tuple[LetterPart, ...] = ()
    state: str = LetterState.PARSED
    message: str = ""
    stored: str = ""
    pages_to_scan: int | None = None
    left_unread: bool = False
    #: Why reading failed, if that may also be a fault of the system (see ``breaker``).
    fault: str = ""

    @property
    def waits_for_scan(self) -> bool:
        """Whether the scan worker reads the file next; what its pages of text say may be known already."""
        return self.pages_to_scan is not None and not self.left_unread

    @property
    def text(self) -> str:
        """The file's text."""
        return self.extracted.text if self.extracted else self.stored


def read_letter(letter: Letter, aliases: Mapping[str, str], page_ranges: Sequence[PageRange] = ()) -> Reading:
    """Read the letters in the letter's file, or report why there are none; scans wait for their own worker.

    Of a file of text and scanned pages, the pages of text are read first. A faulty file gives a state, never an
    exception. ``page_ranges`` are the pages of every letter of the file, if an administrator set them.
    """
    try:
        data = stored_bytes(letter)
    except StoredFileFault as fault:
        return _without_file(letter, fault)
    return read_bytes(letter, data, aliases, page_ranges)


def read_bytes(
    letter: Letter, data: bytes, aliases: Mapping[str, str], page_ranges: Sequence[PageRange] = ()
) -> Reading:
    """Read the letters in these bytes of the letter's file, like ``read_letter``."""
    try:
        extracted = text_of(data, letter_limits())
        waiting = _waiting(letter, extracted) if extracted.to_scan else None
    except Unreadable as reason:
        return Reading(letter.pk, state=reason.state, message=str(reason))
    if waiting is not None and not _has_pages_of_text(extracted):
        return waiting
    reading = _parsed(letter, extracted, aliases, page_ranges)
    if waiting is None:
        return replace(reading, pages_to_scan=len(extracted.to_scan) or None, left_unread=bool(extracted.to_scan))
    has_items = reading.state == LetterState.PARSED and any(part.letter.items for part in reading.parts)
    return replace(reading, pages_to_scan=waiting.pages_to_scan) if has_items else waiting


def scan_letter(
    letter: Letter, aliases: Mapping[str, str], progress: Progress, page_ranges: Sequence[PageRange] = ()
) -> Reading:
    """Read a scan like ``read_letter``, recognizing the text of its scanned pages.

    ``progress`` is called after each page. A faulty file gives a state, never an exception.
    """
    try:
        data = stored_bytes(letter)
        extracted = scanned_text_of(data, text_of(data, letter_limits()), letter_limits(), progress)
    except StoredFileFault as fault:
        return _without_file(letter, fault)
    except Unreadable as reason:
        return Reading(letter.pk, state=reason.state, message=str(reason))
    return _parsed(letter, extracted, aliases, page_ranges)


def _without_file(letter: Letter, fault: StoredFileFault) -> Reading:
    """The result for a letter whose file is missing or changed. Raises ``StoreUnavailable`` if all files are."""
    check_store()
    return Reading(letter.pk, state=LetterState.SET_ASIDE, message=str(fault), fault=fault.kind)


def _waiting(letter: Letter, extracted: ExtractedText) -> Reading | None:
    """The result for a letter that must wait to be scanned; None if only its text can be read.

    Raises ``Unreadable``.
    """
    pages, has_text = len(extracted.to_scan), bool(extracted.text.strip())
    limit = letter_limits().scanned_pages
    missing = missing_engine() or ""
    if has_text and (missing or pages > limit):
        return None
    if pages > limit:
        raise TooManyPages(f"The file has {pages:,} scanned pages; {limit:,} are allowed.")
    return Reading(letter.pk, state=LetterState.SCAN_WAITING, message=missing, pages_to_scan=pages)


def _has_pages_of_text(extracted: ExtractedText) -> bool:
    """Whether some page has text of its own, not only text that another program recognized on its picture."""
    starts, ends = extracted.page_offsets, (*extracted.page_offsets[1:], len(extracted.text))
    return any(
        extracted.text[start:end].strip()
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
        if number not in extracted.to_scan
    )


def _parsed(
    letter: Letter, extracted: ExtractedText, aliases: Mapping[str, str], page_ranges: Sequence[PageRange]
) -> Reading:
    source = source_text(extracted)
    if letter.attempts > 1 and crashes(lambda: parse_file(source, aliases, page_ranges), seconds=PARSING_SECONDS):
        return Reading(letter.pk, extracted, state=LetterState.SET_ASIDE, message=_CRASHED)
    try:
        with no_longer_than(PARSING_SECONDS):
            parts = parse_file(source, aliases, page_ranges)
    except TooLong:
        message = f"Parsing took longer than {PARSING_SECONDS:g} seconds."
        return Reading(letter.pk, extracted, state=LetterState.TOO_SLOW, message=message)
    except MemoryError:
        message = "There was not enough memory to parse this file."
        return Reading(letter.pk, extracted, state=LetterState.TOO_LARGE, message=message)
    except Exception as fault:
        log.error("The parser failed on letter %d (%s).", letter.pk, type(fault).__name__)
        message = f"The parser failed ({type(fault).__name__})."
        return Reading(letter.pk, extracted, state=LetterState.SET_ASIDE, message=message, fault=message)
    if len(parts) > _MOST_LETTERS:
        message = f"The file contains {len(parts):,} letters; {_MOST_LETTERS:,} are allowed."
        return Reading(letter.pk, extracted, state=LetterState.TOO_LARGE, message=message)
    return Reading(letter.pk, extracted, parts)


def standing_of(record: LetterRecord) -> tuple[str, str]:
    """State and message of a parsed letter; ``write_cases`` distinguishes parsed from needs review."""
    for problem in record["problems"]:
        if problem["code"] in OTHER_PROGRAM_CODES:
            return LetterState.OTHER_PROGRAMME, problem["message"]
        if problem["code"] == "not_a_determination":
            return LetterState.NOT_DETERMINATION, problem["message"]
    return LetterState.PARSED, ""


class TooLong(BaseException):
    """Not an ``Exception``, so that no handler inside the block catches it by mistake."""


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Stop the block with an alarm, even inside a regular expression. Not in other threads, which have no alarms."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
