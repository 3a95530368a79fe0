"""The text of a plain text file."""

from determinations.extraction.kinds import HEAD, text_encoding
from determinations.extraction.results import LIMITS, Damaged, ExtractedText, Limits, NoText, TooLarge, postgres_text


def read_plain_text(data: bytes, limits: Limits = LIMITS) -> ExtractedText:
    """The file's text; form feeds start pages. Raises ``Unreadable``."""
    encoding = text_encoding(data[:HEAD])
    if encoding is None:
        raise Damaged("The file is not text.")
    text = _utf8_or_windows(data) if encoding == "utf-8" else data.decode(encoding, errors="replace")
    return extracted_plain_text(text, limits)


def extracted_plain_text(text: str, limits: Limits) -> ExtractedText:
    """Text from a file without pages, in which form feeds start pages. Raises ``Unreadable``."""
    text = postgres_text(text)
    if len(text) > limits.characters:
        raise TooLarge(f"The text has {len(text):,} characters; {limits.characters:,} are allowed.")
    if not text.strip():
        raise NoText("The file contains only white space.")
    offsets = page_starts(text)
    if len(offsets) > limits.pages:
        offsets = (0,)  # form feeds that do not start pages
    return ExtractedText(text, offsets, len(offsets), method="text")


def page_starts(text: str) -> tuple[int, ...]:
    """Offsets of the first character of each page of a text in which form feeds end pages."""
    starts = [0]
    at = text.find("\f")
    while at != -1:
        starts.append(at + 1)
        at = text.find("\f", at + 1)
    return tuple(starts)


def _utf8_or_windows(data: bytes) -> str:
    """A file can start as ASCII and have its first non-ASCII byte far after its head."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
