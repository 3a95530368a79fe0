"""Text that an RTF document keeps but does not show: deleted or moved with changes tracked, or hidden.

striprtf reads it as all other text, so that a "not" which a reviewer deleted is back in the sentence.
"""

import re

#: A control word with its number; a character by its code; an escaped sign; a brace; plain text.
TOKEN = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'[0-9a-f]{2}|\\[^a-z]|([{}])|[^\\{}]+", re.IGNORECASE | re.DOTALL
)
#: Properties of a character: deleted, moved from here, hidden. They hold until turned off, or to the end of the group.
_LEFT_OUT = frozenset({"deleted", "mvf", "v"})
_MARKED = re.compile(r"\\(?:deleted|mvf|v)(?![a-z])")
#: Begins a group that readers who do not know it leave out whole.
_IGNORED = r"\*"
#: Control words that stand for text.
TEXT_WORDS = frozenset(
    {
        "u", "tab", "line", "emdash", "endash", "emspace", "enspace", "qmspace", "bullet", "lquote", "rquote",
        "ldblquote", "rdblquote",
    }
)  # fmt: skip


def without_what_is_not_shown(source: str) -> str:
    """The RTF source without the text that its reader does not see; paragraphs and formatting stay."""
    if not _MARKED.search(source):
        return source
    kept: list[str] = []
    groups: list[frozenset[str]] = []
    properties: frozenset[str] = frozenset()
    for token in TOKEN.finditer(source):
        word, number, brace = token.groups()
        if brace == "{":
            groups.append(properties)
        elif brace:
            properties = groups.pop() if groups else frozenset()
        elif word == "plain":
            properties = frozenset()
        elif word in _LEFT_OUT:
            properties = properties - {word} if number == "0" else properties | {word}
        elif properties and (word in TEXT_WORDS or (word is None and token[0] != _IGNORED)):
            continue
        kept.append(token[0])
    return "".join(kept)
