"""The result of reading a file: its text, or the reason why it could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for one file. A determination letter has 2 to 10 pages and some 20,000 characters."""

    bytes: int = 50 * 1024 * 1024
    pages: int = 500
    characters: int = 1_000_000
    seconds: float = 20.0
    memory_bytes: int = 512 * 1024 * 1024
    scanned_pages: int = 100
    page_pixels: int = 40_000_000  #: of a picture file's page; 300 dots per inch on letter paper are 8 million
    drawn_pixels: int = 12_000_000  #: of a page drawn to be read; letter paper takes 4 million
    page_seconds: float = 300.0  #: wall-clock time, for a page scanned at low priority
    scan_memory_bytes: int = 256 * 1024 * 1024


LIMITS = Limits()


#: How a page's text was obtained: from the file's own text, by recognizing a picture, or not at all.
PageMethod = Literal["text", "scan", "none"]


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page, in fractions (0 to 1) of the page as it is shown upright."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ScannedWord:
    """A word recognized in a picture: its place in the file's text and on page ``page`` (from 0).

    ``confidence`` is the engine's, 0 to 100. ``doubtful`` words may be wrong. ``read_as`` is what the engine read
    where the word was corrected; ``of_phrase`` says that it was corrected to a fixed phrase of the letters.
    """

    start: int
    end: int
    page: int
    box: Box
    confidence: int
    doubtful: bool = False
    read_as: str | None = None
    of_phrase: bool = False


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """A file's text. Pages are joined by form feeds; page n (from 0) starts at ``text[page_offsets[n]]``.

    ``to_scan`` are the pages (from 0) that are pictures and were not read yet. A file that was scanned has the method
    of each page, its ``words`` in the order of the text, and the ``turns``: how many degrees
    clockwise each page has to be turned to be upright.
    """

    text: str
    page_offsets: tuple[int, ...]
    pages: int
    method: str = "pdf"
    to_scan: tuple[int, ...] = ()
    page_methods: tuple[PageMethod, ...] = ()
    words: tuple[ScannedWord, ...] = ()
    turns: tuple[int, ...] = ()


class Unreadable(Exception):
    """A file without readable text. ``state`` is the letter's state, the message one sentence without letter text."""

    state: ClassVar[str]


class PasswordNeeded(Unreadable):
    """The file is password-protected."""

    state = "password_needed"


class Damaged(Unreadable):
    """The file is damaged, truncated, or not of its declared kind."""

    state = "damaged"


class NoText(Unreadable):
    """The file's pages hold no text, and no picture in which text could be recognized."""

    state = "no_text"


class TooLarge(Unreadable):
    """More bytes, characters or memory than a letter may take."""

    state = "too_large"


class TooManyPages(Unreadable):
    """More pages than a letter may have."""

    state = "too_many_pages"


class TooSlow(Unreadable):
    """Reading took longer than allowed."""

    state = "too_slow"


UNREADABLE: dict[str, type[Unreadable]] = {kind.state: kind for kind in Unreadable.__subclasses__()}


def unreadable(answer: Mapping[str, Any]) -> Unreadable:
    """The reason that a child process gave for not reading a file."""
    return UNREADABLE[answer["state"]](answer["message"])


#: Letters that a typeface joins: "\ufb01nding" is "finding" for searching and reading.
_JOINED_LETTERS = tuple(
    zip("\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True)
)


def postgres_text(text: str) -> str:
    """The text as PostgreSQL can store it: line ends are ``\\n``, and no NUL. Joined letters are taken apart."""
    if not text.isascii():
        for joined, letters in _JOINED_LETTERS:
            text = text.replace(joined, letters)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
