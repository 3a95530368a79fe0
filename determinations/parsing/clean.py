"""First stage: the text with its odd characters replaced one for one, and then without its invisible ones."""

import re

from determinations.parsing.arrangement import Arrangement
from determinations.parsing.check_marks import without_marks

#: Line ends of every kind become ``\n``; a form feed stays, because it marks a page edge.
_LINE_ENDS = "\r\v\x1c\x1d\x1e\x85\u2028\u2029"
#: pdfium gives U+FFFE or U+0002 for a line-end hyphen, by version and call; others the non-breaking hyphen.
_HYPHENS = "\ufffe\x02\u2010\u2011\u2212\ufe63\uff0d"
_SPACES = "\x00\t\x1f\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_PLAIN = ((_LINE_ENDS, "\n"), (_HYPHENS, "-"), (_SPACES, " "))
_PLAIN_OF_ASCII = tuple(("".join(filter(str.isascii, characters)), plain) for characters, plain in _PLAIN)
_SOFT_HYPHEN = "\u00ad"
_ASCII = bytes(range(128))
#: Zero-width spaces and joiners, direction marks, the byte order mark: they print nothing.
_INVISIBLE = re.compile(
    r"[\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\u00ad]+"
)
_HYPHEN_IN_WORD = re.compile(r"\w-\w")
_SOFT_HYPHEN_AT_LINE_END = re.compile(r"(?<=[^\W\d_])\u00ad(?= *[\n\f]\s*[a-z])")


def clean_text(text: str) -> str:
    """The same text, of the same length: line ends as ``\\n``, hyphens as ``-``, odd spaces as spaces.

    What white space is left is a space, a line end or a form feed. A soft hyphen is a hyphen at a line's end, and
    everywhere in a text that has no other hyphens in words: there it is the typeface's only hyphen. Check marks and
    bullets before labels and around decisions are spaces.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", " \n")
    for characters, plain in _PLAIN_OF_ASCII if text.isascii() else _PLAIN:
        for character in characters:
            if character in text:
                text = text.replace(character, plain)
    if _SOFT_HYPHEN in text:
        text = _SOFT_HYPHEN_AT_LINE_END.sub("-", text)
        if not _HYPHEN_IN_WORD.search(text):
            text = text.replace(_SOFT_HYPHEN, "-")
    return without_marks(text)


def visible_text(cleaned: str) -> Arrangement:
    """A cleaned text without the characters that print nothing."""
    if cleaned.isascii() or not _INVISIBLE.search(_beyond_ascii(cleaned)):
        return Arrangement.whole(cleaned)
    return Arrangement.without(cleaned, [match.span() for match in _INVISIBLE.finditer(cleaned)])


def _beyond_ascii(text: str) -> str:
    """The characters that are not ASCII. There are few, so searching them is faster than searching the text."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
