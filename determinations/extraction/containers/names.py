"""Names and kinds of the contents of messages."""

import io
import re

from PIL import Image

#: A page at the lowest readable resolution has 850 by 1,100 dots; signs and signatures of mail are smaller.
_SMALLEST_PAGE = 600
#: A letter pasted into a message: its words, and more of them than a note with an attachment has.
_LETTER_WORDS = re.compile(r"final\s+determination", re.IGNORECASE)
_LEAST_LETTER = 2_000


def one_name(name: str, otherwise: str) -> str:
    """The name of one file, with path separators replaced."""
    return re.sub(r"[\\/\r\n\t]+", "-", name).strip(" -") or otherwise


def is_small_picture(data: bytes) -> bool:
    """Whether this is a picture, and too small for the page of a letter."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return min(picture.size) < _SMALLEST_PAGE
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def may_be_letter(text: str, *, has_files: bool) -> bool:
    """Whether a message's own text is extracted: if it has no files, or if the text contains a letter."""
    if not has_files:
        return bool(text.strip())
    return len(text) >= _LEAST_LETTER and bool(_LETTER_WORDS.search(text))
