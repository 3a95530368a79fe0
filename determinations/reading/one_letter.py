"""Reading one file: its bytes to text, its text to the letters in it, or the state it stops in and why."""

import logging
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from determinations.extraction.reader import text_of
from determinations.extraction.results import ExtractedText, TooManyPages, Unreadable
from determinations.extraction.scanning.engine import missing_engine
from determinations.extraction.scanning.reader import Progress, scanned_text_of
from determinations.extraction.source import source_text
from determinations.intake.store import letter_limits, letter_store
from determinations.models import Letter, LetterState
from determinations.parsing import parse_file
from determinations.parsing.problems import OTHER_PROGRAM_CODES
from determinations.parsing.results import LetterPart, LetterRecord
from determinations.parsing.source import PageRange

log = logging.getLogger(__name__)

#: Seconds that parsing one file may take; it takes a thousandth of one.
PARSING_SECONDS = 20.0
#: Letters that one file may hold.
_MOST_LETTERS = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading the file of a letter gave: its text and the letters in it, or the state it stops in and why.

    ``stored`` is the text where it was read before and is in the database.
    """

    letter_id: int
    extracted: ExtractedText | None = None
    parts: tuple[LetterPart, ...] = ()
    state: str = LetterState.PARSED
    message: str = ""
    stored: str = ""
    pages_to_scan: int | None = None

    @property
    def text(self) -> str:
        """The file's text."""
        return self.extracted.text if self.extracted else self.stored


def read_letter(letter: Letter, aliases: Mapping[str, str], page_ranges: Sequence[PageRange] = ()) -> Reading:
    """The letters in the letter's file, or why there are none: a scan waits for its own worker.

    Raises nothing that is the file's fault. ``page_ranges`` are the pages of every letter of the file where an
    administrator set them.
    """
    try:
        extracted = text_of(_bytes_of(letter), letter_limits())
        if extracted.to_scan and (waiting := _waiting(letter, extracted)):
            return waiting
    except FileNotFoundError:
        return _gone(letter)
    except Unreadable as reason:
        return Reading(letter.pk, state=reason.state, message=str(reason))
    return _parsed(letter, extracted, aliases, page_ranges)


def scan_letter(
    letter: Letter, aliases: Mapping[str, str], progress: Progress, page_ranges: Sequence[PageRange] = ()
) -> Reading:
    """The same of a scan: the text of its pages that are pictures is recognized.

    ``progress`` is told of each page. Raises nothing that is the file's fault.
    """
    try:
        data = _bytes_of(letter)
        extracted = scanned_text_of(data, text_of(data, letter_limits()), letter_limits(), progress)
    except FileNotFoundError:
        return _gone(letter)
    except Unreadable as reason:
        return Reading(letter.pk, state=reason.state, message=str(reason))
    return _parsed(letter, extracted, aliases, page_ranges)


def _bytes_of(letter: Letter) -> bytes:
    with letter_store().open(letter.store_name) as file:
        return bytes(file.read())


def _gone(letter: Letter) -> Reading:
    return Reading(letter.pk, state=LetterState.SET_ASIDE, message="The stored file is gone from the letter store.")


def _waiting(letter: Letter, extracted: ExtractedText) -> Reading | None:
    """The reading of a letter that waits to be scanned; None where its text serves without. Raises ``Unreadable``."""
    pages, has_text = len(extracted.to_scan), bool(extracted.text.strip())
    most = letter_limits().scanned_pages
    missing = missing_engine() or ""
    if has_text and (missing or pages > most):
        return None
    if pages > most:
        raise TooManyPages(f"The file has {pages:,} scanned pages; {most:,} are allowed.")
    return Reading(letter.pk, state=LetterState.SCAN_WAITING, message=missing, pages_to_scan=pages)


def _parsed(
    letter: Letter, extracted: ExtractedText, aliases: Mapping[str, str], page_ranges: Sequence[PageRange]
) -> Reading:
    try:
        with no_longer_than(PARSING_SECONDS):
            parts = parse_file(source_text(extracted), aliases, page_ranges)
    except TooLong:
        message = f"Finding the values takes longer than {PARSING_SECONDS:g} seconds."
        return Reading(letter.pk, extracted, state=LetterState.TOO_SLOW, message=message)
    except MemoryError:
        message = "Finding the values takes more memory than there is."
        return Reading(letter.pk, extracted, state=LetterState.TOO_LARGE, message=message)
    except Exception as fault:
        log.error("The parser failed on letter %d (%s).", letter.pk, type(fault).__name__)
        message = f"The parser failed ({type(fault).__name__})."
        return Reading(letter.pk, extracted, state=LetterState.SET_ASIDE, message=message)
    if len(parts) > _MOST_LETTERS:
        message = f"The file holds {len(parts):,} letters; {_MOST_LETTERS:,} are allowed."
        return Reading(letter.pk, extracted, state=LetterState.TOO_LARGE, message=message)
    return Reading(letter.pk, extracted, parts)


def standing_of(record: LetterRecord) -> tuple[str, str]:
    """State and message of a letter that was parsed; ``write_cases`` tells parsed from needs review."""
    for problem in record["problems"]:
        if problem["code"] in OTHER_PROGRAM_CODES:
            return LetterState.OTHER_PROGRAMME, problem["message"]
        if problem["code"] == "not_a_determination":
            return LetterState.NOT_DETERMINATION, problem["message"]
    return LetterState.PARSED, ""


class TooLong(BaseException):
    """Not an ``Exception``: no handler on the way may take it for a fault of its own."""


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """End what is inside by an alarm, also within a regular expression. In threads, which have none, it may go on."""
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
