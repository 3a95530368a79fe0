"""What reading a file gives: its text, or one of the reasons why there is none."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may ask for. A determination letter has 2 to 10 pages and some 20,000 characters."""

    bytes: int = 50 * 1024 * 1024
    pages: int = 500
    characters: int = 1_000_000
    seconds: float = 20.0
    memory_bytes: int = 512 * 1024 * 1024


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """A file's text. Pages are joined by form feeds; page n (from 0) starts at ``text[page_offsets[n]]``."""

    text: str
    page_offsets: tuple[int, ...]
    pages: int
    method: str = "pdf"


class Unreadable(Exception):
    """A file that gives no text. ``state`` is the letter's state, the message one sentence without letter text."""

    state: ClassVar[str]


class PasswordNeeded(Unreadable):
    """The file opens with a password only."""

    state = "password_needed"


class Damaged(Unreadable):
    """The file is not what it says it is, or is cut short."""

    state = "damaged"


class NoText(Unreadable):
    """The file has pages but no text on them: most often a scan."""

    state = "no_text"


class TooLarge(Unreadable):
    """More bytes, characters or memory than a letter may take."""

    state = "too_large"


class TooManyPages(Unreadable):
    """More pages than a letter may have."""

    state = "too_many_pages"


class TooSlow(Unreadable):
    """Reading took longer than it may."""

    state = "too_slow"


UNREADABLE: dict[str, type[Unreadable]] = {kind.state: kind for kind in Unreadable.__subclasses__()}


#: Letters that a typeface joins: "\ufb01nding" is "finding" for whoever searches or reads it.
_JOINED_LETTERS = str.maketrans(
    dict(zip("\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
)


def postgres_text(text: str) -> str:
    """The text as PostgreSQL can keep it: line ends are ``\\n``, and no NUL. Joined letters are taken apart."""
    if not text.isascii():
        text = text.translate(_JOINED_LETTERS)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
