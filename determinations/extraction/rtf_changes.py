"""Text that an RTF document keeps but does not show: deleted or moved with changes tracked, or hidden.

striprtf reads it as all other text, so that a "not" which a reviewer deleted is back in the sentence.
"""

import re

from determinations.extraction.inheritance import inherited

#: A control word with its number; a character by its code; an escaped sign; a brace; plain text.
TOKEN = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'[0-9a-f]{2}|\\[^a-z]|([{}])|[^\\{}]+", re.IGNORECASE | re.DOTALL
)
#: Properties of a character: deleted, moved from here, hidden. They hold until turned off, or to the end of the group.
_LEFT_OUT = frozenset({"deleted", "mvf", "v"})
_MARKED = re.compile(r"\\(?:deleted|mvf|v)(?![a-z])")
#: Where styles are defined, and the words that name a style of a paragraph or of characters, by number.
_STYLE_SHEET = re.compile(r"\\stylesheet(?![a-z])")
_STYLES = frozenset({"s", "cs"})
#: Styles of tables and sections, which say nothing of the text of a paragraph.
_OTHER_STYLES = frozenset({"ts", "ds"})
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
    """The RTF source without the text that its reader does not see; paragraphs and formatting stay.

    Writers repeat what a style says beside each use of it. Where one does not, the style hides all the same.
    """
    if not _MARKED.search(source):
        return source
    hiding = _hiding_styles(source)
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
        elif word == "pard":
            properties -= {"s"}
        elif word in _STYLES:
            properties = properties | {word} if (word, number) in hiding else properties - {word}
        elif word in _LEFT_OUT:
            properties = properties - {word} if number == "0" else properties | {word}
            if word == "v" and number == "0":  # whatever the style says
                properties -= _STYLES
        elif properties and (word in TEXT_WORDS or (word is None and token[0] != _IGNORED)):
            continue
        kept.append(token[0])
    return "".join(kept)


def _hiding_styles(source: str) -> frozenset[tuple[str, str | None]]:
    """The styles of the style sheet that hide text, as their word and number, or that are based on one of these."""
    sheet = _STYLE_SHEET.search(source)
    if sheet is None:
        return frozenset()
    own: dict[tuple[str, str | None], bool | None] = {}
    based_on: dict[tuple[str, str | None], tuple[str, str | None]] = {}
    depth, style = 0, ("s", "0")  # a style that gives no number
    for token in TOKEN.finditer(source, sheet.end()):
        word, number, brace = token.groups()
        if brace == "{":
            depth += 1
            if depth == 1:
                style = ("s", "0")
        elif brace:
            depth -= 1
            if depth < 0:
                break
        elif depth and (word in _STYLES or word in _OTHER_STYLES):
            style = (word, number)
        elif depth and word == "v":
            own[style] = number != "0"
        elif depth and word == "sbasedon":
            based_on[style] = style[0], number
    styles = own.keys() | based_on.keys()
    return frozenset(style for style in styles if inherited(style, own, based_on))
