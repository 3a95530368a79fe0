"""Reading one file: its bytes to text, its text to the letters in it, or the state it stops in and why."""

import logging
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from determinations.extraction.reader import text_of
from determinations.extraction.results import ExtractedText, Unreadable
from determinations.extraction.source import source_text
from determinations.intake.store import letter_limits, letter_store
from determinations.models import Letter, LetterState, LetterText
from determinations.parsing import parse_file
from determinations.parsing.problems import OTHER_PROGRAMME_CODES
from determinations.parsing.results import LetterPart, LetterRecord
from determinations.parsing.source import PageRange, SourceText

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

    @property
    def text(self) -> str:
        """The file's text."""
        return self.extracted.text if self.extracted else self.stored


def read_letter(letter: Letter, aliases: Mapping[str, str], page_ranges: Sequence[PageRange] = ()) -> Reading:
    """The letters in the letter's file, or why there are none. Raises nothing that is the file's fault.

    ``page_ranges`` are the pages of every letter of the file where an administrator set them.
    """
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
    if extracted.to_scan and not extracted.text.strip():
        return Reading(letter.pk, state=LetterState.NO_TEXT, message="The pages are scanned pictures.")
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


def source_of(stored: LetterText) -> SourceText:
    """A stored text as the parser reads it."""
    offsets = tuple(stored.page_offsets) or (0,)
    return source_text(ExtractedText(stored.text, offsets, len(offsets)))


def standing_of(record: LetterRecord) -> tuple[str, str]:
    """State and message of a letter that was parsed; ``write_cases`` tells parsed from needs review."""
    for problem in record["problems"]:
        if problem["code"] in OTHER_PROGRAMME_CODES:
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
